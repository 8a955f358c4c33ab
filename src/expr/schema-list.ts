import { CelDouble, CelMap, TypedObject } from './cel-values.ts';
import { fail } from './failure.ts';
import { escapeField } from './field-name.ts';
import type { CelType, ListType } from './types.ts';

/**
 * A list of a Kubernetes object, with what its schema says of it: sets and maps (`x-kubernetes-list-type`) are equal in
 * any order and take in what is added by key. Anything that is made of it is a plain list.
 */
export class SchemaList extends Array<unknown> {
  /** The list as it stands in the object. */
  raw: readonly unknown[] = [];
  type: ListType = { kind: 'list', element: { kind: 'dyn' } };

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static make(items: readonly unknown[], raw: readonly unknown[], type: ListType): SchemaList {
    const list = new SchemaList();
    for (const item of items) list.push(item);
    list.raw = raw;
    list.type = type;
    return list;
  }
}

/** Equality of a set or a map with another list, as kro's API libraries have it; `undefined` where order counts. */
export function unorderedEquals(
  left: SchemaList,
  right: readonly unknown[],
  equals: (left: unknown, right: unknown) => boolean,
): boolean | undefined {
  const keyOf = elementKey(left.type);
  if (!keyOf) return undefined;
  if (left.length !== right.length) return false;
  const byKey = new Map(left.raw.map((raw, index) => [keyOf(raw), index]));
  return right.every((item) => {
    const raw = rawOf(item);
    if (left.type.listType === 'set' && isUnhashable(raw))
      return fail('internal error: runtime error: hash of unhashable type');
    const key = keyOf(raw);
    const index = key === undefined ? undefined : byKey.get(key);
    return index !== undefined && (left.type.listType === 'set' || equals(left[index], item));
  });
}

/** What tells the elements of a set or a map apart; a value without key is never found. */
export function elementKey(type: ListType): ((raw: unknown) => string | undefined) | undefined {
  if (type.listType === 'set') return scalarKey;
  if (type.listType !== 'map') return undefined;
  const names = (type.mapKeys ?? []).map((name) => escapeField(name) ?? name);
  return (raw) => {
    if (!isRecord(raw)) return undefined;
    return JSON.stringify(names.map((name) => scalarKey(Object.hasOwn(raw, name) ? raw[name] : null)));
  };
}

/** Go tells an int64 from a float64 of the same value. */
function scalarKey(raw: unknown): string | undefined {
  if (raw === null || raw === undefined) return 'null';
  if (raw instanceof CelDouble) return `double ${raw.value}`;
  if (typeof raw === 'number') return `${Number.isInteger(raw) ? 'int' : 'double'} ${raw}`;
  if (typeof raw === 'bigint') return `int ${raw}`;
  return typeof raw === 'string' || typeof raw === 'boolean' ? `${typeof raw} ${raw}` : undefined;
}

/** A CEL value as kro finds it in a list: objects as their JSON. */
export function rawOf(value: unknown): unknown {
  if (value instanceof TypedObject) return value.raw;
  return value instanceof SchemaList ? value.raw : value;
}

/** Go panics when it looks for one of these. */
function isUnhashable(raw: unknown): boolean {
  return Array.isArray(raw) || isRecord(raw) || raw instanceof CelMap || raw instanceof Uint8Array;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

const reads = new WeakMap<CelType, CelType>();

/** The type of a part of a Kubernetes object, told from that of a value which an expression made. */
export function readType(type: CelType): CelType {
  if (type.kind !== 'list' && type.kind !== 'map' && type.kind !== 'struct') return type;
  let read = reads.get(type);
  if (!read) {
    read = makeReadType(type);
    reads.set(type, read);
    reads.set(read, read);
  }
  return read;
}

function makeReadType(type: CelType & { kind: 'list' | 'map' | 'struct' }): CelType {
  if (type.kind === 'list') return { ...type, element: readType(type.element), read: true };
  if (type.kind === 'map') return { ...type, value: readType(type.value), read: true };
  return {
    ...type,
    fieldNames: () => type.fieldNames(),
    field(name) {
      const declared = type.field(name);
      return declared && readType(declared);
    },
  };
}
