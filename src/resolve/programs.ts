import { check } from '../expr/check.ts';
import { compile, type Program } from '../expr/evaluate.ts';
import type { CelType } from '../expr/types.ts';
import type { Expression } from '../expr/value.ts';
import { checkedOf } from '../graph/check.ts';
import type { GraphData, GraphNode } from '../graph/graph.ts';
import { objectType, typesOf } from '../graph/types.ts';

const dyn: CelType = { kind: 'dyn' };

/** The program of an expression in a template, a condition or the status; compiled once. */
export function programOf(expression: Expression, graph: GraphData, node?: GraphNode): Program {
  let { program } = expression.memo;
  if (!program) {
    const types = typesOf(graph);
    const environment = types.with(
      new Map(
        node?.forEach.map(({ name, list }) => [
          name,
          elementOf(checkedOf(list)?.type ?? check(list.node, types.environment).type),
        ]),
      ),
    );
    program = compile(checkedOf(expression) ?? check(expression.node, environment), environment);
    expression.memo.program = program;
  }
  return program;
}

/** The program of a `readyWhen`: kro evaluates it on the object as it is, without the types of its schema. */
export function readyProgramOf(expression: Expression, graph: GraphData, node: GraphNode): Program {
  let program = expression.memo.readiness;
  if (!program) {
    const own = node.forEach.length > 0 ? 'each' : node.id;
    const types = typesOf(graph);
    const environment = types.only(new Map([[own, dyn]]));
    try {
      program = compile(check(expression.node, environment), environment);
    } catch {
      const typed = types.only(new Map([[own, objectType(node)]]));
      program = compile(check(expression.node, typed), typed);
    }
    expression.memo.readiness = program;
  }
  return program;
}

function elementOf(type: CelType): CelType {
  return type.kind === 'list' ? type.element : dyn;
}
