import { KubewrightError } from '../errors.ts';
import type { DeployResult } from '../deploy/options.ts';
import { commitOf } from './commit.ts';
import { doneCounts } from './counts.ts';
import { announce } from './heading.ts';
import type { SavedPlan } from '../deploy/saved-plan.ts';
import { readPlanFile } from './plan-file.ts';
import { targetOptions, withProgress } from './session.ts';
import type { Stack } from './stack.ts';
import { statusText } from './status-text.ts';
import { takeFor } from './take.ts';
import type { Target } from './target.ts';
import { loadOneTargets } from './targets.ts';
import type { Progress, Terminal } from './terminal.ts';
import type { Call, Outcome, Verb } from './verb.ts';
import { working } from './working.ts';

/** `deploy`: plan, question, progress, status. */
export const deployVerb: Verb = {
  name: 'deploy',
  summary: 'deploys the graphs and waits until they are ready',
  examples: ['deploy --env dev', 'deploy --env prod --yes', 'deploy --env prod --plan prod.plan'],
  operand: 'stack',
  environment: 'required',
  options: [
    { flags: '-y, --yes', text: 'asks no question (none is asked in CI and for a local control plane)' },
    { flags: '--adopt', text: 'takes over objects that exist and are not ours' },
    {
      flags: '--migrate',
      text: 'moves a deployment from the other mode, or from another definition, without deleting anything',
    },
    { flags: '--replace', text: 'deletes and creates anew what cannot change in place' },
    {
      flags: '--take <field>',
      text: 'takes a field over from its manager, such as web:spec.replicas, or spec.replicas of all; may be given several times',
      many: true,
    },
    { flags: '--allow-empty', text: 'lets a deployment delete more than half of what it consists of' },
    { flags: '--prune-all', text: 'also deletes Namespaces, CRDs and volumes that are no longer in the graph' },
    { flags: '--rollback-on-failure', text: 'restores what was there before when the deployment fails' },
    {
      flags: '--repair-record',
      text: 'makes a record that cannot be read anew, without its history; this run then deletes nothing',
    },
    { flags: '--history-max <n>', text: 'how many revisions to keep for rollback', default: '10' },
    {
      flags: '--plan <file>',
      text: 'deploys what plan --out saved, and refuses when anything moved since; asks no question',
    },
    { flags: '--timeout <seconds>', text: 'gives up after this time', default: '900' },
  ],
  run: runDeploy,
};

async function runDeploy(call: Call): Promise<Outcome> {
  const { stacks, flags, terminal } = call;
  const stack = stacks[0] as Stack;
  const { environment, targets } = await loadOneTargets(stack, flags['env']);
  const timeoutMs = seconds(flags['timeout']) * 1000;
  const historyMax = revisions(flags['historyMax']);
  const saved = savedPlans(call, environment.name);
  const results: { target: Target; result: DeployResult }[] = [];
  await withProgress(terminal, async (progress) => {
    for (const target of targets) {
      if (saved && !saved.has(target.name)) throw notPlanned(target, flags['plan'] as string);
      announce(progress, target, { environment: environment.name, terminal });
      results.push({
        target,
        result: await deployTarget(target, call, {
          progress,
          timeoutMs,
          historyMax,
          take: await takeFor(target, targets, flags['take']),
          saved: saved?.get(target.name),
          file: stack.file,
        }),
      });
    }
  });
  return {
    document: {
      environment: environment.name,
      graphs: results.map(({ target, result }) => ({
        graph: target.name,
        mode: target.mode,
        instance: target.instance.name,
        namespace: target.instance.namespace,
        ...result,
      })),
    },
    text: results.map(({ target, result }) => resultText(target, result, terminal)).join('\n\n'),
  };
}

/** What decides the outcome was decided when the plan was made. */
const decided = ['adopt', 'replace', 'migrate', 'take', 'allowEmpty', 'pruneAll', 'repairRecord'];

function savedPlans({ flags }: Call, environment: string): ReadonlyMap<string, SavedPlan> | undefined {
  const path = flags['plan'] as string | undefined;
  if (path === undefined) return undefined;
  const given = decided.filter((name) => flags[name] !== undefined);
  if (given.length === 0) return readPlanFile(path, environment);
  const names = given
    .map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
    .join(', ');
  throw new KubewrightError({
    code: 'Usage',
    message: `--plan and ${names} exclude each other`,
    hint: 'A saved plan is deployed with the flags that it was made with.',
  });
}

function notPlanned({ name }: Target, path: string): KubewrightError {
  return new KubewrightError({
    code: 'PlanFile',
    resource: path,
    message: `holds no plan of graph ${name}`,
    hint: 'Make it again with plan --out.',
  });
}

interface Deploying {
  readonly progress: Progress;
  readonly timeoutMs: number;
  readonly historyMax: number;
  readonly take: readonly string[];
  /** The stack. */
  readonly file: string;
  readonly saved: SavedPlan | undefined;
}

async function deployTarget(
  target: Target,
  call: Call,
  { progress, timeoutMs, historyMax, take, file, saved }: Deploying,
): Promise<DeployResult> {
  const { flags, signal } = call;
  const { deploy } = await import('../deploy/deploy.ts');
  return working(
    { target, call, progress, work: 'deploy', question: `Deploy ${target.name} to` },
    (cluster, watching) =>
      deploy(target.graph, {
        ...targetOptions(target, cluster, signal),
        timeoutMs,
        adopt: flags['adopt'] === true,
        replace: flags['replace'] === true,
        migrate: flags['migrate'] === true,
        take,
        allowEmpty: flags['allowEmpty'] === true,
        pruneAll: flags['pruneAll'] === true,
        rollbackOnFailure: flags['rollbackOnFailure'] === true,
        repairRecord: flags['repairRecord'] === true,
        historyMax,
        commit: () => commitOf(file),
        ...saved?.options,
        saved,
        ...watching,
      }),
  );
}

function resultText(target: Target, result: DeployResult, { colors }: Terminal): string {
  const { status, statusPending, duration } = result;
  const lines = [
    `${colors.green('✓')} ${colors.bold(target.name)}: ${doneCounts(result)}, ${(duration / 1000).toFixed(1)} s`,
  ];
  if (Object.keys(status).length > 0) lines.push(indent(statusText(status, colors, target.graph.status)));
  for (const { field, reason } of statusPending) lines.push(colors.dim(`  ${field}: not there yet (${reason})`));
  return lines.join('\n');
}

/** The seconds of a flag. */
export function seconds(value: unknown): number {
  const number = Number(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new KubewrightError({
    code: 'Usage',
    message: `--timeout takes a number of seconds (was ${JSON.stringify(value)})`,
  });
}

function revisions(value: unknown): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 2) return number;
  throw new KubewrightError({
    code: 'Usage',
    message: `--history-max takes a whole number from 2 (was ${JSON.stringify(value)})`,
  });
}

export function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
