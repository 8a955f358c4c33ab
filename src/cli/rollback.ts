import type { RollbackResult } from '../deploy/rollback.ts';
import { KubewrightError } from '../errors.ts';
import { commitOf } from './commit.ts';
import { doneCounts } from './counts.ts';
import { seconds } from './deploy.ts';
import { announce } from './heading.ts';
import { targetOptions, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import { takeFor } from './take.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Progress, Terminal } from './terminal.ts';
import type { Call, Outcome, Verb } from './verb.ts';
import { working } from './working.ts';

/** `rollback`: what an earlier revision was, again. */
export const rollbackVerb: Verb = {
  name: 'rollback',
  summary: 'restores an earlier revision, by default the last good one before what is deployed now',
  examples: ['rollback --env dev', 'rollback --env prod --to 3 --yes'],
  operand: 'stack',
  environment: 'required',
  options: [
    { flags: '--to <revision>', text: 'number of the revision, as `history` shows it' },
    { flags: '--graph <name>', text: 'only this graph of the stack' },
    { flags: '-y, --yes', text: 'asks no question (none is asked in CI and for a local control plane)' },
    { flags: '--adopt', text: 'takes over objects that exist and are not ours' },
    { flags: '--replace', text: 'deletes and creates anew what cannot change in place' },
    {
      flags: '--take <field>',
      text: 'takes a field over from its manager, such as web:spec.replicas; may be given several times',
      many: true,
    },
    { flags: '--prune-all', text: 'also deletes Namespaces, CRDs and volumes that the revision did not have' },
    { flags: '--timeout <seconds>', text: 'gives up after this time', default: '900' },
  ],
  run: runRollback,
};

async function runRollback(call: Call): Promise<Outcome> {
  const { stacks, flags, terminal } = call;
  const stack = stacks[0] as Stack;
  const { environment, targets } = await loadOneTargets(stack, flags['env']);
  const chosen = choose(targets, flags);
  const results: { target: Target; result: RollbackResult }[] = [];
  await withProgress(terminal, async (progress) => {
    for (const target of chosen) {
      announce(progress, target, { environment: environment.name, terminal });
      results.push({
        target,
        result: await rollbackTarget(target, call, {
          progress,
          file: stack.file,
          take: await takeFor(target, chosen, flags['take']),
        }),
      });
    }
  });
  return {
    document: {
      environment: environment.name,
      graphs: results.map(({ target, result }) => ({ graph: target.name, mode: target.mode, ...result })),
    },
    text: results.map(({ target, result }) => resultText(target, result, terminal)).join('\n'),
  };
}

/** Revisions are counted by graph, so a number is one graph's. */
function choose(targets: readonly Target[], { graph, to }: Call['flags']): readonly Target[] {
  const names = targets.map(({ name }) => name).join(', ');
  const chosen = graph === undefined ? targets : targets.filter(({ name }) => name === graph);
  if (chosen.length === 0)
    throw new KubewrightError({
      code: 'Usage',
      message: `there is no graph ${JSON.stringify(graph)}`,
      hint: `The stack has ${names}.`,
    });
  if (to === undefined || chosen.length === 1) return chosen;
  throw new KubewrightError({
    code: 'Usage',
    message: 'revisions are counted by graph, and the stack has several',
    hint: `Say which one with --graph: ${names}.`,
  });
}

interface RollingBack {
  readonly progress: Progress;
  readonly take: readonly string[];
  /** The stack. */
  readonly file: string;
}

async function rollbackTarget(
  target: Target,
  call: Call,
  { progress, file, take }: RollingBack,
): Promise<RollbackResult> {
  const { flags, signal } = call;
  const { rollback } = await import('../deploy/rollback.ts');
  return working(
    { target, call, progress, work: 'deploy', question: `Roll ${target.name} back on` },
    (cluster, watching) =>
      rollback(target.graph, {
        ...targetOptions(target, cluster, signal),
        timeoutMs: seconds(flags['timeout']) * 1000,
        to: revisionOf(flags['to']),
        adopt: flags['adopt'] === true,
        replace: flags['replace'] === true,
        take,
        pruneAll: flags['pruneAll'] === true,
        commit: () => commitOf(file),
        ...watching,
      }),
  );
}

function revisionOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new KubewrightError({
    code: 'Usage',
    message: `--to takes the number of a revision (was ${JSON.stringify(value)})`,
  });
}

function resultText(target: Target, result: RollbackResult, { colors }: Terminal): string {
  return `${colors.green('✓')} ${colors.bold(target.name)} is as in revision ${result.revision}: ${doneCounts(result)}, ${(result.duration / 1000).toFixed(1)} s`;
}
