import { KubewrightError } from '../errors.ts';
import type { Node } from '../expr/ast.ts';
import { nodeOf } from '../expr/nodes.ts';
import { markUsed } from '../expr/operators.ts';
import { Deferred, define, Expression, pathText, type Step, type Value } from '../expr/value.ts';

/**
 * Plain frozen data from what an author wrote: references become expressions, `undefined` is left out.
 *
 * @throws KubewrightError `NotJson` for what has no place in a Kubernetes object
 */
export function toValue(input: unknown, bind: (node: Node) => Node): Value {
  return convert(input, { bind, steps: [] });
}

interface Conversion {
  readonly bind: (node: Node) => Node;
  /** The way to the value that is looked at. */
  readonly steps: Step[];
}

function convert(input: unknown, conversion: Conversion): Value {
  const node = nodeOf(input);
  if (node) {
    markUsed(node);
    return new Expression(conversion.bind(node));
  }
  if (input === null || typeof input === 'string' || typeof input === 'boolean' || input instanceof Deferred)
    return input;
  if (typeof input === 'number') {
    if (Number.isFinite(input)) return input;
    throw notJson(conversion, `${input} is not a number that JSON has`);
  }
  if (Array.isArray(input)) return toList(input, conversion);
  if (typeof input === 'object' && isPlain(input)) return toObject(input, conversion);
  throw notJson(conversion, `${describe(input)} has no place in a Kubernetes object`);
}

function toList(input: readonly unknown[], conversion: Conversion): Value {
  const items: Value[] = [];
  for (let index = 0; index < input.length; index++) {
    const item = input[index];
    conversion.steps.push(index);
    if (item === undefined) throw notJson(conversion, 'undefined in a list would shift the items behind it');
    items.push(convert(item, conversion));
    conversion.steps.pop();
  }
  return Object.freeze(items);
}

function toObject(input: object, conversion: Conversion): Value {
  const result: Record<string, Value> = {};
  for (const key of Object.keys(input)) {
    const member = (input as Record<string, unknown>)[key];
    if (member === undefined) continue;
    conversion.steps.push(key);
    if (member === input) throw notJson(conversion, 'refers to itself');
    define(result, key, convert(member, conversion));
    conversion.steps.pop();
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

function notJson({ steps }: Conversion, message: string): KubewrightError {
  return new KubewrightError({
    code: 'NotJson',
    path: pathText(steps),
    message,
    hint: 'Use text, numbers, booleans, lists, plain objects or references.',
  });
}
