import { quoteGo } from './quote.ts';

/** An expression inside a text: `text` without `${` and `}`. */
export interface Hole {
  readonly text: string;
  readonly start: number;
  /** Behind the closing brace. */
  readonly end: number;
}

/** kro's words (pkg/graph/parser/cel.go). */
const nestedExpression = 'nested expressions are not allowed unless inside string literals';

export class NestedExpression extends Error {
  constructor() {
    super(nestedExpression);
  }
}

/**
 * Finds `${…}` as kro does: braces count outside text in double quotes only, what is not closed is plain text.
 *
 * @throws NestedExpression
 */
function findHoles(text: string): Hole[] {
  const holes: Hole[] = [];
  let budget = failedScanBudget;
  let from = text.indexOf('${');
  while (from >= 0 && budget > 0) {
    const end = closingBrace(text, from);
    if (end < 0) budget -= text.length - from;
    else holes.push({ text: text.slice(from + 2, end), start: from, end: end + 1 });
    from = text.indexOf('${', end < 0 ? from + 1 : end + 1);
  }
  return holes;
}

/** Characters that may be looked at for `${` that are never closed; many of them take quadratic time. */
const failedScanBudget = 20_000_000;

/** Position of the brace that closes the expression at `from`, or -1. */
function closingBrace(text: string, from: number): number {
  let depth = 1;
  let quoted = false;
  for (let at = from + 2; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === '\\') at++;
    else if (char === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at;
    else if (char === '$' && text[at + 1] === '{' && text[at - 1] !== '"') throw new NestedExpression();
  }
  return -1;
}

/** What a text of a template is for kro. */
export type Scanned =
  | { readonly kind: 'plain' }
  /** The text is exactly one expression. */
  | { readonly kind: 'standalone'; readonly cel: string }
  /** Text with holes: a concatenation in CEL. */
  | { readonly kind: 'template'; readonly cel: string; readonly holes: readonly Hole[] };

export function scan(text: string): Scanned {
  if (!text.includes('${')) return { kind: 'plain' };
  const holes = findHoles(text);
  const [first] = holes;
  if (!first) return { kind: 'plain' };
  if (holes.length === 1 && first.start === 0 && first.end === text.length)
    return { kind: 'standalone', cel: first.text };
  const parts: string[] = [];
  let from = 0;
  for (const hole of holes) {
    if (hole.start > from) parts.push(quoteGo(text.slice(from, hole.start)));
    parts.push(`(${hole.text})`);
    from = hole.end;
  }
  if (from < text.length) parts.push(quoteGo(text.slice(from)));
  return { kind: 'template', cel: parts.join(' + '), holes };
}
