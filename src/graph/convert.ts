import { KubewrightError } from '../errors.ts';
import type { Node } from '../expr/ast.ts';
import { nodeOf } from '../expr/nodes.ts';
import { markUsed } from '../expr/operators.ts';
import { Deferred, define, Expression, joinPath, type Value } from '../expr/value.ts';

/**
 * Plain frozen data from what an author wrote: references become expressions, `undefined` is left out.
 *
 * @throws KubewrightError `NotJson` for what has no place in a Kubernetes object
 */
export function toValue(input: unknown, bind: (node: Node) => Node, path = ''): Value {
  const node = nodeOf(input);
  if (node) {
    markUsed(node);
    return new Expression(bind(node));
  }
  if (input === null || typeof input === 'string' || typeof input === 'boolean' || input instanceof Deferred)
    return input;
  if (typeof input === 'number') {
    if (Number.isFinite(input)) return input;
    throw notJson(path, `${input} is not a number that JSON has`);
  }
  if (Array.isArray(input)) return toList(input, bind, path);
  if (typeof input === 'object' && isPlain(input)) return toObject(input, bind, path);
  throw notJson(path, `${describe(input)} has no place in a Kubernetes object`);
}

function toList(input: readonly unknown[], bind: (node: Node) => Node, path: string): Value {
  const items: Value[] = [];
  for (const [index, item] of input.entries()) {
    if (item === undefined) throw notJson(`${path}[${index}]`, 'undefined in a list would shift the items behind it');
    items.push(toValue(item, bind, `${path}[${index}]`));
  }
  return Object.freeze(items);
}

function toObject(input: object, bind: (node: Node) => Node, path: string): Value {
  const result: Record<string, Value> = {};
  for (const key of Object.keys(input)) {
    const member = (input as Record<string, unknown>)[key];
    if (member === input) throw notJson(joinPath(path, key), 'refers to itself');
    if (member !== undefined) define(result, key, toValue(member, bind, joinPath(path, key)));
  }
  return Object.freeze(result);
}

function isPlain(input: object): boolean {
  const prototype = Object.getPrototypeOf(input);
  return prototype === Object.prototype || prototype === null;
}

function describe(input: unknown): string {
  if (typeof input === 'function') return 'a function';
  if (typeof input === 'bigint') return `the bigint ${input}`;
  if (input instanceof Date) return 'a Date';
  if (input instanceof Promise) return 'a promise';
  return typeof input === 'object' ? `an instance of ${input?.constructor?.name ?? 'a class'}` : `a ${typeof input}`;
}

function notJson(path: string, message: string): KubewrightError {
  return new KubewrightError({
    code: 'NotJson',
    path,
    message,
    hint: 'Use text, numbers, booleans, lists, plain objects or references.',
  });
}
