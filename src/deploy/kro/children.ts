import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../../cluster/cluster.ts';
import { informer, type Informer } from '../../cluster/watch.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import type { NodePath } from '../../resolve/resolution.ts';
import { groupOf, refOf } from '../identity.ts';
import type { ObjectAddress } from '../options.ts';
import type { Run } from '../run.ts';
import { scopeKey } from '../world.ts';
import { madeByKro } from './secrets.ts';

/** An object that kro made, and which node of ours it is. */
export interface Child {
  readonly path: NodePath;
  readonly index: number | undefined;
  readonly node: GraphNode;
  readonly object: KubernetesObject;
  readonly address: ObjectAddress;
}

const labels = { instance: 'kro.run/instance-id', node: 'kro.run/node-id', index: 'kro.run/collection-index' } as const;

/** The lists in which an instance's own objects are; kro says in its inventory where to look. */
function scopes(graph: Graph, instance: KubernetesObject): readonly ListQuery[] {
  const annotations = instance.metadata.annotations ?? {};
  const groupKinds = new Set(
    (annotations['applyset.kubernetes.io/contains-group-kinds'] ?? '').split(',').filter(Boolean),
  );
  const others = (annotations['applyset.kubernetes.io/additional-namespaces'] ?? '').split(',').filter(Boolean);
  const namespaces = [...new Set([instance.metadata.namespace, ...others])];
  const kinds = new Map(madeByKro(graph).map((node) => [`${node.apiVersion}/${node.kind}`, node]));
  return [...kinds.values()]
    .filter(({ apiVersion, kind }) => groupKinds.has([kind, groupOf(apiVersion)].filter(Boolean).join('.')))
    .flatMap(({ apiVersion, kind, namespaced }) =>
      (namespaced === false ? [undefined] : namespaces).map(
        (namespace): ListQuery => ({
          apiVersion,
          kind,
          namespace,
          labelSelector: `${labels.instance}=${String(instance.metadata.uid)}`,
        }),
      ),
    );
}

/** All objects of an instance and of the instances in it. */
export async function readChildren(
  run: Run,
  graph: Graph,
  instance: KubernetesObject,
  prefix = '',
): Promise<readonly Child[]> {
  const lists = await Promise.all(scopes(graph, instance).map((scope) => listOrNothing(run, scope)));
  // A cluster-scoped kind whose scope the graph does not know is listed once per namespace.
  const objects = new Map(lists.flat().map((object) => [object.metadata.uid, object]));
  const own = [...objects.values()].flatMap((object) => childOf(graph, object, prefix) ?? []);
  const inner = await Promise.all(
    own.map(async ({ node, object, path }) =>
      node.instanceOf ? await readChildren(run, node.instanceOf, object, `${path}/`) : [],
    ),
  );
  return [...own, ...inner.flat()];
}

async function listOrNothing(run: Run, scope: ListQuery): Promise<readonly KubernetesObject[]> {
  try {
    return (await run.cluster.list(scope, { signal: run.signal })).items;
  } catch (error) {
    if (isApiError(error, 'KindNotServed', 'NotFound')) return [];
    throw error;
  }
}

function childOf(graph: Graph, object: KubernetesObject, prefix: string): Child | undefined {
  const id = object.metadata.labels?.[labels.node];
  const node = graph.nodes.find((candidate) => candidate.id === id);
  if (!node) return undefined;
  const position = object.metadata.labels?.[labels.index];
  const index = node.forEach.length > 0 && position !== undefined ? Number(position) : undefined;
  const path = prefix + node.id;
  const { apiVersion, kind, name, namespace } = refOf(object);
  const address = {
    label: index === undefined ? path : `${path}[${index}]`,
    apiVersion,
    kind,
    name,
    ...(namespace !== undefined && { namespace }),
  };
  return { path, index, node, object, address };
}

/** Tells of every change of an instance's objects: what to wait with between two readings. */
export class ChildWatch {
  readonly #run: Run;
  readonly #onChange: (object: KubernetesObject) => void;
  readonly #onError: (error: unknown) => void;
  readonly #informers = new Map<string, Informer>();

  constructor(run: Run, onChange: (object: KubernetesObject) => void, onError: (error: unknown) => void) {
    this.#run = run;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Follows the objects of an instance too. */
  follow(graph: Graph, instance: KubernetesObject): void {
    for (const scope of scopes(graph, instance)) {
      const id = `${scopeKey(scope)} ${scope.labelSelector ?? ''}`;
      if (this.#informers.has(id)) continue;
      this.#informers.set(
        id,
        informer(this.#run.cluster, scope, {
          onChange: ({ object }) => this.#onChange(object),
          onError: this.#onError,
          store: false,
        }),
      );
    }
  }

  stop(): void {
    for (const each of this.#informers.values()) each.stop();
  }
}
