import type { DestroyResult } from '../deploy/destroy.ts';
import { doneCounts } from './counts.ts';
import { seconds } from './deploy.ts';
import { announce } from './heading.ts';
import { targetOptions, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Terminal } from './terminal.ts';
import type { Call, Outcome, Verb } from './verb.ts';
import { working } from './working.ts';

/** `destroy`: deletes a deployment, in the reverse of the order in which it was made. */
export const destroyVerb: Verb = {
  name: 'destroy',
  summary: 'deletes a deployment and waits until it is gone',
  examples: ['destroy --env dev', 'destroy --env prod --yes --definition'],
  operand: 'stack',
  environment: 'required',
  options: [
    { flags: '-y, --yes', text: 'asks no question (none is asked in CI and for a local control plane)' },
    {
      flags: '--force-finalizers <name>',
      text: 'takes this finalizer off objects that it still holds after 10 s; may be given several times',
      many: true,
    },
    {
      flags: '--definition',
      text: 'kro mode: deletes the ResourceGraphDefinition too, when no instance of it is left',
    },
    { flags: '--timeout <seconds>', text: 'gives up after this time', default: '900' },
  ],
  run: runDestroy,
};

async function runDestroy(call: Call): Promise<Outcome> {
  const { stacks, flags, terminal, signal } = call;
  const { environment, targets } = await loadOneTargets(stacks[0] as Stack, flags['env']);
  const timeoutMs = seconds(flags['timeout']) * 1000;
  const { destroy } = await import('../deploy/destroy.ts');
  const destroyed: { target: Target; result: DestroyResult }[] = [];
  await withProgress(terminal, async (progress) => {
    // What was deployed last may read what was deployed first.
    for (const target of targets.toReversed()) {
      announce(progress, target, { environment: environment.name, terminal });
      const result = await working(
        { target, call, progress, work: 'destroy', question: `Delete ${target.name} from` },
        (cluster, watching) =>
          destroy(target.graph, {
            ...targetOptions(target, cluster, signal),
            timeoutMs,
            definition: flags['definition'] === true,
            forceFinalizers: (flags['forceFinalizers'] as string[] | undefined) ?? [],
            ...watching,
          }),
      );
      destroyed.push({ target, result });
    }
  });
  return {
    document: {
      environment: environment.name,
      graphs: destroyed.map(({ target, result }) => ({ graph: target.name, mode: target.mode, ...result })),
    },
    text: destroyed.map(({ target, result }) => destroyText(target, result, terminal)).join('\n'),
  };
}

/** What a `destroy` did. */
export function destroyText(
  target: Pick<Target, 'name'>,
  result: DestroyResult,
  { colors }: Pick<Terminal, 'colors'>,
): string {
  const { objects, kept, deletedNamespace, duration } = result;
  if (objects.length === 0 && kept.length === 0 && deletedNamespace === undefined)
    return `${target.name} is not deployed`;
  const lines = [
    `${colors.green('✓')} ${colors.bold(target.name)}: ${doneCounts(result)}, ${(duration / 1000).toFixed(1)} s`,
  ];
  for (const text of kept) lines.push(colors.yellow(`  kept: ${text}`));
  return lines.join('\n');
}
