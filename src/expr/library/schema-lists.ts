import { adapterFor } from '../adapt.ts';
import { CelDouble, CelObject, TypedObject } from '../cel-values.ts';
import { equals } from '../equality.ts';
import { fail, isNoSuchOverload, noSuchOverload } from '../failure.ts';
import { isInt } from '../int64.ts';
import { elementKey, rawOf, SchemaList } from '../schema-list.ts';
import type { CelType } from '../types.ts';

/**
 * `list + other` where the list stands in a Kubernetes object, as kro's API libraries have it: a set takes what it has
 * not, a map replaces what has the same key, and what is added has to fit the schema.
 */
export function addToSchemaList(left: SchemaList, right: readonly unknown[]): SchemaList {
  const { type } = left;
  const keyOf = elementKey(type);
  const raws: unknown[] = [...left.raw];
  const items: unknown[] = [...left];
  const places = new Map(keyOf ? raws.map((raw, index) => [keyOf(raw), index]) : []);
  for (const item of right) {
    const raw = rawOf(item);
    const key = keyOf?.(raw);
    const known = key === undefined ? undefined : places.get(key);
    if (known !== undefined && type.listType === 'set') continue;
    const place = known ?? raws.length;
    if (key !== undefined) places.set(key, place);
    raws[place] = raw;
    items[place] = fitting(item, raw, type.element);
  }
  return SchemaList.make(items, raws, type);
}

/** `value in list`: elements that cannot be compared are an error when no other one is equal. */
export function schemaListContains(list: SchemaList, value: unknown): boolean {
  let failure: unknown;
  for (const item of list) {
    try {
      if (value === null && hasSchema(item)) throw noSuchOverload();
      if (equals(item, value)) return true;
    } catch (error) {
      if (!isNoSuchOverload(error)) throw error;
      failure ??= error;
    }
  }
  if (failure) throw failure;
  return false;
}

/** Equality with null is answered before the value is asked, but not for the elements of a list. */
function hasSchema(item: unknown): boolean {
  return item instanceof SchemaList || (item instanceof TypedObject && item.hasSchema);
}

function fitting(item: unknown, raw: unknown, element: CelType): unknown {
  if (element.kind === 'dyn') return intOrString(item);
  if (element.kind === 'list' && !Array.isArray(item))
    return fail('invalid data, expected an array for the provided schema with type=array');
  if (item instanceof CelDouble) return adapterFor(element)(item.value);
  const madeHere = (item instanceof CelObject && !(item instanceof TypedObject)) || item instanceof Uint8Array;
  if (madeHere || (Array.isArray(item) && !(item instanceof SchemaList)))
    return fail('invalid data, expected what the schema of the list says');
  return adapterFor(element)(raw);
}

/** The elements of a list have no other type that is left to the object. */
function intOrString(item: unknown): unknown {
  if (typeof item === 'string' || isInt(item)) return item;
  return fail('invalid data, expected XIntOrString value to be either a string or integer');
}
