import { KubewrightError, throwProblems } from '../../errors.ts';
import type { KindReference, ObjectReference } from '../../cluster/cluster.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import { isObject } from '../../expr/value.ts';
import { plural } from '../../kro/plural.ts';
import { definitionsOf } from '../../kro/chain.ts';
import { settle } from '../../resolve/offline.ts';
import type { ExternalRead, NodePath, ResolvedObject } from '../../resolve/resolution.ts';
import { groupOf, refOf } from '../identity.ts';
import { fields, text } from '../readiness/verdict.ts';
import { parseKind, type DeployRecord, type StoredRecord } from '../record.ts';
import { kindOf, type Run } from '../run.ts';
import { chunkNames, readSnapshot } from '../snapshot.ts';

/** How a kind is addressed in permissions. */
export interface Served {
  readonly group: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

/** Where an object is or will be. */
export interface Place {
  readonly path: NodePath | undefined;
  readonly node: GraphNode | undefined;
  readonly apiVersion: string;
  readonly kind: string;
  readonly served: Served;
  /** Absent: cluster-scoped, or known only while deploying. */
  readonly namespace: string | undefined;
  /** Absent: known only while deploying. */
  readonly name: string | undefined;
  /** The object without the cluster's part, where it is known. */
  readonly object?: ResolvedObject['object'];
}

/** Everything that a stack touches, as far as it can be known before. */
export interface Footprint {
  /** What the graph makes. */
  readonly made: readonly Place[];
  /** What an earlier deployment made and the graph no longer names. */
  readonly recorded: readonly Place[];
  /** What is there in revisions that can be restored; only where that was asked for. */
  readonly restorable: readonly Place[];
  /** Kinds that may hold objects of an unfinished deployment. */
  readonly recordedKinds: readonly Served[];
  readonly externals: readonly { readonly read: ExternalRead; readonly served: Served }[];
  readonly namespaces: readonly string[];
  /** kro mode: the instance of each definition that is needed, the graph's own last. */
  readonly instances: ReadonlyMap<Graph, Place>;
  /** Names of the Secrets that parts of the record are in. */
  readonly parts: readonly string[];
}

/** Reads a graph, without a cluster but for how it serves the kinds, and the record of its last deployment. */
export async function footprintOf(
  run: Run,
  { record }: StoredRecord,
  { revisions }: { readonly revisions: boolean },
): Promise<Footprint> {
  const { objects, pending, externals } = settle(run.graph, run.instance);
  const known = new Kinds(run, objects);
  const resolved = await Promise.all(
    objects.map(({ path, node, object }) => known.place(object, { path, node, object, ...object.metadata })),
  );
  const unresolved = await Promise.all(
    pending
      .flatMap(({ path }) => nodesAt(run.graph, path))
      .map(({ path, node }) => {
        const { metadata } = node.template;
        const { name, namespace } = isObject(metadata) ? metadata : {};
        const own = namespace === undefined ? run.identity.namespace : undefined;
        return known.place(node, {
          path,
          node,
          name: typeof name === 'string' ? name : undefined,
          namespace: typeof namespace === 'string' ? namespace : own,
        });
      }),
  );
  const made = [...resolved, ...unresolved].filter((place) => place !== undefined);
  const keys = new Set(made.map(keyOf));
  const before = await Promise.all(
    (await recordedObjects(run, record)).map((entry) => known.place(entry, entry, false)),
  );
  const snapshots = revisions ? (record?.revisions ?? []).flatMap(({ snapshot }) => snapshot ?? []) : [];
  const contents = await Promise.all(snapshots.map((snapshot) => readSnapshot(run, snapshot)));
  const wanted = contents.flatMap(({ objects: all }) => all.filter(({ left }) => !left).map(({ object }) => object));
  const restorable = await Promise.all(
    wanted.map((object) =>
      known.place(object, { object: object as ResolvedObject['object'], ...object.metadata }, false),
    ),
  );
  const recordedKinds = await Promise.all((record?.kinds ?? []).map((entry) => known.find(parseKind(entry), false)));
  const reads = await Promise.all(externals.map(async (read) => ({ read, served: await known.find(read) })));
  const instances = new Map<Graph, Place>();
  for (const graph of run.mode === 'kro' ? definitionsOf(run.graph) : []) {
    const { name, namespace } = run.instance;
    const kind = { apiVersion: `${graph.group}/${graph.version}`, kind: graph.kind };
    instances.set(graph, (await known.place(kind, { name, namespace })) as Place);
  }
  known.throwProblems();
  const recorded = before.filter((place) => place !== undefined && !keys.has(keyOf(place))) as Place[];
  return {
    made,
    recorded,
    restorable: [...new Map(restorable.flatMap((place) => (place ? [[keyOf(place), place]] : []))).values()],
    recordedKinds: recordedKinds.filter((served) => served !== undefined),
    externals: reads.filter((each): each is Footprint['externals'][number] => each.served !== undefined),
    namespaces: [
      ...new Set(
        [
          run.identity.namespace,
          ...[...made, ...recorded].map(({ namespace }) => namespace),
          ...(record?.namespaces ?? []),
        ].filter((namespace) => namespace !== undefined),
      ),
    ].sort(),
    instances,
    parts: chunkNames(run, record),
  };
}

/** What the last deployment made itself. In kro mode, the Secrets: what else it wrote the graph says. */
async function recordedObjects(run: Run, record: DeployRecord | undefined): Promise<readonly ObjectReference[]> {
  const { objects } = record?.inventory ? await readSnapshot(run, record.inventory) : { objects: [] };
  const made = record?.mode === 'kro' ? objects.filter(({ object }) => object.kind === 'Secret') : objects;
  return made.map(({ object }) => refOf(object));
}

/** Places of the same object have the same. */
export function keyOf({ served: { group, resource }, namespace, name }: Place): string {
  return `${resource}.${group}/${namespace ?? ''}/${name ?? '*'}`;
}

/** The nodes that a pending path stands for: itself, or all that is in the instance of another graph. */
function nodesAt(graph: Graph, path: NodePath): readonly { readonly path: NodePath; readonly node: GraphNode }[] {
  const [head = '', ...rest] = path.split('/');
  const node = graph.nodes.find(({ id }) => id === head);
  if (!node || node.external) return [];
  const { instanceOf } = node;
  if (!instanceOf) return [{ path, node }];
  const inner = rest.length > 0 ? [rest.join('/')] : instanceOf.nodes.map(({ id }) => id);
  return inner.flatMap((id) => nodesAt(instanceOf, id)).map((found) => ({ ...found, path: `${head}/${found.path}` }));
}

interface Address {
  readonly path?: NodePath | undefined;
  readonly node?: GraphNode;
  readonly object?: ResolvedObject['object'];
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** How kinds are served: by the cluster, by a CRD of the graph, or by kro once it has the definition. */
class Kinds {
  readonly #run: Run;
  readonly #own = new Map<string, Served>();
  readonly #problems = new Map<string, KubewrightError>();

