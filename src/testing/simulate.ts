import type { Graph } from '../graph/graph.ts';
import { settle } from '../resolve/offline.ts';
import { resolve } from '../resolve/resolve.ts';
import type { NodePath, ObservedObject, Resolution, ResolvedBody } from '../resolve/resolution.ts';
import { prepareValues } from '../resolve/values.ts';

/** What a simulation starts from. */
export interface SimulateOptions {
  /** @default the graph's name */
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /**
   * Objects that exist, by resource id (`shop/userDeployment` inside an instance); lists for collections. Without it
   * every object that can be made exists as the graph makes it, which has no status.
   */
  readonly observed?: Readonly<Record<NodePath, unknown>>;
}

/** What a graph would make and say. */
export interface Simulation {
  /** Objects by id, those of a collection as `workers[0]`. */
  readonly objects: Readonly<Record<string, ResolvedBody>>;
  readonly status: Readonly<Record<string, unknown>>;
  /** Why a resource cannot be made yet, by id. */
  readonly pending: Readonly<Record<NodePath, string>>;
  readonly skipped: readonly NodePath[];
  readonly ready: readonly NodePath[];
}

/**
 * What a graph means for values and objects that exist, without a cluster: the same as what a deployment would do next.
 *
 * @throws KubewrightError when the values do not fit, or for what waiting cannot heal
 * @example
 * const { objects, status } = simulate(app, values, {
 *   observed: { web: { ...deployment, status: { readyReplicas: 3 } } },
 * });
 * expect(status.health).toBe('healthy');
 */
export function simulate<S>(graph: Graph<S>, values: S, options: SimulateOptions = {}): Simulation {
  const { name = graph.name, namespace, labels, annotations, observed } = options;
  const instance = { name, namespace, labels, annotations, spec: prepareValues(graph, values) };
  if (!observed) return summarize(settle(graph, instance));
  const existing = new Map(Object.entries(observed)) as Map<NodePath, ObservedObject>;
  return summarize(resolve(graph, instance, existing));
}

function summarize({ objects, status, statusProblem, pending, skipped, ready }: Resolution): Simulation {
  if (statusProblem) throw statusProblem;
  return {
    objects: Object.fromEntries(objects.map(({ label, object }) => [label, object])),
    status,
    pending: Object.fromEntries(pending.map(({ path, reason }) => [path, reason])),
    skipped,
    ready: [...ready],
  };
}
