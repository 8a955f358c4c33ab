import { KubewrightError } from '../errors.ts';
import type { Node } from './ast.ts';
import { literal, nodeOf, toNode } from './nodes.ts';
import { parse } from './parse.ts';
import { substitute } from './references.ts';

/** The tree of CEL text with values in it. */
export function fromParts(parts: readonly (string | { readonly value: unknown })[]): Node {
  const holes = new Map<string, Node>();
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    const name = `hole_${holes.size}_`;
    holes.set(name, toNode(part.value));
    return ` ${name} `;
  });
  const text = texts.join('');
  const clash = parts.find((part) => typeof part === 'string' && /\bhole_\d+_/.test(part));
  if (clash !== undefined)
    throw new KubewrightError({ code: 'ReservedName', message: `names such as hole_0_ are reserved in ${text}` });
  const tree = parse(text);
  return holes.size === 0
    ? tree
    : substitute(tree, (node) => (node.kind === 'identifier' ? holes.get(node.name) : undefined));
}

export function isTag(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value;
}

export function interleave(
  texts: readonly string[],
  values: readonly unknown[],
): (string | { readonly value: unknown })[] {
  return texts.flatMap((text, position) => (position < values.length ? [text, { value: values[position] }] : [text]));
}

/** The tree of a text with values in it. */
export function template(texts: readonly string[], values: readonly unknown[]): Node {
  const parts: (string | Node)[] = [];
  const add = (text: string): void => {
    const last = parts.at(-1);
    if (typeof last === 'string') parts[parts.length - 1] = last + text;
    else if (text !== '') parts.push(text);
  };
  for (const part of interleave(texts, values)) {
    if (typeof part === 'string') add(part);
    else if (nodeOf(part.value)) parts.push(toNode(part.value));
    else add(toText(part.value));
  }
  const [first] = parts;
  if (parts.length === 0) return literal('');
  return parts.length === 1 && typeof first === 'string'
    ? literal(first)
    : Object.freeze({ kind: 'template', parts: Object.freeze(parts) });
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new KubewrightError({
    code: 'NotText',
    path: 'Cel.template',
    message: `${value === null || value === undefined ? String(value) : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`} cannot be part of a text`,
    hint: 'Pass a text, a number, a boolean or a reference to one.',
  });
}

/** The texts around each `%s`. */
export function splitFormat(format: string, count: number): string[] {
  const texts = [''];
  for (const piece of format.split(/(%%|%s)/)) {
    if (piece === '%s') texts.push('');
    else texts[texts.length - 1] += piece === '%%' ? '%' : piece;
  }
  if (texts.length - 1 === count) return texts;
  throw new KubewrightError({
    code: 'WrongArguments',
    path: 'Cel.template',
    message: `${JSON.stringify(format)} has ${texts.length - 1} times %s and was given ${count} values`,
  });
}
