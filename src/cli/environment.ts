import type { ClusterSource } from '../cluster/source.ts';
import type { Expr } from '../expr/expression.ts';
import { captureSource } from '../source-line.ts';
import { mergeDeep } from './merge.ts';

/** How a graph is deployed: by kubewright itself, or by kro in the cluster. */
export type Mode = 'direct' | 'kro';

/**
 * Where the content of Secrets comes from. `'plain'`: from the stack, as written (also into the files of `synth`).
 * `'existing'`: somebody else makes the Secrets; they are only checked. An object decides for each Secret, by its name or
 * its id in the graph, or for keys of it.
 */
export type SecretsPolicy = SecretChoice | { readonly [secret: string]: SecretChoice | SecretValues };

export type SecretChoice = 'plain' | 'existing';

/** Keys of one Secret that are read when the stack is deployed: `fromEnv(…)`, `fromFile(…)`. The others stay as written. */
export type SecretValues = { readonly [key: string]: Expr<string> };

/** Part of some values: what an environment leaves out, the one that it extends may give. Lists are given whole. */
export type PartialValues<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly unknown[]
    ? T
    : { readonly [K in keyof T]?: PartialValues<T[K]> };

declare const valuesType: unique symbol;

/** Carries the type of a graph's values; there is nothing at run time. */
export interface TakesValues<S> {
  readonly [valuesType]?: () => S;
}

/** The type of a graph's values. */
export type ValuesOf<G> = G extends TakesValues<infer S> ? S : never;

/** The graphs that an environment has values for, by name. */
export type GraphMap = { readonly [name: string]: TakesValues<unknown> };

/** Another name and kind for a graph's ResourceGraphDefinition, which is cluster-wide. */
export interface DefinitionName {
  readonly name: string;
  readonly kind: string;
}

/** What an environment file says. */
export interface EnvironmentDefinition<G extends GraphMap = GraphMap> {
  /** The environment that this one changes: objects are merged, everything else is replaced. */
  readonly extends?: Environment;
  /** Where to deploy. An environment without a cluster is only a base for others. */
  readonly cluster?: ClusterSource;
  /** @default 'direct' */
  readonly mode?: Mode;
  /** Namespace of the instances; made, and owned, when it is missing. @default 'default' */
  readonly namespace?: string;
  /** @default 'plain' for deployments; `synth` writes no Secrets unless it is said */
  readonly secrets?: SecretsPolicy;
  /** Values of each graph, by its name. They are checked against the graph's schema when they are used. */
  readonly values?: { readonly [K in keyof G]?: PartialValues<ValuesOf<G[K]>> };
  /** Paths of values, such as `gateway.routing`, that are constant in the definition: what they leave out needs no CRD. */
  readonly fixed?: readonly string[] | { readonly [K in keyof G]?: readonly string[] };
  /** kro mode: another name and kind for the definition, for the graph or for each of them. */
  readonly definition?: DefinitionName | { readonly [K in keyof G]?: DefinitionName };
  /** kro mode: kro's feature gates that are on in the cluster, such as `CELOmitFunction`. @default [] */
  readonly featureGates?: readonly string[];
  /** Names of the instances, by graph. @default the graph's name */
  readonly names?: { readonly [K in keyof G]?: string };
  /** Labels of the instances. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the instances. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One definition and the place that it was written at. */
export interface EnvironmentLayer {
  readonly definition: EnvironmentDefinition;
  /** `path:line:column` */
  readonly source: () => string | undefined;
}

/** An environment, merged with the ones that it extends. */
export interface Environment extends Omit<EnvironmentDefinition, 'extends'> {
  /** What it was merged from, the base first. */
  readonly layers: readonly EnvironmentLayer[];
}

/**
 * Describes an environment: where a stack runs, how, and with which values. The type argument names the graphs, by
 * `import type`, so that a wrong key or value does not compile.
 *
 * @example
 * import type { app } from '../stacks/app.ts';
 * export default defineEnvironment<{ app: typeof app }>({
 *   cluster: local(),
 *   namespace: 'dev',
 *   values: { app: { replicas: 1 } },
 * });
 */
export function defineEnvironment<G extends GraphMap = GraphMap>(definition: EnvironmentDefinition<G>): Environment {
  const { extends: base, ...own } = definition as EnvironmentDefinition;
  const layers = Object.freeze([...(base?.layers ?? []), { definition: own, source: captureSource() }]);
  const inherited = base && (({ layers: _layers, ...rest }): object => rest)(base);
  return Object.freeze({ ...mergeSettings(inherited ?? {}, own), layers });
}

/** Whether a value was made by {@link defineEnvironment}. */
export function isEnvironment(value: unknown): value is Environment {
  return typeof value === 'object' && value !== null && Array.isArray((value as { layers?: unknown }).layers);
}

/** A cluster and the choice of a definition are one decision each; merging two of them would make a third. */
function mergeSettings(base: EnvironmentDefinition, own: EnvironmentDefinition): EnvironmentDefinition {
  const merged = mergeDeep(base, own) as { -readonly [K in keyof EnvironmentDefinition]: EnvironmentDefinition[K] };
  if (own.cluster) merged.cluster = own.cluster;
  if (own.definition) merged.definition = own.definition;
  if (own.fixed) merged.fixed = own.fixed;
  return merged;
}
