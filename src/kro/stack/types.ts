import { check } from '../../expr/check.ts';
import type { Environment } from '../../expr/environment.ts';
import { CelError } from '../../expr/error.ts';
import type { Node } from '../../expr/ast.ts';
import type { CelType } from '../../expr/types.ts';
import type { GraphData, GraphNode } from '../../graph/graph.ts';
import { GraphTypes } from '../../graph/types.ts';

const dyn: CelType = { kind: 'dyn' };

/** The types of the expressions of a graph, for the type arguments of what is written. */
export class ExpressionTypes {
  readonly #types: GraphTypes;

  constructor(graph: GraphData) {
    this.#types = new GraphTypes(graph);
  }

  /** What the expressions of a node's body can name. */
  environment(node: GraphNode): Environment {
    const variables = new Map(
      node.forEach.map(({ name, list }): [string, CelType] => {
        const type = this.of(list.node, this.outer);
        return [name, type.kind === 'list' ? type.element : dyn];
      }),
    );
    return this.#types.with(variables);
  }

  get outer(): Environment {
    return this.#types.environment;
  }

  of(node: Node, environment: Environment): CelType {
    try {
      return check(node, environment).type;
    } catch (error) {
      if (error instanceof CelError) return dyn;
      throw error;
    }
  }
}

/** The TypeScript type of a CEL type: precise for scalars, otherwise left to the field that takes it. */
export function typeText(type: CelType): string {
  switch (type.kind) {
    case 'string':
      return 'string';
    case 'bool':
      return 'boolean';
    case 'int':
    case 'uint':
    case 'double':
      return 'number';
    default:
      return 'any';
  }
}
