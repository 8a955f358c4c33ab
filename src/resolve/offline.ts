import { KubewrightError, throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Instance, NodePath, ObservedObject, Resolution } from './resolution.ts';
import { resolve } from './resolve.ts';

/**
 * What is known of a graph without a cluster: the fixpoint of `resolve` in which every object that can be made exists.
 *
 * @throws KubewrightError `NeedsCluster` that names each node and path that needs live status or an object that is not ours
 */
export function resolveOffline(graph: Graph, instance: Instance): Resolution {
  const resolution = settle(graph, instance, ({ pending }) => pending.length === 0);
  const problems = resolution.pending.map(
    ({ path, field, reason }) =>
      new KubewrightError({
        code: 'NeedsCluster',
        resource: path,
        path: field,
        message: reason,
        hint: 'Its value is known only in the cluster: use mode kro for these files, or a value from the spec.',
      }),
  );
  throwProblems(`graph ${graph.name}`, problems);
  return resolution;
}

/**
 * The fixpoint itself, in which nodes may still be pending.
 *
 * @param enough ends the search earlier: once nothing is pending no object changes any more, only the status does
 */
export function settle(graph: Graph, instance: Instance, enough: (resolution: Resolution) => boolean = () => false): Resolution {
  let made = new Map<NodePath, ObservedObject | ObservedObject[]>();
  for (;;) {
    const resolution = resolve(graph, instance, made, { ignoreReadiness: true });
    if (enough(resolution)) return resolution;
    const next = desiredObjects(resolution);
    if (next.size === made.size && resolution.objects.length === count(made)) return resolution;
    made = next;
  }
}

function count(made: ReadonlyMap<NodePath, ObservedObject | readonly ObservedObject[]>): number {
  let objects = 0;
  for (const value of made.values()) objects += Array.isArray(value) ? value.length : 1;
  return objects;
}

function desiredObjects({ objects }: Resolution): Map<NodePath, ObservedObject | ObservedObject[]> {
  const made = new Map<NodePath, ObservedObject | ObservedObject[]>();
  for (const { path, index, object } of objects) {
    const items = made.get(path);
    if (index === undefined) made.set(path, object);
    else if (Array.isArray(items)) items.push(object);
    else made.set(path, [object]);
  }
  return made;
}
