import { CelDouble, CelTypeValue, CelUint, typeOfValue } from '../cel-values.ts';
import { isMap, mapFind, mapSize } from '../collections.ts';
import { equals } from '../equality.ts';
import { fail, isNoSuchOverload, noSuchOverload } from '../failure.ts';
import { spend, spendText } from '../frame.ts';
import * as int64 from '../int64.ts';
import { Duration, Timestamp } from '../time.ts';
import { conversions } from './conversions.ts';
import { type Library, singleton } from './overload.ts';
import { SchemaList } from '../schema-list.ts';
import { addToSchemaList, schemaListContains } from './schema-lists.ts';
import { matches } from './regex.ts';
import { timeGetters } from './time-getters.ts';

export function addValues(left: unknown, right: unknown): unknown {
  if (typeof left === 'number' && typeof right === 'number') return int64.add(left, right);
  if (typeof left === 'string' && typeof right === 'string') {
    return spendText(left + right);
  }
  if (int64.isInt(left) && int64.isInt(right)) return int64.add(left, right);
  if (left instanceof CelDouble && right instanceof CelDouble) return new CelDouble(left.value + right.value);
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value + right.value);
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length === 0) return right;
    spend(left.length + right.length);
    return left instanceof SchemaList ? addToSchemaList(left, right) : [...left, ...right];
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Uint8Array.from([...left, ...right]);
  if (left instanceof Duration && right instanceof Duration)
    return Duration.checked(left.nanoseconds + right.nanoseconds);
  if (left instanceof Timestamp && right instanceof Duration) return shift(left, right.nanoseconds);
  if (left instanceof Duration && right instanceof Timestamp) return shift(right, left.nanoseconds);
  throw noSuchOverload();
}

function shift(time: Timestamp, nanoseconds: bigint): Timestamp {
  return Timestamp.fromNanoseconds(time.nanoseconds + nanoseconds, time.offset);
}

function uint(value: bigint): CelUint {
  return BigInt.asUintN(64, value) === value ? new CelUint(value) : fail('unsigned integer overflow');
}

function subtractValues(left: unknown, right: unknown): unknown {
  if (int64.isInt(left) && int64.isInt(right)) return int64.subtract(left, right);
  if (left instanceof CelDouble && right instanceof CelDouble) return new CelDouble(left.value - right.value);
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value - right.value);
  if (left instanceof Duration && right instanceof Duration)
    return Duration.checked(left.nanoseconds - right.nanoseconds);
  if (left instanceof Timestamp && right instanceof Duration) return shift(left, -right.nanoseconds);
  if (left instanceof Timestamp && right instanceof Timestamp)
    return Duration.checked(left.nanoseconds - right.nanoseconds);
  throw noSuchOverload();
}

function multiplyValues(left: unknown, right: unknown): unknown {
  if (int64.isInt(left) && int64.isInt(right)) return int64.multiply(left, right);
  if (left instanceof CelDouble && right instanceof CelDouble) return new CelDouble(left.value * right.value);
  if (left instanceof CelUint && right instanceof CelUint) return uint(left.value * right.value);
  throw noSuchOverload();
}

function divideValues(left: unknown, right: unknown): unknown {
  if (int64.isInt(left) && int64.isInt(right)) return int64.divide(left, right);
  if (left instanceof CelDouble && right instanceof CelDouble) return new CelDouble(left.value / right.value);
  if (left instanceof CelUint && right instanceof CelUint) {
    return right.value === 0n ? fail('division by zero') : uint(left.value / right.value);
  }
  throw noSuchOverload();
}

function moduloValues(left: unknown, right: unknown): unknown {
  if (int64.isInt(left) && int64.isInt(right)) return int64.modulo(left, right);
  if (left instanceof CelUint && right instanceof CelUint) {
    return right.value === 0n ? fail('modulus by zero') : uint(left.value % right.value);
  }
  throw noSuchOverload();
}

function negateValue(value: unknown): unknown {
  if (int64.isInt(value)) return int64.negate(value);
  if (value instanceof CelDouble) return new CelDouble(-value.value);
  // No declaration offers it: a duration gets here as dyn.
  if (value instanceof Duration) return Duration.checked(-value.nanoseconds);
  throw noSuchOverload();
}

