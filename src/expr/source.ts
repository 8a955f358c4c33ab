import type { Node } from './ast.ts';

const sources = new WeakMap<Node, string>();

/** Remembers the text that a tree was parsed from, so that later errors can show it. */
export function rememberSource(node: Node, text: string): void {
  sources.set(node, text);
}

export function sourceOf(node: Node): string | undefined {
  return sources.get(node);
}
