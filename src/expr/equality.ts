import { CelDouble, CelMap, CelObject, CelOptional, CelUint, TypedObject } from './cel-values.ts';
import { noSuchOverload } from './failure.ts';
import { compareWithDouble } from './int64.ts';
import { isMap, listItem, mapEntries, mapFind, mapSize } from './collections.ts';
import { SchemaList, unorderedEquals } from './schema-list.ts';

/** CEL's `==`: numbers are compared across their types, other types are never equal. */
export function equals(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  const kind = typeof left;
  if (kind === 'string' || kind === 'boolean') return false;
  if (kind === 'number' || kind === 'bigint') return numberEquals(left as number | bigint, right);
  if (left === null || right === null || left === undefined || right === undefined)
    return (left ?? null) === (right ?? null);
  if (left instanceof CelDouble) return doubleEquals(left, right);
  if (left instanceof CelUint) {
    if (right instanceof CelUint) return left.value === right.value;
    if (right instanceof CelDouble) return compareWithDouble(left.value, right.value) === 0;
    return (typeof right === 'number' || typeof right === 'bigint') && left.value === BigInt(right);
  }
  if (left instanceof SchemaList && !Array.isArray(right)) throw noSuchOverload();
  if (Array.isArray(left)) return Array.isArray(right) && listEquals(left, right);
  if (left instanceof Uint8Array) return right instanceof Uint8Array && bytesEqual(left, right);
  if (left instanceof TypedObject && left.hasSchema && !isMap(right)) throw noSuchOverload();
  if (isMap(left)) return isMap(right) && mapEquals(left, right);
  if (left instanceof CelOptional) {
    if (!(right instanceof CelOptional)) return false;
    return left.present ? right.present && equals(left.value, right.value) : !right.present;
  }
  return left instanceof CelObject && left.equals(right);
}

function numberEquals(left: number | bigint, right: unknown): boolean {
  if (typeof right !== 'object' || right === null) return false;
  if (right instanceof CelDouble) return compareWithDouble(left, right.value) === 0;
  return right instanceof CelUint && right.value === BigInt(left);
}

function doubleEquals(left: CelDouble, right: unknown): boolean {
  if (right instanceof CelDouble) return left.value === right.value;
  if (typeof right === 'number' || typeof right === 'bigint') return compareWithDouble(right, left.value) === 0;
  return right instanceof CelUint && compareWithDouble(right.value, left.value) === 0;
}

function listEquals(left: readonly unknown[], right: readonly unknown[]): boolean {
  const unordered = left instanceof SchemaList ? unorderedEquals(left, right, equals) : undefined;
  if (unordered !== undefined) return unordered;
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    if (!equals(listItem(left, index), listItem(right, index))) return false;
  }
  return true;
}

function mapEquals(left: CelMap | TypedObject | object, right: CelMap | TypedObject | object): boolean {
  if (mapSize(left) !== mapSize(right)) return false;
  for (const [key, value] of mapEntries(left)) {
    const other = mapFind(right, key);
    if (other === undefined || !equals(value, other)) return false;
  }
  return true;
}

function bytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** The operands of `<` and its like: nothing that has an order is ordered against NaN, whatever its type. */
export function compareOperands(left: unknown, right: unknown): number {
  if (isNotANumber(left) || (isNotANumber(right) && hasOrder(left))) return Number.NaN;
  return compare(left, right);
}

function hasOrder(value: unknown): boolean {
  if (typeof value !== 'object') return true;
  return value instanceof CelDouble || value instanceof CelUint || value instanceof Uint8Array || isTime(value);
}

function isTime(value: unknown): boolean {
  return value instanceof CelObject && (value.celType.kind === 'timestamp' || value.celType.kind === 'duration');
}

function isNotANumber(value: unknown): boolean {
  return value instanceof CelDouble && Number.isNaN(value.value);
}

/** CEL's order: negative, zero or positive; NaN when one side is not a number. */
export function compare(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string') {
    if (typeof right === 'string') return compareStrings(left, right);
    throw noSuchOverload();
  }
  const numeric = compareNumbers(left, right);
  if (numeric !== undefined) return numeric;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Math.sign(Buffer.compare(left, right));
  if (left instanceof CelObject) return left.compare(right);
  throw noSuchOverload();
}

function compareNumbers(left: unknown, right: unknown): number | undefined {
  const a = numeric(left);
  const b = numeric(right);
  if (a === undefined || b === undefined) return undefined;
  if (a instanceof CelDouble) {
    if (b instanceof CelDouble)
      return a.value < b.value ? -1 : a.value > b.value ? 1 : a.value === b.value ? 0 : Number.NaN;
    return -compareWithDouble(b, a.value);
  }
  if (b instanceof CelDouble) return compareWithDouble(a, b.value);
  return a < b ? -1 : a > b ? 1 : 0;
}

function numeric(value: unknown): number | bigint | CelDouble | undefined {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof CelDouble) return value;
  return value instanceof CelUint ? value.value : undefined;
}

/** By code point, as Go compares UTF-8; JavaScript's own order differs for characters beyond the basic plane. */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    const surrogateA = a >= 0xd800 && a <= 0xdfff;
    const surrogateB = b >= 0xd800 && b <= 0xdfff;
    if (surrogateA !== surrogateB) return surrogateA ? 1 : -1;
    return a < b ? -1 : 1;
  }
  return left.length - right.length;
}
