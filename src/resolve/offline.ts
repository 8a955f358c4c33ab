import { KubewrightError, throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Instance, Resolution } from './resolution.ts';
import { resolve } from './resolve.ts';

/**
 * What is known of a graph without a cluster: the fixpoint of `resolve` in which every object that can be made exists.
 *
 * @throws KubewrightError `NeedsCluster` that names each node and path that needs live status or an object that is not ours
 */
export function resolveOffline(graph: Graph, instance: Instance): Resolution {
  const resolution = settle(graph, instance);
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

/** The same without complaint: nodes may still be pending. A node reads only what stands before it, so one pass does. */
export function settle(graph: Graph, instance: Instance): Resolution {
  return resolve(graph, instance, { get: () => undefined, make: ({ object }) => object }, { ignoreReadiness: true });
}
