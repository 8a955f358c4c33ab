import type { Node } from '../expr/ast.ts';
import { CelError } from '../expr/error.ts';
import { call } from '../expr/nodes.ts';
import { parse } from '../expr/parse.ts';
import { define, Expression, type Value, type ValueObject } from '../expr/value.ts';
import { KubewrightError } from '../errors.ts';
import type { Path } from './read/place.ts';
import { NestedExpression, scan } from './read/scan.ts';

/** Reads the values of a definition; problems are placed in it. */
export class ValueReader {
  readonly #place: (path: Path) => string;

  constructor(place: (path: Path) => string) {
    this.#place = place;
  }

  /** A tree in which texts with `${…}` are expressions. */
  tree(value: unknown, path: Path): Value {
    if (typeof value === 'string') return this.text(value, path);
    if (Array.isArray(value))
      return Object.freeze(value.map((item: unknown, index) => this.tree(item, [...path, index])));
    return typeof value === 'object' && value !== null ? this.object(value, path) : ((value ?? null) as Value);
  }

  object(value: object, path: Path): ValueObject {
    const result: Record<string, Value> = {};
    for (const [name, field] of Object.entries(value)) define(result, name, this.tree(field, [...path, name]));
    return Object.freeze(result);
  }

  /** Texts that are one expression each: conditions. */
  expressions(texts: readonly string[], path: Path): Expression[] {
    return texts.map((text, index) => this.expression(text, [...path, index]));
  }

  expression(text: string, path: Path): Expression {
    const value = this.text(text, path);
    if (value instanceof Expression) return value;
    throw this.#problem(path, 'is no expression. Write it as ${…}', undefined);
  }

  text(text: string, path: Path): string | Expression {
    try {
      return valueOf(text);
    } catch (error) {
      if (error instanceof CelError || error instanceof NestedExpression)
        throw this.#problem(path, error.message, error);
      throw error;
    }
  }

  #problem(path: Path, message: string, cause: unknown): KubewrightError {
    return new KubewrightError({
      code: cause instanceof CelError ? cause.code : 'InvalidExpression',
      resource: this.#place(path),
      message,
      cause,
    });
  }
}

function valueOf(text: string): string | Expression {
  const scanned = scan(text);
  if (scanned.kind === 'plain') return text;
  if (scanned.kind === 'standalone') return new Expression(parse(scanned.cel));
  const parts: (string | Node)[] = [];
  let from = 0;
  for (const { text: cel, start, end } of scanned.holes) {
    if (start > from) parts.push(text.slice(from, start));
    const node = parse(cel);
    parts.push(node.kind === 'literal' && node.type === 'string' ? node.value : node);
    from = end;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts.every((part) => typeof part === 'string') ? parts.join('') : new Expression(joined(parts));
}

/** Holes without text between them are a sum for kro, of whatever they are. */
function joined(parts: readonly (string | Node)[]): Node {
  const nodes = parts.filter((part) => typeof part !== 'string');
  if (nodes.length < parts.length) return { kind: 'template', parts };
  return nodes.reduce((sum, node) => call('_+_', [sum, node]));
}
