import { explain, type Explanation } from '../expr/explain.ts';
import { CelError } from '../expr/error.ts';
import type { Bindings } from '../expr/evaluate.ts';
import type { CelType } from '../expr/types.ts';
import { Expression, isObject, joinPath, type Value } from '../expr/value.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { objectType, typesOf } from '../graph/types.ts';
import { type Surroundings, variables } from './node-state.ts';
import type { Instance, NodePath, Observed, ObservedObject } from './resolution.ts';
import { resolveWithin } from './resolve.ts';

/** An expression that decides something, with the values of its parts. */
export interface ExplainedExpression {
  /** Node that it belongs to, or instance node whose status it is; empty for the status of the whole. */
  readonly path: NodePath;
  /** `status.ready`, `readyWhen`, `includeWhen`. */
  readonly field: string;
  readonly explanation: Explanation;
}

/**
 * Why a deployment is as it is: status fields that are absent or computed from several values, conditions that do not
 * hold.
 */
export function explainExpressions(
  graph: Graph,
  instance: Instance,
  observed: Observed,
): readonly ExplainedExpression[] {
  const found: ExplainedExpression[] = [];
  const visit = (around: Surroundings): void => {
    found.push(...statusOf(around), ...around.graph.nodes.flatMap((node) => conditionsOf(node, around)));
  };
  resolveWithin(graph, instance, observed, { prefix: '', ignoreReadiness: false, visit });
  return found;
}

function statusOf(around: Surroundings): readonly ExplainedExpression[] {
  const { graph, prefix } = around;
  const bindings = variables(around);
  const read = (value: Value, field: string): readonly ExplainedExpression[] => {
    if (value instanceof Expression) {
      const explanation = explain(value.node, typesOf(graph).environment, bindings);
      // A path alone says no more than its value.
      const says = explanation.error !== undefined || explanation.parts.length > 0;
      return says ? [{ path: prefix.slice(0, -1), field, explanation }] : [];
    }
    if (Array.isArray(value)) return value.flatMap((item, index) => read(item, `${field}[${index}]`));
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([key, member]) => read(member, joinPath(field, key)));
  };
  return read(graph.status, 'status');
}

function conditionsOf(node: GraphNode, around: Surroundings): readonly ExplainedExpression[] {
  const { graph, prefix, states, observed } = around;
  const path = prefix + node.id;
  const state = states.get(node.id);
  if (!state || state.ready) return [];
  const included = node.includeWhen.map((condition): ExplainedExpression => {
    return {
      path,
      field: 'includeWhen',
      explanation: explain(condition.node, typesOf(graph).environment, variables(around)),
    };
  });
  const own = node.forEach.length > 0 ? 'each' : node.id;
  const objects = [observed.get(path)].flat().filter((object) => object !== undefined) as readonly ObservedObject[];
  const readiness = node.readyWhen.flatMap((condition) =>
    objects.map((object): ExplainedExpression => {
      const explanation = explainReadiness(condition, { node, graph, own }, { [own]: object });
      return { path, field: 'readyWhen', explanation };
    }),
  );
  return [...included, ...readiness].filter(({ explanation }) => explanation.value !== true);
}

/** kro evaluates `readyWhen` without the types of its schema, where that is possible. */
function explainReadiness(
  condition: Expression,
  { node, graph, own }: { readonly node: GraphNode; readonly graph: Graph; readonly own: string },
  bindings: Bindings,
): Explanation {
  const only = (type: CelType): Explanation =>
    explain(condition.node, typesOf(graph).only(new Map([[own, type]])), bindings);
  try {
    return only({ kind: 'dyn' });
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return only(objectType(node));
  }
}
