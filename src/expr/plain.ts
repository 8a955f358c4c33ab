import { adapt } from './adapt.ts';
import {
  CelDouble,
  CelMap,
  CelObject,
  CelOmit,
  CelOptional,
  CelUint,
  typeName,
  typeOfValue,
  TypedObject,
} from './cel-values.ts';
import { isJsonObject } from './collections.ts';
import { Condition } from './condition.ts';
import { CelError } from './error.ts';
import { Duration, Timestamp } from './time.ts';

/** A CEL value as plain JavaScript; classes stay where JavaScript has no value of its own. */
export function toPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof CelDouble) return value.value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof TypedObject) return value.raw;
  if (value instanceof CelMap) return plainMap(value);
  if (value instanceof CelOptional) return value.present ? new CelOptional(toPlain(value.value)) : value;
  return value;
}

function plainMap(map: CelMap): unknown {
  const object: Record<string, unknown> = {};
  for (const [key, value] of map.entries()) {
    if (typeof key !== 'string')
      return new Map(Array.from(map.entries(), ([each, item]) => [toPlain(each), toPlain(item)] as const));
    if (key === '__proto__')
      Object.defineProperty(object, key, {
        value: toPlain(value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else object[key] = toPlain(value);
  }
  return object;
}

/**
 * What kro writes into an object for this value: timestamps as RFC 3339 in seconds, durations in Go's notation, uint as
 * number, an optional without value as null. `omit()` gives back `CelOmit`, which the caller leaves out.
 *
 * @throws CelError with phase `evaluate` for what kro refuses: bytes, types, keys that are no strings
 */
export function toJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return value.map((item) => toJson(adapt(item)));
  if (value instanceof Uint8Array) {
    const advice = 'encode it explicitly, e.g. base64.encode(...)';
    return unsupported(`bytes value cannot be used directly in a resource template or status field; ${advice}`);
  }
  if (value instanceof CelObject) return objectToJson(value);
  if (value instanceof Map) return toJson(adapt(value));
  return isJsonObject(value) ? structuredClone(value) : unsupported(typeName(typeOfValue(value)));
}

function objectToJson(value: CelObject): unknown {
  if (value instanceof CelDouble) return value.value;
  if (value instanceof CelUint) {
    if (value.value > 9223372036854775807n) {
      return unsupported('uint value overflows int64; convert it explicitly, e.g. string(...)');
    }
    return value.value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value.value) : value.value;
  }
  if (value instanceof TypedObject) return structuredClone(value.raw);
  if (value instanceof CelMap) return mapToJson(value);
  if (value instanceof CelOptional) return value.present ? toJson(value.value) : null;
  if (value instanceof Timestamp) return new Timestamp(value.seconds).toString();
  if (value instanceof Duration) return value.toGoString();
  if (value instanceof CelOmit) return value;
  if (value instanceof Condition) {
    const { type, status, reason, message } = value;
    return { type, status, reason, message };
  }
  return unsupported(typeName(value.celType));
}

function mapToJson(map: CelMap): unknown {
  const entries: [string, unknown][] = [];
  for (const [key, value] of map.entries()) {
    if (typeof key !== 'string') return refuse(`map key must be string, got ${goType(key)}`);
    entries.push([key, toJson(value)]);
  }
  return Object.fromEntries(entries);
}

function goType(key: unknown): string {
  if (key instanceof CelUint) return 'uint64';
  return typeof key === 'boolean' ? 'bool' : 'int64';
}

function unsupported(reason: string): never {
  return refuse(`unsupported type: ${reason}`);
}

function refuse(reason: string): never {
  throw new CelError({ phase: 'evaluate', issues: [{ reason }] });
}
