import type { Node } from './ast.ts';

/** Partial evaluation. */
export function fold(node: Node): Node {
  return node;
}
