import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../../cluster/cluster.ts';
import type { Graph } from '../../graph/graph.ts';
import { definitionsOf } from '../../kro/chain.ts';
import type { Run } from '../run.ts';

/** The kind of a definition's instances. */
export type InstanceKind = Pick<Graph, 'group' | 'version' | 'kind'>;

/** Instances of a kind, by whose they are. */
export interface Instances {
  /** This deployment's own, and those inside of it. */
  readonly own: readonly KubernetesObject[];
  readonly others: readonly KubernetesObject[];
}

const madeFor = 'kro.run/instance-id';

/** All instances of a kind, wherever they are. */
export async function instancesOf(
  run: Run,
  { group, version, kind }: InstanceKind,
): Promise<readonly KubernetesObject[]> {
  const query: ListQuery = { apiVersion: `${group}/${version}`, kind };
  try {
    return (await run.cluster.list(query, { signal: run.signal })).items;
  } catch (error) {
    if (isApiError(error, 'KindNotServed', 'NotFound')) return [];
    throw error;
  }
}

/** Instances of each kind; an instance inside of another one names it, and that may be of any kind of the chain. */
export async function readInstances(run: Run, kinds: readonly InstanceKind[]): Promise<readonly Instances[]> {
  const chain = definitionsOf(run.graph).filter((each) => !kinds.some((kind) => isSame(kind, each)));
  const lists = await Promise.all([...kinds, ...chain].map((kind) => instancesOf(run, kind)));
  const all = lists.flat();
  const own = new Set(all.filter((object) => isRoot(run, object)).map(({ metadata }) => metadata.uid));
  const isInside = ({ metadata: { uid, labels } }: KubernetesObject): boolean =>
    !own.has(uid) && own.has(labels?.[madeFor]);
  for (let inside = all.filter(isInside); inside.length > 0; inside = all.filter(isInside))
    for (const { metadata } of inside) own.add(metadata.uid);
  return kinds.map((_, index) => {
    const { true: mine = [], false: others = [] } = Object.groupBy(lists[index] ?? [], ({ metadata }) =>
      String(own.has(metadata.uid)),
    );
    return { own: mine, others };
  });
}

function isSame(left: InstanceKind, right: InstanceKind): boolean {
  return left.kind === right.kind && left.group === right.group;
}

function isRoot({ graph, instance }: Run, { apiVersion, kind, metadata }: KubernetesObject): boolean {
  return (
    kind === graph.kind &&
    apiVersion.startsWith(`${graph.group}/`) &&
    metadata.name === instance.name &&
    (graph.scope === 'Cluster' || metadata.namespace === instance.namespace)
  );
}

/** `shop/it`, for people. */
export function namesOf(objects: readonly KubernetesObject[]): string {
  return objects
    .map(({ metadata: { name, namespace } }) => (namespace === undefined ? name : `${namespace}/${name}`))
    .join(', ');
}
