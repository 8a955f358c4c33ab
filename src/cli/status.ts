import type { Mode, StatusResult } from '../deploy/options.ts';
import { driftLines, reasonLines } from './status-reasons.ts';
import type { ValueObject } from '../expr/value.ts';
import { indent } from './deploy.ts';
import { heading } from './heading.ts';
import { targetOptions, withCluster, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import { statusText } from './status-text.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Terminal } from './terminal.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `status`: how a deployment does. */
export const statusVerb: Verb = {
  name: 'status',
  summary: 'shows the status of a deployment and what is not ready',
  examples: ['status --env dev', 'status --env prod --why', 'status --env prod --drift --detailed-exitcode'],
  operand: 'stack',
  environment: 'required',
  options: [
    { flags: '--why', text: 'also says why something is not ready: pods, events, logs, expressions' },
    { flags: '--drift', text: 'also lists what others changed or deleted since the deployment' },
    { flags: '--detailed-exitcode', text: 'exit code 2 when something is not ready or, with --drift, has drifted' },
  ],
  run: runStatus,
};

async function runStatus({ stacks, flags, terminal, signal }: Call): Promise<Outcome> {
  const { environment, targets } = await loadOneTargets(stacks[0] as Stack, flags['env']);
  const { status } = await import('../deploy/status.ts');
  const why = flags['why'] === true;
  const results: { target: Target; result: StatusResult }[] = [];
  await withProgress(terminal, async (progress) => {
    for (const target of targets) {
      results.push({
        target,
        result: await withCluster(target.cluster, progress, (cluster) =>
          status(target.graph, { ...targetOptions(target, cluster, signal), why, drift: flags['drift'] === true }),
        ),
      });
    }
  });
  const healthy = results.every(({ result }) => isHealthy(result));
  return {
    document: {
      environment: environment.name,
      healthy,
      graphs: results.map(({ target, result }) => ({
        graph: target.name,
        mode: target.mode,
        healthy: isHealthy(result),
        ...result,
      })),
    },
    exitCode: !healthy && flags['detailedExitcode'] === true ? 2 : 0,
    text: results
      .map(
        ({ target, result }) =>
          `${heading(target, environment.name, terminal)}\n${resultText(result, terminal, { why, order: target.graph.status, mode: target.mode })}`,
      )
      .join('\n\n'),
  };
}

/** Everything is there, ready and, as far as that was looked at, as it was deployed. */
function isHealthy({ deployed, objects, pending, drift = [] }: StatusResult): boolean {
  return deployed && objects.every(({ state }) => state === 'ready') && pending.length === 0 && drift.length === 0;
}

interface Showing {
  readonly why: boolean;
  readonly order: ValueObject;
  readonly mode: Mode;
}

const stateTexts: Readonly<Record<string, string>> = { undeployed: 'not deployed yet' };

function resultText(result: StatusResult, { colors }: Terminal, { why, order, mode }: Showing): string {
  if (!result.deployed) return '  is not deployed';
  const notReady = result.objects.filter(({ state }) => state !== 'ready');
  const lines = [`  ${result.objects.length - notReady.length} of ${result.objects.length} objects ready`];
  for (const { label, kind, name, state, reason, details = [] } of notReady) {
    const color = state === 'waiting' || state === 'undeployed' ? colors.yellow : colors.red;
    lines.push(
      `  ${color(stateTexts[state] ?? state)} ${kind} ${name} ${colors.dim(label)}${why && reason ? `: ${reason}` : ''}`,
    );
    for (const line of details) lines.push(`      ${line}`);
  }
  for (const { path, reason } of result.pending) lines.push(`  ${colors.yellow('pending')} ${path}: ${reason}`);
  if (Object.keys(result.status).length > 0) lines.push(indent(statusText(result.status, colors, order)));
  if (why)
    for (const { field, reason } of result.statusPending)
      lines.push(colors.dim(`  ${field}: not there yet (${reason})`));
  lines.push(...reasonLines(result.expressions ?? [], colors));
  if (result.drift) lines.push(...driftLines(result.drift, mode, colors));
  return lines.join('\n');
}
