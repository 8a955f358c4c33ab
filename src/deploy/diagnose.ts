import type { KubernetesObject } from '../cluster/cluster.ts';
import { condition, explain, fields, subjectOf, text, type Fields } from './readiness/verdict.ts';
import { containerProblem } from './readiness/workloads.ts';
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
    const pods = await podsOf(run, object);
    const unwell = pods.filter((pod) => condition(subjectOf(pod), 'Ready')?.status !== 'True');
    const about = unwell.slice(0, manyPods);
    const [own, ...events] = await Promise.all([object, ...about].map((each) => warnings(run, each)));
    const lines = await Promise.all(
      about.map(async (pod, index) => [
        podLine(pod),
        ...(events[index] ?? []).map((line) => `  ${line}`),
        ...(await lastWords(run, pod)),
      ]),
    );
    const rest =
      unwell.length > about.length ? [`and ${unwell.length - about.length} more pods that are not ready`] : [];
    return [...(own ?? []), ...lines.flat(), ...rest];
  } catch {
    return [];
  }
}

/** Owner references lead from the workload over ReplicaSets and Jobs to pods. */
async function podsOf(run: Run, object: KubernetesObject): Promise<readonly KubernetesObject[]> {
  if (object.kind === 'Pod') return [object];
  if (!fields(object['spec'])['template'] && !fields(object['spec'])['jobTemplate']) return [];
  const { namespace } = object.metadata;
  const list = async (apiVersion: string, kind: string): Promise<readonly KubernetesObject[]> =>
    (await run.cluster.list({ apiVersion, kind, namespace }, { timeoutMs: patienceMs })).items;
  const [pods, sets, jobs] = await Promise.all([
    list('v1', 'Pod'),
    list('apps/v1', 'ReplicaSet'),
    list('batch/v1', 'Job'),
  ]);
  const current = currentSet(object, sets);
  const owners = new Set([object.metadata.uid]);
  for (const middle of [...sets, ...jobs]) {
    if (isOwnedBy(middle, owners) && (middle.kind !== 'ReplicaSet' || !current || middle === current))
      owners.add(middle.metadata.uid);
  }
  return pods.filter((pod) => isOwnedBy(pod, owners) && !pod.metadata.deletionTimestamp);
}

/** Pods of older versions explain nothing. */
function currentSet(object: KubernetesObject, sets: readonly KubernetesObject[]): KubernetesObject | undefined {
  const revision = 'deployment.kubernetes.io/revision';
  const wanted = Math.max(
    ...sets
      .filter((set) => isOwnedBy(set, new Set([object.metadata.uid])))
      .map((set) => Number(set.metadata.annotations?.[revision] ?? 0)),
  );
  return sets.find(
    (set) =>
      isOwnedBy(set, new Set([object.metadata.uid])) && Number(set.metadata.annotations?.[revision] ?? 0) === wanted,
  );
}

function isOwnedBy({ metadata }: KubernetesObject, owners: ReadonlySet<string | undefined>): boolean {
  return metadata.ownerReferences?.some(({ uid }) => owners.has(uid)) ?? false;
}

function podLine(pod: KubernetesObject): string {
  const status = fields(pod['status']);
  const stuck = containerProblem(status);
  const subject = subjectOf(pod);
  const scheduled = condition(subject, 'PodScheduled');
  const why =
    stuck?.text ??
    (scheduled?.status === 'False'
      ? explain(scheduled, 'not scheduled')
      : explain(condition(subject, 'Ready'), `phase ${text(status['phase']) ?? 'unknown'}`));
  return `pod ${pod.metadata.name}: ${why}`;
}

async function warnings(run: Run, object: KubernetesObject): Promise<readonly string[]> {
  const { namespace, uid } = object.metadata;
  const { items } = await run.cluster.list(
    { apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: `involvedObject.uid=${String(uid)},type=Warning` },
    { timeoutMs: patienceMs },
  );
  const lines = items.map((event) => `${text(event['reason']) ?? 'Warning'}: ${text(event['message']) ?? ''}`);
  return [...new Set(lines)].slice(-manyEvents);
}

/** The last lines of a container that ended. */
async function lastWords(run: Run, pod: KubernetesObject): Promise<readonly string[]> {
  const crashed = ((fields(pod['status'])['containerStatuses'] ?? []) as readonly Fields[]).find(
    (entry) => fields(entry['lastState'])['terminated'],
  );
  if (!crashed) return [];
  try {
    const { name, namespace = '' } = pod.metadata;
    const log = await run.cluster.logs(
      { name, namespace },
      { container: String(crashed['name']), tailLines: logLines, previous: true, timeoutMs: patienceMs },
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
