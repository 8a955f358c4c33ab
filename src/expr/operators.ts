import { captureSource } from '../source-line.ts';
import type { Node } from './ast.ts';

/** An operator whose result nothing used: it was looked at by JavaScript (`if (a.eq(b))`), which sees an object. */
export interface Orphan {
  readonly node: Node;
  readonly source: string | undefined;
}

interface Scope {
  readonly made: Map<Node, () => string | undefined>;
  readonly outer: Scope | undefined;
}

let scope: Scope | undefined;

/** Runs a builder, and what reads its result; gives the operators that were made and went nowhere. */
export function findOrphans<T>(build: () => T): { result: T; orphans: readonly Orphan[] } {
  const mine: Scope = { made: new Map(), outer: scope };
  scope = mine;
  try {
    const result = build();
    return { result, orphans: [...mine.made].map(([node, source]) => ({ node, source: source() })) };
  } finally {
    scope = mine.outer;
  }
}

/** Remembers an operator until its result is used. */
export function track(node: Node): Node {
  scope?.made.set(node, captureSource());
  return node;
}

/** Notes that an operator's result went somewhere: into another operator, a leaf or an option. */
export function markUsed(node: Node): void {
  for (let current = scope; current; current = current.outer) if (current.made.delete(node)) return;
}
