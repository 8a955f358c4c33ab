// NOTICE TO THE AUTHOR OF THIS FILE: the uncommitted original was overwritten by mistake while the CEL parser was being
// written. This is a stand-in made from its callers (ref.ts, cel.ts, graph/graph.ts). Put yours back if you have it.
import type { Node } from './ast.ts';
import { isUsed } from './nodes.ts';

/** An operator whose result went nowhere. */
export interface Orphan {
  readonly node: Node;
  /** The stack at the place where it was made. */
  readonly stack: string;
}

let current: Orphan[] | undefined;

/** Notes that an operator was made, while a builder runs. */
export function track<N extends Node>(node: N): N {
  if (current && node.kind !== 'identifier' && node.kind !== 'select' && node.kind !== 'literal') {
    current.push({ node, stack: new Error().stack ?? '' });
  }
  return node;
}

/** Runs `build`; `orphans()` tells, once its result was looked through, which operators nobody took. */
export function findOrphans<T>(build: () => T): { result: T; orphans: () => readonly Orphan[] } {
  const outer = current;
  const made: Orphan[] = [];
  current = made;
  try {
    return { result: build(), orphans: () => made.filter(({ node }) => !isUsed(node)) };
  } finally {
    current = outer;
  }
}
