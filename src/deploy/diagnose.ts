import type { KubernetesObject } from '../cluster/cluster.ts';
import { ownedBy } from './owned.ts';
import { condition, explain, fields, subjectOf, text, type Fields } from './readiness/verdict.ts';
import { containerProblems, containersOf } from './readiness/workloads.ts';
import type { Run } from './run.ts';

const manyPods = 3;
const manyEvents = 5;
const logLines = 20;
const patienceMs = 5_000;

/** Why an object is not ready: its pods, their containers, the events about them. Best effort: what cannot be read is left out. */
export async function diagnose(run: Run, object: KubernetesObject): Promise<readonly string[]> {
  const { namespace } = object.metadata;
  if (!namespace) return [];
  try {
    const [{ pods, middle }, told] = await Promise.all([ownedBy(run, object), warnings(run, namespace)]);
    const unwell = pods.filter((pod) => condition(subjectOf(pod), 'Ready')?.status !== 'True');
    const about = unwell.slice(0, manyPods);
    const lines = await Promise.all(
      about.map(async (pod) => [podLine(pod), ...told(pod).map((line) => `  ${line}`), ...(await lastWords(run, pod))]),
    );
    const rest =
      unwell.length > about.length ? [`and ${unwell.length - about.length} more pods that are not ready`] : [];
    return [...new Set([object, ...middle].flatMap(told)), ...lines.flat(), ...rest];
  } catch {
    return [];
  }
}

function podLine(pod: KubernetesObject): string {
  const status = fields(pod['status']);
  const [stuck] = containerProblems(status);
  const subject = subjectOf(pod);
  const scheduled = condition(subject, 'PodScheduled');
  const why =
    stuck?.text ??
    exitText(status) ??
    (scheduled?.status === 'False'
      ? explain(scheduled, 'not scheduled')
      : explain(condition(subject, 'Ready'), `phase ${text(status['phase']) ?? 'unknown'}`));
  return `pod ${pod.metadata.name}: ${why}`;
}

/** A container that ended and is not started again. */
function exitText(status: Fields): string | undefined {
  for (const entry of containersOf(status)) {
    const ended = fields(fields(entry['state'])['terminated']);
    const code = ended['exitCode'];
    if (typeof code !== 'number' || code === 0) continue;
    const said = [text(ended['reason']), text(ended['message'])].filter(Boolean).join(': ');
    return `container ${String(entry['name'])}: ${said} (exit code ${code})`;
  }
  return undefined;
}

/** The last warnings about each object of a namespace. */
async function warnings(run: Run, namespace: string): Promise<(object: KubernetesObject) => readonly string[]> {
  const query = { apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: 'type=Warning' };
  const events = await run.cluster.list(query, { timeoutMs: patienceMs }).then(
    ({ items }) => items,
    () => [],
  );
  return ({ metadata: { uid } }) => {
    const about = events.filter((event) => fields(event['involvedObject'])['uid'] === uid);
    const lines = about.map((event) => `${text(event['reason']) ?? 'Warning'}: ${text(event['message']) ?? ''}`);
    return [...new Set(lines)].slice(-manyEvents);
  };
}

/** The last lines of a container that ended, or of one that runs and is not ready. */
async function lastWords(run: Run, pod: KubernetesObject): Promise<readonly string[]> {
  const containers = containersOf(fields(pod['status']));
  const restarted = containers.find((entry) => fields(entry['lastState'])['terminated']);
  const isBad = ({ state, ready }: Fields): boolean =>
    fields(fields(state)['terminated'])['exitCode'] !== 0 && !fields(state)['waiting'] && ready !== true;
  const chosen = restarted ?? containers.find(isBad);
  if (!chosen) return [];
  try {
    const { name, namespace = '' } = pod.metadata;
    const log = await run.cluster.logs(
      { name, namespace },
      {
        container: String(chosen['name']),
        tailLines: logLines,
        previous: restarted !== undefined,
        timeoutMs: patienceMs,
      },
    );
    return log
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => `  | ${line}`);
  } catch {
    return [];
  }
}
