import type { CommanderError } from 'commander';
import { KubewrightError } from '../errors.ts';
import type { Verb } from './verb.ts';

/** What people bring along from other tools, and what does it here. */
const familiar: Readonly<Record<string, string>> = {
  '--dry-run': 'plan shows what deploy would change.',
  '--wait': 'deploy waits until everything is ready.',
  '--atomic': '--rollback-on-failure restores what was there before.',
  '--force': '--take takes fields over, --replace makes objects anew, --adopt takes objects over.',
  '--force-conflicts': '--take takes fields over.',
  '--prune': 'deploy deletes what is no longer in the graph.',
  '--set': 'The environment has the values.',
  '--values': 'The environment has the values.',
  '--namespace': 'The environment says the namespace.',
  '--context': 'The environment says the cluster: context(name).',
  '--kubeconfig': 'The environment says the cluster: context(name, { kubeconfig }).',
};

/** What the argument parser refuses, as an error of ours. */
export function usageError({ code, message }: CommanderError, verb: Verb | undefined): KubewrightError {
  // A verb that only has verbs of its own.
  if (code === 'commander.help')
    return usage(
      `${verb?.name ?? 'it'} takes a verb`,
      `The verbs are ${verb?.verbs?.map(({ name }) => name).join(', ')}.`,
    );
  const [text = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const suggestion = rest
    .join(' ')
    .replace(/^\((.*)\)$/, '$1')
    .trim();
  const known = familiar[/^unknown option '(.*)'/.exec(text)?.[1] ?? ''];
  const example = code === 'commander.missingArgument' && verb ? exampleOf(verb) : undefined;
  return usage(text.replace(/\.$/, ''), known ?? (suggestion || (example ?? 'Add --help to see what there is.')));
}

function usage(message: string, hint: string): KubewrightError {
  return new KubewrightError({ code: 'Usage', message, hint });
}

function exampleOf({ name, sample = 'stacks/app.ts', environment }: Verb): string {
  return `For example: npx kubewright ${name} ${sample}${environment === 'required' ? ' --env dev' : ''}`;
}
