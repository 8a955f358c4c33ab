import { KubewrightError } from '../errors.ts';
import type { Convergence } from './converge.ts';
import { diagnose } from './diagnose.ts';
import { describe } from './identity.ts';
import { isReady, type Item } from './item.ts';
import { stopped, subject, type Run } from './run.ts';
import type { World } from './world.ts';

const manyDiagnoses = 8;

/** The error of a deployment that did not get to its end; `undefined` when it did. */
export async function failureOf(
  run: Run,
  world: World,
  { items, failures, lost, unmet, stopped: wasStopped }: Omit<Convergence, 'moved'>,
): Promise<Error | undefined> {
  const timedOut = (run.signal.reason as Error | undefined)?.name === 'TimeoutError';
  if (failures.length === 0 && !wasStopped) return undefined;
  const broken = failures.filter((failure): failure is Item => isItem(failure));
  const errors = failures.filter((failure) => !isItem(failure)) as Error[];
  const left = items.filter((item) => !isReady(item) && item.state !== 'failed' && !broken.includes(item));
  const unknown = [...world.resolution.pending, ...unmet];
  if (wasStopped && failures.length === 0) {
    const explained = timedOut
      ? await explainAll(world, run, left)
      : left.map((item) => `${item.desired.label}: ${shortReason(item)}`);
    return stopped(run, [...explained, ...unknown.map(({ path, reason }) => `${path}: ${reason}`)]);
  }
  const problems = [...errors, ...(await Promise.all(broken.map((item) => notReady(run, world, item))))];
  const [only] = problems;
  const needy = [...lost].map(([label, needed]) => `${label}: not applied, as it needs ${needed}`);
  const others = [...left.map((item) => ({ path: item.desired.label, reason: shortReason(item) })), ...unknown].filter(
    ({ path }) => wasStopped && !lost.has(path),
  );
  const rest = [...needy, ...others.map(({ path, reason }) => `${path}: ${reason}`)];
  if (only && problems.length === 1 && rest.length === 0) return only;
  const list = problems.length === 1 ? [] : [`${subject(run)}: ${problems.length} problems`];
  const lines = problems.map(({ message }) => (problems.length === 1 ? message : `  - ${message}`));
  return new KubewrightError({
    code: (only as KubewrightError | undefined)?.code ?? 'NotReady',
    message: [...list, ...lines, ...rest.map((line) => `  - ${line}`)].join('\n'),
    problems: problems.filter((problem) => problem instanceof KubewrightError),
  });
}

function isItem(failure: unknown): failure is Item {
  return typeof failure === 'object' && failure !== null && 'desired' in failure && 'verdict' in failure;
}

async function notReady(run: Run, world: World, { desired, verdict }: Item): Promise<KubewrightError> {
  const { hide } = run.secretValues;
  const live = world.live.object(desired.key);
  const details = live ? (await diagnose(run, live)).map(hide) : [];
  const reason = verdict && verdict.state !== 'ready' ? hide(verdict.reason) : 'it is not ready';
  const more = details.filter((line) => !reason.includes(line));
  return new KubewrightError({
    code: 'NotReady',
    resource: desired.label,
    message: `${describe(desired)} does not become ready: ${[reason, ...more].join('\n    ')}`,
    hint:
      more.length > 0
        ? '\n    Correct the graph or its values and deploy again.'
        : 'Correct the graph or its values and deploy again.',
  });
}

async function explainAll(world: World, run: Run, left: readonly Item[]): Promise<readonly string[]> {
  // The deadline is over, so the questions go out without its signal.
  return Promise.all(
    left.map(async (item, index) => {
      const live = world.live.object(item.desired.key);
      const details = live && index < manyDiagnoses ? (await diagnose(run, live)).map(run.secretValues.hide) : [];
      return [
        `${item.desired.label} (${describe(item.desired)}): ${shortReason(item)}`,
        ...details.map((line) => `    ${line}`),
      ].join('\n');
    }),
  );
}

function shortReason({ state, verdict }: Item): string {
  if (state === 'blocked') return 'not applied yet';
  return verdict && verdict.state !== 'ready' ? verdict.reason : 'not ready yet';
}
