import type { KubernetesObject } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { fromDefinitions } from '../../kro/import.ts';
import type { Instance, ResolvedObject } from '../../resolve/resolution.ts';
import { resolve } from '../../resolve/resolve.ts';
import { groupKind } from '../identity.ts';
import { nodeOf } from '../restoring.ts';
import { subject, type Run } from '../run.ts';
import type { RecordedObject } from '../snapshot.ts';
import { definitionKind } from './installed.ts';

/** What takes the place of what the graph says. */
export interface Restored {
  /** Definitions as they were, by their names. */
  readonly definitions: ReadonlyMap<string, KubernetesObject>;
  readonly secrets: readonly ResolvedObject[];
  /**
   * Of a run that is undone: the other instances of each definition before it. A schema may be narrowed again while these are
   * as they were, as none of them can use what was added.
   */
  readonly othersBefore?: ReadonlyMap<string, readonly KubernetesObject[]> | undefined;
}

/** What a revision consisted of, by what its objects are. */
interface Parts {
  readonly definitions: readonly KubernetesObject[];
  readonly secrets: readonly RecordedObject[];
  readonly instance: KubernetesObject;
  /** The graph of the instance. */
  readonly graph: Graph;
}

/** A run whose definitions, Secrets and instance are what a revision consisted of. */
export function restoringWithKro(
  run: Run,
  snapshot: readonly RecordedObject[],
  { rollbackTo, othersBefore }: { readonly rollbackTo: number } & Pick<Restored, 'othersBefore'>,
): Run {
  const { definitions, secrets, instance: object, graph } = partsOf(run, snapshot, rollbackTo);
  const { name, labels, annotations } = object.metadata;
  const instance: Run['instance'] = {
    name,
    namespace: run.instance.namespace,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    spec: (object['spec'] ?? {}) as Instance['spec'],
  };
  const restored: Restored = {
    definitions: byName(definitions),
    secrets: secrets.map((entry) => {
      const { path, label, index, object: secret } = entry;
      return { path, label, ...(index !== undefined && { index }), node: nodeOf(entry), object: secret as never };
    }),
    othersBefore,
  };
  // Values of Secrets are those of then, wherever they came from.
  const resolving = (observed: Parameters<Run['resolve']>[0]): ReturnType<Run['resolve']> =>
    resolve(graph, instance, observed);
  return { ...run, graph, instance, secrets: 'plain', rollbackTo, restored, resolve: resolving };
}

function partsOf(run: Run, snapshot: readonly RecordedObject[], revision: number): Parts {
  const entries = snapshot.filter(({ left }) => !left);
  const definitions = entries.map(({ object }) => object).filter(isDefinition);
  const graphs = graphsOf(definitions);
  const secrets = entries.filter(({ object }) => groupKind(object) === 'Secret');
  const others = entries.filter(({ object }) => !isDefinition(object) && groupKind(object) !== 'Secret');
  for (const { object } of others) {
    const graph = graphs.find(({ group, kind }) => groupKind(object) === `${kind}.${group}`);
    if (graph) return { definitions, secrets, instance: object, graph };
  }
  throw new KubewrightError({
    code: 'DamagedRecord',
    resource: subject(run),
    message: `revision ${revision} has no instance and its definition`,
    hint: 'Choose another revision, or deploy the stack as it was then.',
  });
}

/** The graphs of definitions, those that are used by others in them too. */
export function graphsOf(definitions: readonly KubernetesObject[]): readonly Graph[] {
  return fromDefinitions(definitions.map((content) => ({ file: `definition ${content.metadata.name}`, content })));
}

export function isDefinition(object: KubernetesObject): boolean {
  return groupKind(object) === groupKind(definitionKind);
}

export function byName(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}
