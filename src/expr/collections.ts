import { escapeField, unescapeField } from './field-name.ts';
import { adapt, adapterFor } from './adapt.ts';
import { CelMap, CelObject, TypedObject } from './cel-values.ts';

/** Maps have three forms: JSON objects, objects with a type, and what an expression made. */
export type CelMapLike = Readonly<Record<string, unknown>> | CelMap | TypedObject;

export function isMap(value: unknown): value is CelMapLike {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof CelObject) return value instanceof CelMap || value instanceof TypedObject;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof CelObject) &&
    !(value instanceof Uint8Array)
  );
}

/** The value of a key, `undefined` when there is none. Own properties only: names of the prototype are data. */
export function mapFind(map: CelMapLike | object, key: unknown): unknown {
  if (map instanceof CelMap) return map.get(key);
  if (typeof key !== 'string') return undefined;
  if (map instanceof TypedObject) return typedFind(map, key);
  if (!Object.hasOwn(map, key)) return undefined;
  return adapt((map as Record<string, unknown>)[key]);
}

function typedFind({ raw, type }: TypedObject, key: string): unknown {
  if (type.kind === 'map') return Object.hasOwn(raw, key) ? adapterFor(type.value)(raw[key]) : undefined;
  const name = unescapeField(key);
  if (name === undefined || !Object.hasOwn(raw, name)) return undefined;
  const value = raw[name];
  // A null field counts as absent, as it does in Kubernetes.
  if (value === null || value === undefined) return undefined;
  const declared = type.field(name);
  return declared ? adapterFor(declared)(value) : adapt(value);
}

export function mapSize(map: CelMapLike | object): number {
  if (map instanceof CelMap) return map.size;
  return Object.keys(map instanceof TypedObject ? map.raw : map).length;
}

export function mapKeys(map: CelMapLike | object): unknown[] {
  if (map instanceof CelMap) return Array.from(map.entries(), ([key]) => key);
  if (!(map instanceof TypedObject)) return Object.keys(map);
  const keys = Object.keys(map.raw);
  return map.type.kind === 'struct' ? keys.map((key) => escapeField(key) ?? key) : keys;
}

/** Pairs of a map. A null field of a typed object has no value and is left out. */
export function mapEntries(map: CelMapLike | object): Iterable<readonly [unknown, unknown]> {
  if (map instanceof CelMap) return map.entries();
  return mapKeys(map)
    .map((key) => [key, mapFind(map, key)] as const)
    .filter(([, value]) => value !== undefined);
}

export function listItem(list: readonly unknown[], index: number): unknown {
  return adapt(list[index]);
}
