import { KubewrightError } from '../errors.ts';
import type { Node } from '../expr/ast.ts';
import { Expression, visitLeaves } from '../expr/value.ts';
import { children } from '../expr/walk.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';

/** What only an object in a cluster has. */
const unknown: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'generation',
  'selfLink',
  'managedFields',
]);

/** Reads of the instance that would wait for ever in mode direct, where the instance is no object. */
export function virtualInstanceProblems({ nodes }: Graph): Error[] {
  return nodes.flatMap((node) => {
    const expressions = expressionsOf(node);
    if (expressions.length === 0) return [];
    const fields = new Set(expressions.flatMap((expression) => [...readsOf(expression.node)]));
    return [...fields].map(
      (field) =>
        new KubewrightError({
          code: 'VirtualInstance',
          resource: node.id,
          message: `reads schema.metadata.${field}, and in mode direct the instance is no object that has one`,
          hint: 'Make it from the name and namespace of the instance, or deploy in mode kro.',
        }),
    );
  });
}

function expressionsOf({ template, includeWhen, forEach }: GraphNode): Expression[] {
  const found = [...includeWhen, ...forEach.map(({ list }) => list)];
  visitLeaves(template, (leaf) => {
    if (leaf instanceof Expression) found.push(leaf);
  });
  return found;
}

function* readsOf(node: Node): Iterable<string> {
  const isMetadata =
    node.kind === 'select' &&
    !node.optional &&
    node.operand.kind === 'select' &&
    node.operand.field === 'metadata' &&
    node.operand.operand.kind === 'identifier' &&
    node.operand.operand.name === 'schema';
  if (isMetadata && unknown.has(node.field)) yield node.field;
  for (const child of children(node)) yield* readsOf(child);
}
