import type { CommanderError } from 'commander';
import { KubewrightError } from '../errors.ts';
import type { Verb } from './verb.ts';

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
  const hint = code === 'commander.missingArgument' && verb ? exampleOf(verb) : 'Add --help to see what there is.';
  return usage(text.replace(/\.$/, ''), suggestion || hint);
}

function usage(message: string, hint: string): KubewrightError {
  return new KubewrightError({ code: 'Usage', message, hint });
}

function exampleOf({ name, sample = 'stacks/app.ts', environment }: Verb): string {
  return `For example: npx kubewright ${name} ${sample}${environment === 'required' ? ' --env dev' : ''}`;
}
