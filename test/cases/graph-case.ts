import { Cel } from '../../src/expr/cel.ts';
import type { Expr, StringExpr } from '../../src/expr/expression.ts';
import type { Graph } from '../../src/graph/graph.ts';

/** An object, or a part of one: what is not named is not compared. */
export type ExpectedObject = {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
};

/** What the values of an update mean. */
export interface GraphStep {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly objects: GraphCase['objects'];
  readonly status?: GraphCase['status'];
  readonly skipped?: readonly string[];
}

/**
 * A graph with values, and what it means: the list that resolving, deploying directly and kro have in common. `NAMESPACE`
 * in texts stands for the namespace of the run.
 */
export interface GraphCase {
  /** What it shows, as the end of "it …". */
  readonly name: string;
  readonly graph: Graph;
  readonly values: Readonly<Record<string, unknown>>;
  /** Name of the instance. @default 'sample' */
  readonly instance?: string;
  /** Objects that exist already and are not ours. */
  readonly given?: readonly object[];
  /** By node path; a list for a collection, in its order. */
  readonly objects: Readonly<Record<string, ExpectedObject | readonly ExpectedObject[]>>;
  /** Left out by includeWhen. */
  readonly skipped?: readonly string[];
  /** Ids of resources that are not made at rest, because something that they read never comes. */
  readonly pending?: readonly string[];
  /** The whole status but for kro's own `state` and `conditions`. @default {} */
  readonly status?: Readonly<Record<string, unknown>>;
  /** Updates, one after the other. */
  readonly steps?: readonly GraphStep[];
  /** kro's feature gates that it needs. */
  readonly featureGates?: readonly string[];
  /** Paths of Secrets that kro mode applies by itself. */
  readonly secrets?: readonly string[];
  /** Ways to run it that cannot hold, with the reason. */
  readonly skip?: { readonly [mode in 'kro' | 'direct' | 'resolve']?: string };
}

export const placeholder = 'NAMESPACE';

/** A copy in which the placeholder is the namespace. */
export function inNamespace<T>(value: T, namespace: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(placeholder, namespace)) as T;
}

export function configMap(name: string, data: Readonly<Record<string, string>>): ExpectedObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** Name and API of a case's graph; kinds are cluster-wide, so each case has its own. */
export function api(kind: string): { readonly name: string; readonly apiVersion: string; readonly kind: string } {
  return { name: kind.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase(), apiVersion: 'cases.example.com/v1', kind };
}

/** One entry of a ConfigMap's data. */
export function entry(config: { readonly data: Expr<unknown> }, key: string): StringExpr {
  return Cel.field<string>(config.data, key);
}