  constructor(run: Run, objects: readonly ResolvedObject[]) {
    this.#run = run;
    for (const { object } of objects) {
      if (object.kind !== 'CustomResourceDefinition') continue;
      const spec = fields(object['spec']);
      const names = fields(spec['names']);
      const group = text(spec['group']) ?? '';
      const served = { group, resource: text(names['plural']) ?? '', namespaced: text(spec['scope']) !== 'Cluster' };
      this.#own.set(`${group}/${text(names['kind']) ?? ''}`, served);
    }
    if (run.mode === 'kro')
      for (const { group, kind } of definitionsOf(run.graph))
        this.#own.set(`${group}/${kind}`, { group, resource: plural(kind.toLowerCase()), namespaced: true });
  }

  /** @param complain whether a kind that nobody serves is a problem */
  async find({ apiVersion, kind }: KindReference, complain = true): Promise<Served | undefined> {
    const group = groupOf(apiVersion);
    const found = await kindOf(this.#run, { apiVersion, kind });
    if (found) return { group, resource: found.plural, namespaced: found.namespaced };
    const own = this.#own.get(`${group}/${kind}`);
    if (!own && complain) this.#problems.set(`${apiVersion}/${kind}`, notServed(apiVersion, kind));
    return own;
  }

  async place(kind: KindReference, address: Address, complain = true): Promise<Place | undefined> {
    const served = await this.find(kind, complain);
    if (!served) return undefined;
    const { path, node, name, namespace, object } = address;
    const { apiVersion } = kind;
    return {
      path,
      node,
      apiVersion,
      kind: kind.kind,
      served,
      namespace: served.namespaced ? namespace : undefined,
      name,
      ...(object && { object }),
    };
  }

  throwProblems(): void {
    throwProblems(`graph ${this.#run.graph.name}`, [...this.#problems.values()]);
  }
}

function notServed(apiVersion: string, kind: string): KubewrightError {
  return new KubewrightError({
    code: 'KindNotServed',
    resource: `${apiVersion} ${kind}`,
    message: 'the server does not serve it, so the name of its resource is not known',
    hint: 'Install what brings it first, or add its CustomResourceDefinition to the graph.',
  });
}
