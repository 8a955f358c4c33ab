import type { Graph } from '../graph/graph.ts';
import type { Instance, Observed, Resolution } from './resolution.ts';

export interface ResolveOptions {
  /** Treats every node that exists as ready. @default false */
  readonly ignoreReadiness?: boolean;
}

/**
 * What a graph means: a pure function of the instance and the objects that exist, the same as kro's (kro-spec 5).
 *
 * @throws KubewrightError for what cannot heal by waiting: type errors, two equal objects, a collection that is too large
 */
export declare function resolve(graph: Graph, instance: Instance, observed: Observed, options?: ResolveOptions): Resolution;

/** Validates values against the graph's schema and gives them with defaults. Errors name the path. */
export declare function prepareValues(graph: Graph, values: unknown, place?: string): Record<string, unknown>;

/** The fixpoint of `resolve` with observed := desired: what is known without a cluster. A node still pending is an error that names its path. */
export declare function resolveOffline(graph: Graph, instance: Instance): Resolution;
