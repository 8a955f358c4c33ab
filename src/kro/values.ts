import type { Node } from '../expr/ast.ts';
import { Expression, visitLeaves, type Value } from '../expr/value.ts';
import { children } from '../expr/walk.ts';
import type { GraphData } from '../graph/graph.ts';

/**
 * Whether instances have no values at all: the schema declares none, and nothing reads one. (An object type without fields
 * allows any field in TypeScript.)
 */
export function hasNoValues({ spec, nodes, status }: GraphData): boolean {
  if (spec.json.type !== 'object' || spec.json.properties || spec.json.additionalProperties) return false;
  const expressions: Expression[] = nodes.flatMap(({ includeWhen, forEach }) => [
    ...includeWhen,
    ...forEach.map(({ list }) => list),
  ]);
  const collect = (leaf: Value): void => {
    if (leaf instanceof Expression) expressions.push(leaf);
  };
  visitLeaves(status, collect);
  for (const { template } of nodes) visitLeaves(template, collect);
  return !expressions.some(({ node }) => readsValues(node));
}

function readsValues(node: Node): boolean {
  if (node.kind === 'identifier') return node.name === 'schema';
  if (node.kind === 'select' && node.operand.kind === 'identifier' && node.operand.name === 'schema')
    return node.field === 'spec';
  return children(node).some(readsValues);
}
