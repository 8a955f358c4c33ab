import { CelObject, typeName, typeOfValue } from '../cel-values.ts';
import { compare } from '../equality.ts';
import { fail } from '../failure.ts';
import { Condition } from '../condition.ts';

const comparable: ReadonlySet<string> = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
]);

/** The items in the order of their keys; equal keys keep their order. */
export function sortByKeys(items: readonly unknown[], keys: readonly unknown[]): unknown[] {
  if (items.length === 0) return [];
  const type = typeName(typeOfValue(keys[0]));
  if (!comparable.has(type) || keys[0] instanceof Condition) return fail('list elements must be comparable');
  if (keys.some((key) => typeName(typeOfValue(key)) !== type)) return fail('list elements must have the same type');
  const order = items.map((_, index) => index);
  order.sort((a, b) => compare(keys[a], keys[b]) || a - b);
  return order.map((index) => items[index]);
}

export function isComparable(value: unknown): boolean {
  return comparable.has(typeName(typeOfValue(value))) && !(value instanceof CelObject && value instanceof Condition);
}
