import { CelDouble, CelMap, CelObject, CelUint, TypedObject } from './cel-values.ts';
import { decodeBase64 } from './base64.ts';
import { fail } from './failure.ts';
import { toInt } from './int64.ts';
import { Duration, Timestamp } from './time.ts';
import { SchemaList } from './schema-list.ts';
import type { CelType, ListType } from './types.ts';

/** JSON of unknown type as a CEL value: integral numbers are int, other numbers double. CEL values stay what they are. */
export function adapt(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? value : adaptNumber(value);
    case 'bigint':
      return adaptBigint(value);
    case 'undefined':
      return null;
    case 'object':
      if (value instanceof Map)
        return CelMap.of(Array.from(value, ([key, item]) => [adapt(key), adapt(item)] as const));
      return value instanceof Date ? Timestamp.fromMilliseconds(value.getTime()) : value;
    default:
      return value;
  }
}

function adaptNumber(value: number): unknown {
  const integral = Number.isInteger(value) && value >= -9223372036854775808 && value < 9223372036854775808;
  // Beyond ±2^53 the digits of the JSON text count, which is what a cluster is sent.
  return integral ? toInt(BigInt(String(value))) : new CelDouble(value);
}

function adaptBigint(value: bigint): unknown {
  return BigInt.asIntN(64, value) === value ? toInt(value) : new CelDouble(Number(value));
}

export type Adapter = (value: unknown) => unknown;

const strict = new WeakMap<CelType, Adapter>();
const lenient = new WeakMap<CelType, Adapter>();

/** How JSON is read as a value of this type, the way kro reads an object with its schema: what does not fit fails. */
export function adapterFor(type: CelType): Adapter {
  let adapter = strict.get(type);
  if (!adapter) {
    adapter = makeAdapter(type, mismatch);
    strict.set(type, adapter);
  }
  return adapter;
}

/** How a variable is read: what does not fit its type passes as what it is, as cel-go does. */
export function variableAdapter(type: CelType): Adapter {
  let adapter = lenient.get(type);
  if (!adapter) {
    adapter = makeAdapter(type, (_expected, value) => adapt(value));
    lenient.set(type, adapter);
  }
  return adapter;
}

type Mismatch = (expected: string, value: unknown) => unknown;

function makeAdapter(type: CelType, otherwise: Mismatch): Adapter {
  switch (type.kind) {
    case 'string':
      return (value) => (typeof value === 'string' ? value : otherwise('string', value));
    case 'int':
      return (value) => (typeof value === 'number' && Number.isSafeInteger(value) ? value : adaptInt(value, otherwise));
    case 'uint':
      return (value) =>
        typeof value === 'number' && value >= 0 && Number.isSafeInteger(value) ? new CelUint(value) : adapt(value);
    case 'double':
      return (value) =>
        typeof value === 'number' || typeof value === 'bigint'
          ? new CelDouble(Number(value))
          : otherwise('float', value);
    case 'bool':
      return (value) => (typeof value === 'boolean' ? value : otherwise('bool', value));
    case 'timestamp':
      return (value) => adaptTimestamp(value, otherwise);
    case 'duration':
      return (value) =>
        typeof value === 'string' ? (Duration.parse(value) ?? fail('Invalid duration')) : otherwise('string', value);
    case 'bytes':
      return (value) =>
        typeof value === 'string'
          ? (decodeBase64(value) ?? fail('Invalid byte formatted string'))
          : otherwise('string', value);
    case 'list':
      return listAdapter(type);
    case 'map':
      return isPlain(type) ? adapt : (value) => (isRecord(value) ? new TypedObject(value, type) : adapt(value));
    case 'struct':
      return (value) => (isRecord(value) ? new TypedObject(value, type) : otherwise('a map', value));
    default:
      return adapt;
  }
}

function listAdapter(type: ListType): Adapter {
  if (isPlain(type)) return adapt;
  const item = adapterFor(type.element);
  const read = type.read || type.listType;
  return (value) => {
    if (!Array.isArray(value)) return adapt(value);
    if (value instanceof SchemaList) return value;
    const items = value.map(item);
    if (read) return SchemaList.make(items, value, type);
    // A list is the key of a map by its identity, which reading it again must not change.
    return items.every((one, index) => one === value[index]) ? value : items;
  };
}

/** Whether JSON of this type is the CEL value as it stands. */
export function isPlain(type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'string':
    case 'int':
    case 'bool':
    case 'null':
      return true;
    case 'list':
      return !type.read && !type.listType && isPlain(type.element);
    case 'map':
      return !type.read && isPlain(type.value) && type.key.kind === 'string';
    default:
      return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof CelObject) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Map)
  );
}

/** CEL values pass, whatever was declared: operators check what they are given. */
function mismatch(expected: string, value: unknown): unknown {
  if (value instanceof CelObject || value instanceof Uint8Array || value instanceof Map) return adapt(value);
  if (value === null || value === undefined) return fail('invalid data, got null for schema with nullable=false');
  return fail(`invalid data, expected ${expected}, got ${describe(value)}`);
}

function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    default:
      return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  }
}

function adaptInt(value: unknown, otherwise: Mismatch): unknown {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return toInt(value);
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 9223372036854775808)
    return toInt(BigInt(String(value)));
  return otherwise(typeof value === 'number' ? 'int, got non-integer float' : 'int', value);
}

function adaptTimestamp(value: unknown, otherwise: Mismatch): unknown {
  if (value instanceof Date) return Timestamp.fromMilliseconds(value.getTime());
  if (typeof value !== 'string') return otherwise('string', value);
  const text = /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value;
  return Timestamp.parse(text, { lenient: true }) ?? fail('Invalid date-time formatted string');
}
