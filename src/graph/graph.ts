import { madeBy, thisCopy } from '../copy.ts';
import type { Inputs, Ref } from '../expr/expression.ts';
import { findOrphans } from '../expr/operators.ts';
import type { CelType } from '../expr/types.ts';
import type { Expression, ValueObject } from '../expr/value.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { InferInput, InferSchema, UserSchema } from '../schema/user-schema.ts';
import { checkGraph } from './check.ts';
import { collectResources } from './collect.ts';
import { bindConditions, type StatusConditions } from './conditions.ts';
import type { CrdParts, FieldRules } from './crd-parts.ts';
import { readDefinition } from './definition.ts';
import { includeGraph, instantiateGraph, type IncludeOptions, type InstanceOptions } from './include.ts';
import { bindNodes } from './nodes.ts';
import { orderNodes } from './order.ts';
import type { DefinitionOrigin } from './origin.ts';
import { orphanProblems } from './orphans.ts';
import { Problems } from './problems.ts';
import type { Inclusion, ResourceRef, Resources } from './resource.ts';
import { schemaReference, type InstanceMetadata } from './schema-reference.ts';
import { readShape, rememberShape } from './shape.ts';
import { bindStatus } from './status.ts';

/** One resource of a graph. */
export interface GraphNode {
  readonly id: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** `undefined` where only the cluster knows the kind's scope. */
  readonly namespaced: boolean | undefined;
  /** The object, with expressions as leaves. Of an external node: its `metadata` (name, or selector). */
  readonly template: ValueObject;
  readonly external?: 'name' | 'selector';
  /** The graph that the object is an instance of. */
  readonly instanceOf?: Graph;
  readonly includeWhen: readonly Expression[];
  readonly readyWhen: readonly Expression[];
  readonly forEach: readonly { readonly name: string; readonly list: Expression }[];
  /** Ids that have to be ready first, though nothing refers to them. */
  readonly dependsOn: readonly string[];
  /** Every id that has to be ready first. */
  readonly dependencies: readonly string[];
  readonly keep: boolean;
  /** Type of the object, where the author gave the schema of a custom kind. */
  readonly type?: (name: string) => CelType | undefined;
  /** Where the author wrote it: `path:line:column`. */
  readonly source: () => string | undefined;
}

/**
 * A built graph: frozen plain data, and the ways to use it inside another one. `S` is the type of its values with
 * defaults, `T` of its status, `R` of its resources, `V` of the values as an author writes them.
 */
export interface Graph<S = unknown, T = unknown, R = unknown, V = S> {
  readonly name: string;
  /** Its name in the stack, where an environment gives its definition another one. */
  readonly stackName?: string;
  /** API of its instances. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Scope of its instances. */
  readonly scope: 'Namespaced' | 'Cluster';
  /** What its CustomResourceDefinition says beside the schema. */
  readonly crd: CrdParts;
  readonly spec: SpecSchema;
  readonly statusSchema: JsonSchema | undefined;
  readonly nodes: readonly GraphNode[];
  /** Ids, each after everything it depends on. */
  readonly order: readonly string[];
  readonly status: ValueObject;
  /** The author's own conditions in the status: kro writes them in place of its own. */
  readonly conditions: readonly Expression[];
  /** Only of a graph that was read from a ResourceGraphDefinition. */
  readonly origin?: DefinitionOrigin;
  /** Inlines the graph as a group of another one. */
  include(spec: Inputs<V>, options?: IncludeOptions): Inclusion<R, T>;
  /** Makes an instance of the graph's own kind, as a resource of another graph. */
  instance(spec: Inputs<V>, options: InstanceOptions): ResourceRef<{ metadata: InstanceMetadata; spec: S; status: T }>;
}

/** The schema of a graph's values. */
export interface SpecSchema {
  readonly json: JsonSchema;
  /** The schema that the author gave; absent on graphs that were read from a definition. */
  readonly user?: UserSchema;
}

