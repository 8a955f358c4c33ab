import { captureSource } from '../source-line.ts';
import type { Node } from './ast.ts';
import { isUsed } from './nodes.ts';

/** An operator whose result nothing used: it was looked at by JavaScript (`if (a.eq(b))`), which sees an object. */
export interface Orphan {
  readonly node: Node;
  readonly source: string | undefined;
}

let operators: Map<Node, () => string | undefined> | undefined;

/** Runs a builder; `orphans()` tells, once its result was read, which of the operators that it made went nowhere. */
export function findOrphans<T>(build: () => T): { result: T; orphans: () => readonly Orphan[] } {
  const outer = operators;
  const mine = new Map<Node, () => string | undefined>();
  operators = mine;
  try {
    const result = build();
    return {
      result,
      orphans: () => [...mine].filter(([node]) => !isUsed(node)).map(([node, source]) => ({ node, source: source() })),
    };
  } finally {
    operators = outer;
  }
}

/** Remembers an operator until its result is used. */
export function track(node: Node): Node {
  operators?.set(node, captureSource());
  return node;
}
