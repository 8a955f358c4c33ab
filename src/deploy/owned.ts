import type { KindReference, KubernetesObject } from '../cluster/cluster.ts';
import { groupOf } from './identity.ts';
import { fields } from './readiness/verdict.ts';
import type { Run } from './run.ts';

const patienceMs = 5_000;
/** Kinds of other projects that are looked at on the way from pods to one of their objects. */
const manyKinds = 4;
const instanceLabel = 'kro.run/instance-id';

/** What stands between workloads and their pods. */
const betweenKinds: readonly KindReference[] = [
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'batch/v1', kind: 'Job' },
];
/** What controllers of custom resources make. */
const workloadKinds: readonly KindReference[] = ['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => ({
  apiVersion: 'apps/v1',
  kind,
}));

/** What an object runs. */
export interface Owned {
  readonly pods: readonly KubernetesObject[];
  /** Objects in between, such as ReplicaSets: what refuses to let them create pods is told about them. */
  readonly middle: readonly KubernetesObject[];
}

/** Owner references lead from pods over objects in between to the one that runs them. */
export async function ownedBy(run: Run, object: KubernetesObject): Promise<Owned> {
  if (object.kind === 'Pod') return { pods: [object], middle: [] };
  const isWorkload = Boolean(fields(object['spec'])['template'] ?? fields(object['spec'])['jobTemplate']);
  const isCustom = groupOf(object.apiVersion).includes('.') && !groupOf(object.apiVersion).endsWith('.k8s.io');
  if (!isWorkload && !isCustom) return { pods: [], middle: [] };
  const family = new Family(run, object);
  const [pods] = await Promise.all([
    family.list({ apiVersion: 'v1', kind: 'Pod' }),
    ...[...betweenKinds, ...(isCustom ? workloadKinds : [])].map((kind) => family.read(kind)),
  ]);
  if (isCustom) await family.readOwners(pods);
  return {
    pods: pods.filter((pod) => !pod.metadata.deletionTimestamp && family.has(pod)),
    middle: family.members(),
  };
}

/** The objects of a namespace that an object may own, as far as they have been read. */
class Family {
  readonly #run: Run;
  readonly #head: KubernetesObject;
  readonly #known = new Map<string | undefined, KubernetesObject>();
  readonly #read = new Set<string>();

  constructor(run: Run, head: KubernetesObject) {
    this.#run = run;
    this.#head = head;
  }

  /** Who may not see a kind is told less. */
  async list({ apiVersion, kind }: KindReference): Promise<readonly KubernetesObject[]> {
    const query = { apiVersion, kind, namespace: this.#head.metadata.namespace };
    return this.#run.cluster.list(query, { timeoutMs: patienceMs }).then(
      ({ items }) => items,
      () => [],
    );
  }

  async read(kind: KindReference): Promise<void> {
    this.#read.add(nameOf(kind));
    for (const each of newest(await this.list(kind))) this.#known.set(each.metadata.uid, each);
  }

  /** Reads kinds that pods, and owners of pods, name as their owners. */
  async readOwners(pods: readonly KubernetesObject[]): Promise<void> {
    for (let left = manyKinds; left > 0; ) {
      const references = [...pods, ...this.#known.values()].flatMap(({ metadata }) => metadata.ownerReferences ?? []);
      const unread = new Map(references.map((reference) => [nameOf(reference), reference]));
      unread.delete(nameOf(this.#head));
      for (const name of this.#read) unread.delete(name);
      const next = [...unread.values()].slice(0, left);
      if (next.length === 0) return;
      left -= next.length;
      await Promise.all(next.map((kind) => this.read(kind)));
    }
  }

  /** Whether an object is the head's, directly or over others. */
  has({ metadata }: KubernetesObject, trail: ReadonlySet<string | undefined> = new Set()): boolean {
    const { uid } = this.#head.metadata;
    if (metadata.labels?.[instanceLabel] === uid) return true;
    return (metadata.ownerReferences ?? []).some((reference) => {
      if (reference.uid === uid) return true;
      const owner = this.#known.get(reference.uid);
      return owner !== undefined && !trail.has(reference.uid) && this.has(owner, new Set(trail).add(reference.uid));
    });
  }

  members(): readonly KubernetesObject[] {
    return [...this.#known.values()].filter((each) => this.has(each));
  }
}

function nameOf({ apiVersion, kind }: KindReference): string {
  return `${apiVersion}/${kind}`;
}

/** Without ReplicaSets of older versions: their pods explain nothing. */
function newest(objects: readonly KubernetesObject[]): readonly KubernetesObject[] {
  const revisions = new Map<string, number>();
  for (const each of objects) {
    for (const { uid } of each.metadata.ownerReferences ?? [])
      revisions.set(uid, Math.max(revisions.get(uid) ?? 0, revisionOf(each)));
  }
  return objects.filter((each) =>
    (each.metadata.ownerReferences ?? []).every(({ uid }) => revisionOf(each) === revisions.get(uid)),
  );
}

/** Deployments and Rollouts number their ReplicaSets. */
function revisionOf({ kind, metadata: { annotations = {} } }: KubernetesObject): number {
  if (kind !== 'ReplicaSet') return 0;
  return Number(annotations['deployment.kubernetes.io/revision'] ?? annotations['rollout.argoproj.io/revision']) || 0;
}