/** What the graph is called and what its values and status look like. */
export interface GraphDefinition<Spec extends UserSchema, Status extends UserSchema> extends CrdParts {
  /** Name of the graph, of its ResourceGraphDefinition and, by default, of its instances. */
  readonly name: string;
  /** API group and version of its instances, such as `example.com/v1alpha1`. */
  readonly apiVersion: string;
  /** Kind of its instances, in UpperCamelCase. */
  readonly kind: string;
  /** Schema of the values: arktype, or any Standard Schema that offers JSON Schema. */
  readonly spec: Spec;
  readonly status?: Status;
  /** Scope of the instances. Resources of a cluster-scoped instance name their namespaces. @default 'Namespaced' */
  readonly scope?: 'Namespaced' | 'Cluster';
  /** What the schema library has no word for, by the path of the field: `ports`, `users[].name`, `limits.*`. */
  readonly fields?: Readonly<Record<string, FieldRules>>;
}

/** What the builders are given: references to the instance. */
export interface SchemaRef<S> {
  readonly apiVersion: Ref<string>;
  readonly kind: Ref<string>;
  readonly metadata: Ref<InstanceMetadata>;
  readonly spec: Ref<S>;
}

/**
 * Builds a graph from typed functions: which resources there are, and what its status says.
 *
 * @throws KubewrightError that lists every problem: duplicate or reserved ids, cycles, resources that are referenced but not
 *   returned, expressions that do not type-check (with their position), operators used as JavaScript conditions
 * @param conditions conditions of the status; without `Ready` among them kro's own is hidden
 * @example
 * const app = toResourceGraph(
 *   { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec: type({ image: 'string' }), status: type({ ready: 'boolean' }) },
 *   (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image }) }),
 *   (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
 * );
 */
export function toResourceGraph<const Spec extends UserSchema, const Status extends UserSchema, R extends Resources>(
  definition: GraphDefinition<Spec, Status>,
  resources: (schema: SchemaRef<InferSchema<Spec>>) => R,
  status?: (schema: SchemaRef<InferSchema<Spec>>, resources: R) => Inputs<InferSchema<Status>>,
  conditions?: (schema: SchemaRef<InferSchema<Spec>>, resources: R) => StatusConditions,
): Graph<InferSchema<Spec>, InferSchema<Status>, R, InferInput<Spec>> {
  const problems = new Problems(`graph ${definition.name}`);
  const head = readDefinition(definition, problems);
  const schema = schemaReference<InferSchema<Spec>>();
  const { result: built, orphans } = findOrphans(() => {
    const made = resources(schema);
    const statusBody = status?.(schema, made);
    const conditionsBody = conditions?.(schema, made);
    const collected = collectResources(made, problems);
    return {
      made,
      collected,
      nodes: bindNodes(collected, problems),
      status: bindStatus(statusBody, collected, problems),
      conditions: bindConditions(conditionsBody, collected, problems),
    };
  });
  orphanProblems(orphans, problems);
  problems.throwIfAny();
  const checked = checkGraph(
    { ...head, nodes: built.nodes, status: built.status, conditions: built.conditions },
    problems,
  );
  const ordered = orderNodes(checked.nodes, problems);
  problems.throwIfAny();
  const graph = finishGraph<InferSchema<Spec>, InferSchema<Status>, R, InferInput<Spec>>({ ...checked, ...ordered });
  rememberShape(graph, () => readShape(built.made, built.collected));
  return graph;
}

/** Everything of a graph but its methods. */
export type GraphData = Omit<Graph, 'include' | 'instance'>;

/** Freezes the data and adds the methods; transformations of a graph end here. */
export function finishGraph<S, T, R, V = S>(data: GraphData): Graph<S, T, R, V> {
  const graph: Graph<S, T, R, V> = Object.freeze({
    ...data,
    [madeBy]: thisCopy,
    nodes: Object.freeze(data.nodes.map((node) => Object.freeze(node))),
    order: Object.freeze(data.order),
    include: (spec: Inputs<V>, options: IncludeOptions = {}) => includeGraph<T, R>(graph, spec, options),
    instance: (spec: Inputs<V>, options: InstanceOptions) => instantiateGraph(graph, spec, options) as never,
  });
  return graph;
}
