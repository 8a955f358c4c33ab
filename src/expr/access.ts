import { adapt } from './adapt.ts';
import { CelDouble, CelMap, CelOptional, CelUint, none, TypedObject, typeName, typeOfValue } from './cel-values.ts';
import { isMap, mapFind } from './collections.ts';
import { Condition } from './condition.ts';
import { fail, indexOutOfBounds, noSuchKey } from './failure.ts';

/** `value.key` or `value[key]` for a value of unknown type. */
export function get(value: unknown, key: unknown, strict = false): unknown {
  requireKey(key);
  if (value instanceof CelOptional) return value.present ? optionalGet(value.value, key, strict) : none;
  const found = find(value, key);
  if (found !== undefined) return found;
  throw Array.isArray(value) ? indexOutOfBounds(keyText(key)) : noSuchKey(keyText(key));
}

/** `value.?key` or `value[?key]`. */
export function optionalGet(value: unknown, key: unknown, strict = false): CelOptional {
  requireKey(key);
  if (value instanceof CelOptional) return value.present ? optionalGet(value.value, key, strict) : none;
  if (strict) requireContainer(value, key);
  const found = find(value, key);
  return found === undefined ? none : new CelOptional(found);
}

/** Only some types may select an element, whatever of. */
function requireKey(key: unknown): void {
  if (typeof key !== 'object' || key instanceof CelUint || key instanceof CelDouble) return;
  fail(`invalid qualifier type: ${typeName(typeOfValue(key))}`);
}

/** As specified, asking for a field of something that has none is an error, not an absent field. */
export function requireContainer(value: unknown, key: unknown): void {
  if (!Array.isArray(value) && !isMap(value) && !(value instanceof Condition)) throw noSuchKey(keyText(key));
}

/** The value of a key, `undefined` when there is none. */
export function find(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const index = listIndex(key);
    return index >= 0 && index < value.length ? adapt(value[index]) : undefined;
  }
  if (isMap(value)) return mapFind(value, key);
  if (value instanceof Condition) return value.field(key);
  return undefined;
}

/** Numbers of any type that are integral may index a list. */
function listIndex(key: unknown): number {
  if (typeof key === 'number') return key;
  if (typeof key === 'bigint') return -1;
  if (key instanceof CelUint)
    return key.value <= 9223372036854775807n ? Number(key.value) : fail(`unsupported index value ${key.value} in list`);
  if (key instanceof CelDouble)
    return Number.isSafeInteger(key.value) ? key.value : fail(`unsupported index value ${key.value} in list`);
  return fail(`unsupported index type '${typeof key === 'boolean' ? 'bool' : typeof key}' in list`);
}

function keyText(key: unknown): string {
  return key instanceof CelDouble || key instanceof CelUint ? String(key.value) : String(key);
}

/** A field of a Kubernetes object as it stands in the JSON; `undefined` when it is absent or null. */
export function rawField(value: unknown, field: string): unknown {
  if (typeof value !== 'object') return fail('invalid data, expected a map for the provided schema with type=object');
  if (value === null) return fail('invalid data, got null for schema with nullable=false');
  const raw = value instanceof TypedObject ? value.raw : value;
  if (!Object.hasOwn(raw, field)) return undefined;
  const found = (raw as Record<string, unknown>)[field];
  return found === null ? undefined : found;
}

/** A declared field of an object, as it stands in the JSON. */
export function rawMember(value: unknown, name: string, field: string): unknown {
  const found = rawField(value, name);
  if (found === undefined) throw noSuchKey(field);
  return found;
}

/** A value of a map as it stands in the JSON, or as the CEL value that it is already. */
export function rawEntry(map: unknown, key: unknown): unknown {
  const raw = map instanceof TypedObject ? map.raw : map;
  if (typeof key !== 'string' || raw instanceof CelMap || Array.isArray(raw) || raw instanceof Map)
    return get(adapt(map), key);
  if (typeof raw !== 'object' || raw === null || !Object.hasOwn(raw, key)) throw noSuchKey(key);
  return (raw as Record<string, unknown>)[key];
}

/** An element of a list as it stands in the JSON. */
export function rawItem(list: unknown, index: unknown): unknown {
  if (!Array.isArray(list) || typeof index !== 'number') return get(adapt(list), index);
  if (index < 0 || index >= list.length) throw indexOutOfBounds(index);
  return list[index];
}
