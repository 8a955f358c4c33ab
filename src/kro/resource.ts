import type { Node } from '../expr/ast.ts';
import { call, identifier, literal, select } from '../expr/nodes.ts';
import { identifiers } from '../expr/references.ts';
import { Expression, visitLeaves, type ValueObject } from '../expr/value.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { DefinitionResource } from './api.ts';
import { writeExpression, writeObject } from './expressions.ts';

/** Writes one node as an entry of `spec.resources`. */
export function writeResource(node: GraphNode, nodes: readonly GraphNode[]): DefinitionResource {
  const includeWhen = [...node.includeWhen.filter((condition) => !isTrue(condition)), ...waits(node, nodes)];
  return {
    id: node.id,
    ...(includeWhen.length > 0 && { includeWhen: includeWhen.map(writeExpression) }),
    ...(node.readyWhen.length > 0 && { readyWhen: node.readyWhen.map(writeExpression) }),
    ...(node.forEach.length > 0 && {
      forEach: node.forEach.map(({ name, list }) => ({ [name]: writeExpression(list) })),
    }),
    ...body(node),
  };
}

function body(node: GraphNode): Pick<DefinitionResource, 'template' | 'externalRef'> {
  if (!node.external) return { template: writeObject(node.template) };
  const metadata = writeObject((node.template['metadata'] ?? {}) as ValueObject);
  return { externalRef: { apiVersion: node.apiVersion, kind: node.kind, metadata } };
}

function isTrue({ node }: Expression): boolean {
  return node.kind === 'literal' && node.value === true;
}

/**
 * kro waits for what an expression names: a condition that always holds stands for `dependsOn`. A target that is left out
 * takes the node with it, as a reference does.
 */
function waits(node: GraphNode, nodes: readonly GraphNode[]): Expression[] {
  if (node.dependsOn.length === 0) return [];
  const named = namedIds(node);
  const targets = nodes.filter(({ id }) => node.dependsOn.includes(id) && !named.has(id));
  return targets.map((target) => new Expression(alwaysTrue(target)));
}

function alwaysTrue(target: GraphNode): Node {
  const variable = identifier(target.id);
  const isList = target.forEach.length > 0 || target.external === 'selector';
  if (isList) return call('_>=_', [call('size', [variable]), literal(0)]);
  return call('_!=_', [select(select(variable, 'metadata'), 'name'), literal('')]);
}

/** Everything that kro takes as a dependency by itself; readyWhen is not among it. */
function namedIds(node: GraphNode): Set<string> {
  const expressions = [...node.includeWhen, ...node.forEach.map(({ list }) => list)];
  visitLeaves(node.template, (leaf) => {
    if (leaf instanceof Expression) expressions.push(leaf);
  });
  return new Set(expressions.flatMap(({ node: tree }) => [...identifiers(tree)]));
}
