import { createEnvironment, type Environment } from '../expr/environment.ts';
import type { CelType } from '../expr/types.ts';
import { celTypeOf } from '../schema/cel-type.ts';
import { kubernetesType, schemaVariableType } from '../schema/kubernetes.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { GraphData, GraphNode } from './graph.ts';

/** What the types of a node's object are read from. */
export type TypedNode = Pick<GraphNode, 'id' | 'apiVersion' | 'kind' | 'forEach' | 'external' | 'instanceOf' | 'type'>;

const dyn: CelType = { kind: 'dyn' };

/** The type of one object of a node; `dyn` where only the cluster knows. */
export function objectType(node: TypedNode): CelType {
  const name = `__type_${node.id}`;
  if (node.instanceOf) return celTypeOf(instanceSchema(node.instanceOf), name);
  return node.type?.(name) ?? kubernetesType(node.apiVersion, node.kind, node.id) ?? dyn;
}

/** The type of the variable that stands for a node: its object, or the list of its objects. */
function variableType(node: TypedNode): CelType {
  const type = objectType(node);
  return node.forEach.length > 0 || node.external === 'selector' ? { kind: 'list', element: type } : type;
}

/** The variables that expressions of a graph can read, with the types that kro gives them. */
export class GraphTypes {
  readonly #nodes: ReadonlyMap<string, TypedNode>;
  readonly #types = new Map<string, CelType>();
  #conditions: Environment | undefined;
  /** `schema` and every resource. */
  readonly environment: Environment;

  constructor(graph: Pick<GraphData, 'spec' | 'scope'> & { readonly nodes: readonly TypedNode[] }) {
    this.#nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    this.#types.set('schema', schemaVariableType(graph.spec.json, graph.scope));
    this.environment = createEnvironment({ functions: 'kro', variables: (name) => this.typeOf(name) });
  }

  typeOf(name: string): CelType | undefined {
    const known = this.#types.get(name);
    if (known) return known;
    const node = this.#nodes.get(name);
    if (!node) return undefined;
    const type = variableType(node);
    this.#types.set(name, type);
    return type;
  }

  /** The same variables and some more, which hide others of their name. */
  with(variables: ReadonlyMap<string, CelType>): Environment {
    if (variables.size === 0) return this.environment;
    return createEnvironment({ functions: 'kro', variables: (name) => variables.get(name) ?? this.typeOf(name) });
  }

  /** Beside the same variables kro's `runtime`, for the conditions of the status. */
  get conditions(): Environment {
    this.#conditions ??= createEnvironment({
      functions: 'kro',
      variables: (name) => this.typeOf(name),
      runtime: true,
    });
    return this.#conditions;
  }

  /** Only these variables: `readyWhen` sees nothing but its own object. */
  only(variables: ReadonlyMap<string, CelType>): Environment {
    return createEnvironment({ functions: 'kro', variables: (name) => variables.get(name) });
  }
}

const known = new WeakMap<object, GraphTypes>();

/** The types of a built graph. */
export function typesOf(graph: GraphData): GraphTypes {
  let types = known.get(graph);
  if (!types) known.set(graph, (types = new GraphTypes(graph)));
  return types;
}

/** The object that an instance of a graph is: its values, its status, and what kro adds to the status. */
function instanceSchema(graph: Pick<GraphData, 'spec' | 'statusSchema'>): JsonSchema {
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: graph.spec.json,
      status: {
        type: 'object',
        properties: { ...graph.statusSchema?.properties, state: { type: 'string' } },
      },
    },
  };
}
