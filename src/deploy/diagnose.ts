import type { KubernetesObject } from '../cluster/cluster.ts';
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
    const { pods, middle } = await ownedBy(run, object);
    const unwell = pods.filter((pod) => condition(subjectOf(pod), 'Ready')?.status !== 'True');
    const about = unwell.slice(0, manyPods);
    const all = await Promise.all([object, ...middle, ...about].map((each) => warnings(run, each)));
    const lines = await Promise.all(
      about.map(async (pod, index) => [
        podLine(pod),
        ...(all[1 + middle.length + index] ?? []).map((line) => `  ${line}`),
        ...(await lastWords(run, pod)),
      ]),
    );
    const rest =
      unwell.length > about.length ? [`and ${unwell.length - about.length} more pods that are not ready`] : [];
    return [...new Set(all.slice(0, 1 + middle.length).flat()), ...lines.flat(), ...rest];
  } catch {
    return [];
  }
}

interface Owned {
  readonly pods: readonly KubernetesObject[];
  /** ReplicaSets and Jobs in between: what refuses to let them create pods is told about them. */
  readonly middle: readonly KubernetesObject[];
}

/** Owner references lead from the workload over ReplicaSets and Jobs to pods. */
async function ownedBy(run: Run, object: KubernetesObject): Promise<Owned> {
  if (object.kind === 'Pod') return { pods: [object], middle: [] };
  if (!fields(object['spec'])['template'] && !fields(object['spec'])['jobTemplate']) return { pods: [], middle: [] };
  const { namespace } = object.metadata;
  const list = async (apiVersion: string, kind: string): Promise<readonly KubernetesObject[]> =>
    (await run.cluster.list({ apiVersion, kind, namespace }, { timeoutMs: patienceMs })).items;
  const [pods, sets, jobs] = await Promise.all([
    list('v1', 'Pod'),
    list('apps/v1', 'ReplicaSet'),
    list('batch/v1', 'Job'),
  ]);
  const current = currentSet(object, sets);
  const self = new Set([object.metadata.uid]);
  const middle = [...sets, ...jobs].filter(
    (each) => isOwnedBy(each, self) && (each.kind !== 'ReplicaSet' || !current || each === current),
  );
  const owners = new Set([object.metadata.uid, ...middle.map(({ metadata }) => metadata.uid)]);
  return { pods: pods.filter((pod) => isOwnedBy(pod, owners) && !pod.metadata.deletionTimestamp), middle };
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

async function warnings(run: Run, object: KubernetesObject): Promise<readonly string[]> {
  const { namespace, uid } = object.metadata;
  const { items } = await run.cluster.list(
    { apiVersion: 'v1', kind: 'Event', namespace, fieldSelector: `involvedObject.uid=${String(uid)},type=Warning` },
    { timeoutMs: patienceMs },
  );
  const lines = items.map((event) => `${text(event['reason']) ?? 'Warning'}: ${text(event['message']) ?? ''}`);
  return [...new Set(lines)].slice(-manyEvents);
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