/** What cannot be compared is not the element that is looked for. */
function equalsWhereComparable(value: unknown, item: unknown): boolean {
  try {
    return equals(value, item);
  } catch (failure) {
    if (isNoSuchOverload(failure)) return false;
    throw failure;
  }
}

function isIn(value: unknown, container: unknown): boolean {
  if (Array.isArray(container)) {
    if (container instanceof SchemaList) return schemaListContains(container, value);
    for (const item of container) if (item === value || equalsWhereComparable(value, item)) return true;
    return false;
  }
  if (isMap(container)) return mapFind(container, value) !== undefined;
  throw noSuchOverload();
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return stringLength(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (isMap(value)) return mapSize(value);
  throw noSuchOverload();
}

/** Length in code points. */
export function stringLength(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0xd800 && code <= 0xdbff) {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        length--;
        at++;
      }
    }
  }
  return length;
}

/** Operators that the compiler has code of its own for. */
const special = (): never => fail('not evaluated here');
/** Pairs of number types are not enabled by kro, at least not at first: see the checker. */
const ordered = [
  'bool, bool',
  'int, int',
  'int, double',
  'int, uint',
  'uint, uint',
  'uint, double',
  'uint, int',
  'double, double',
  'double, int',
  'double, uint',
  'string, string',
  'bytes, bytes',
  'timestamp, timestamp',
  'duration, duration',
];
const comparison = singleton(special, ...ordered.map((types) => `(${types}): bool`));
const equality = singleton(special, '(A, A): bool');

export const standard: Library = {
  '_?_:_': singleton(special, '(bool, A, A): A'),
  '_&&_': singleton(special, '(bool, bool): bool'),
  '_||_': singleton(special, '(bool, bool): bool'),
  '!_': singleton(special, '(bool): bool'),
  '_==_': equality,
  '_!=_': equality,
  '_<_': comparison,
  '_<=_': comparison,
  '_>_': comparison,
  '_>=_': comparison,
  '_+_': singleton(
    addValues,
    '(bytes, bytes): bytes',
    '(double, double): double',
    '(duration, duration): duration',
    '(duration, timestamp): timestamp',
    '(timestamp, duration): timestamp',
    '(int, int): int',
    '(list(A), list(A)): list(A)',
    '(string, string): string',
    '(uint, uint): uint',
  ),
  '_-_': singleton(
    subtractValues,
    '(double, double): double',
    '(duration, duration): duration',
    '(int, int): int',
    '(timestamp, duration): timestamp',
    '(timestamp, timestamp): duration',
    '(uint, uint): uint',
  ),
  '_*_': singleton(multiplyValues, '(double, double): double', '(int, int): int', '(uint, uint): uint'),
  '_/_': singleton(divideValues, '(double, double): double', '(int, int): int', '(uint, uint): uint'),
  '_%_': singleton(moduloValues, '(int, int): int', '(uint, uint): uint'),
  '-_': singleton(negateValue, '(double): double', '(int): int'),
  '@in': singleton(isIn, '(A, list(A)): bool', '(A, map(A, B)): bool'),
  '_[_]': singleton(special, '(list(A), int): A', '(map(A, B), A): B'),
  size: singleton(
    sizeOf,
    '(bytes): int',
    'bytes.(): int',
    '(list(A)): int',
    'list(A).(): int',
    '(map(A, B)): int',
    'map(A, B).(): int',
    '(string): int',
    'string.(): int',
  ),
  type: singleton((value: unknown) => new CelTypeValue(typeOfValue(value)), '(A): type(A)'),
  dyn: singleton((value: unknown) => value, '(A): dyn'),
  contains: { 'string.(string): bool': (text: string, part: string) => text.includes(part) },
  startsWith: { 'string.(string): bool': (text: string, part: string) => text.startsWith(part) },
  endsWith: { 'string.(string): bool': (text: string, part: string) => text.endsWith(part) },
  matches: singleton(matches, '(string, string): bool', 'string.(string): bool'),
  ...conversions,
  ...timeGetters,
};
