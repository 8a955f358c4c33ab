import { Failure, noSuchOverload } from './failure.ts';
import type { CelType, StructType } from './types.ts';

/**
 * CEL values in JavaScript: null, boolean, string; int as a number within ±2^53 and a bigint beyond; lists as arrays,
 * JSON objects as maps, bytes as Uint8Array. Everything else is one of these classes.
 */
export abstract class CelObject {
  /** The value's type as `type(x)` gives it. */
  abstract readonly celType: CelType;

  /** Equality with another value; classes that know better override it. */
  equals(other: unknown): boolean {
    return this === other;
  }

  /** What stands for the value as key of a map; without it only the very same value is the same key. */
  mapKey(): string | undefined {
    return undefined;
  }

  /** Negative, zero or positive. */
  compare(_other: unknown): number {
    throw noSuchOverload();
  }
}

/** A double. Plain JavaScript numbers are ints. */
export class CelDouble extends CelObject {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  get celType(): CelType {
    return doubleType;
  }

  override valueOf(): number {
    return this.value;
  }

  override mapKey(): string {
    return `d${this.value}`;
  }

  toJSON(): number {
    return this.value;
  }

  override toString(): string {
    return String(this.value);
  }
}

/** An unsigned 64 bit integer. */
export class CelUint extends CelObject {
  readonly value: bigint;

  /** @throws RangeError when the value is not within 0 and 2^64 - 1 */
  constructor(value: bigint | number) {
    super();
    this.value = BigInt(value);
    if (BigInt.asUintN(64, this.value) !== this.value) throw new RangeError('A uint is between 0 and 2^64 - 1.');
  }

  get celType(): CelType {
    return uintType;
  }

  override valueOf(): bigint {
    return this.value;
  }

  override mapKey(): string {
    return `u${this.value}`;
  }

  toJSON(): number | string {
    return this.value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(this.value) : String(this.value);
  }

  override toString(): string {
    return String(this.value);
  }
}

export class CelOptional extends CelObject {
  /** `undefined` is none. */
  readonly value: unknown;

  constructor(value: unknown) {
    super();
    this.value = value;
  }

  get celType(): CelType {
    return optionalType;
  }

  get present(): boolean {
    return this.value !== undefined;
  }
}

export const none: CelOptional = new CelOptional(undefined);

/** The value of `type(x)` and of names such as `int`. */
export class CelTypeValue extends CelObject {
  readonly names: CelType;

  constructor(names: CelType) {
    super();
    this.names = names;
  }

  get celType(): CelType {
    return typeType;
  }

  get name(): string {
    return typeName(this.names);
  }

  override equals(other: unknown): boolean {
    return other instanceof CelTypeValue && other.name === this.name;
  }

  override mapKey(): string {
    return `type ${this.name}`;
  }

  override toString(): string {
    return this.name;
  }
}

/**
 * A map that an expression made. Keys are kept by type and value, as kro has it: `{0: 1, 0u: 2}` has two entries, and
 * looking up `0.0` finds the first. A list, a map or another value that Go has behind a pointer is the same key only
 * where it is the same value.
 */
export class CelMap extends CelObject {
  private readonly byIdentity = new Map<unknown, readonly [unknown, unknown]>();
  /** Keys that JavaScript has only objects for, by their texts. */
  private byText: Map<string, readonly [unknown, unknown]> | undefined;

  static of(entries: Iterable<readonly [unknown, unknown]>): CelMap {
    const map = new CelMap();
    for (const [key, value] of entries) map.set(key, value);
    return map;
  }

  get celType(): CelType {
    return mapType;
  }

  get size(): number {
    return this.byIdentity.size + (this.byText?.size ?? 0);
  }

  has(key: unknown): boolean {
    return this.find(key) !== undefined;
  }

  get(key: unknown): unknown {
    return this.find(key)?.[1];
  }

  set(key: unknown, value: unknown): void {
    const text = keyText(key);
    if (text === undefined) this.byIdentity.set(key instanceof CelOptional && key.present ? {} : key, [key, value]);
    else (this.byText ??= new Map()).set(text, [key, value]);
  }

  delete(key: unknown): void {
    const text = keyText(key);
    if (text === undefined) this.byIdentity.delete(key);
    else this.byText?.delete(text);
  }

  entries(): Iterable<readonly [unknown, unknown]> {
    return this.byText ? [...this.byIdentity.values(), ...this.byText.values()] : this.byIdentity.values();
  }

  /** Numbers find the keys of the other number types, too. */
  private find(key: unknown): readonly [unknown, unknown] | undefined {
    if (typeof key === 'string' || typeof key === 'boolean') return this.byIdentity.get(key);
    if (key instanceof CelDouble) {
      const found = this.byText?.get(`d${key.value}`);
      if (found || !Number.isInteger(key.value)) return found;
      const whole = BigInt(key.value);
      return this.byIdentity.get(intId(whole)) ?? this.byText?.get(`u${whole}`);
    }
    if (key instanceof CelUint) return this.byText?.get(`u${key.value}`) ?? this.byIdentity.get(intId(key.value));
    if (typeof key !== 'number' && typeof key !== 'bigint') {
      const text = keyText(key);
      return text === undefined ? this.byIdentity.get(key) : this.byText?.get(text);
    }
    return this.byIdentity.get(key) ?? this.byText?.get(`u${key}`);
  }
}

/** Undefined for keys that stand for themselves. */
function keyText(key: unknown): string | undefined {
  if (key instanceof CelObject) return key.mapKey();
  // Go cannot hash bytes.
  if (key instanceof Uint8Array) throw new Failure('unsupported map key type: bytes');
  return undefined;
}

function intId(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A Kubernetes object together with its type, which says how each field is read. */
export class TypedObject extends CelObject {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly type: StructType | (CelType & { kind: 'map' });

  constructor(raw: Readonly<Record<string, unknown>>, type: TypedObject['type']) {
    super();
    this.raw = raw;
    this.type = type;
  }

  get celType(): CelType {
    return mapType;
  }

  /** kro reads an object without declared fields as if there were no schema. */
  get hasSchema(): boolean {
    return this.type.kind === 'map' || this.type.fieldNames().length > 0;
  }
}

/** What kro's `omit()` gives: the field is left out. */
export class CelOmit extends CelObject {
  get celType(): CelType {
    return omitType;
  }
}

export const omit: CelOmit = new CelOmit();

const any: CelType = { kind: 'dyn' };
const doubleType: CelType = { kind: 'double' };
const uintType: CelType = { kind: 'uint' };
const typeType: CelType = { kind: 'type' };
const optionalType: CelType = { kind: 'optional', value: any };
const mapType: CelType = { kind: 'map', key: any, value: any };
const omitType: CelType = { kind: 'opaque', name: 'kro.omit' };

/** The name that `type(x)` shows. */
export function typeName(type: CelType): string {
  switch (type.kind) {
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'null':
      return 'null_type';
    case 'optional':
      return 'optional_type';
    case 'opaque':
    case 'struct':
    case 'parameter':
      return type.name;
    default:
      return type.kind;
  }
}

/** The type of a value, without the types of what it holds. */
export function typeOfValue(value: unknown): CelType {
  switch (typeof value) {
    case 'string':
      return { kind: 'string' };
    case 'number':
    case 'bigint':
      return { kind: 'int' };
    case 'boolean':
      return { kind: 'bool' };
    default:
      if (value === null || value === undefined) return { kind: 'null' };
      if (value instanceof CelObject) return value.celType;
      if (value instanceof Uint8Array) return { kind: 'bytes' };
      return Array.isArray(value) ? { kind: 'list', element: any } : mapType;
  }
}
