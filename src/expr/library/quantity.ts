import { CelDouble, CelObject } from '../cel-values.ts';
import { fail, noSuchOverload } from '../failure.ts';
import { type Int, toInt } from '../int64.ts';
import type { CelType } from '../types.ts';
import type { Library } from './overload.ts';

const quantityType: CelType = { kind: 'opaque', name: 'kubernetes.Quantity' };
const maximum = 9223372036854775807n;

interface Amount {
  unscaled: bigint;
  scale: number;
}

/** A Kubernetes quantity: an unscaled number times a power of ten, exact. */
class Quantity extends CelObject {
  /** Shared and changed by `add` and `sub` where it is not small: Kubernetes copies the pointer to its number. */
  private readonly amount: Amount;
  /** Kept as Kubernetes' int64 with scale; asking for an integer works only then. */
  readonly small: boolean;
  /** The result of `add` or `sub`: kro cannot compare with it from the right. */
  readonly computed: boolean;

  constructor(parts: { amount: Amount; small: boolean; computed?: boolean }) {
    super();
    this.amount = parts.amount;
    this.small = parts.small;
    this.computed = parts.computed ?? false;
  }

  get unscaled(): bigint {
    return this.amount.unscaled;
  }

  /** Decimal digits after the point; negative for trailing zeros. */
  get scale(): number {
    return this.amount.scale;
  }

  /** Gives this number, and that of every quantity it was made of by `add` and `sub`, another value. */
  change(amount: Amount): Quantity {
    Object.assign(this.amount, amount);
    return new Quantity({ amount: this.amount, small: false, computed: true });
  }

  get celType(): CelType {
    return quantityType;
  }

  override equals(other: unknown): boolean {
    if (!(other instanceof Quantity) || other.computed) throw noSuchOverload();
    return this.compareTo(other) === 0;
  }

  compareTo(other: Quantity): number {
    const [left, right] = aligned(this, other);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  integer(): Int | undefined {
    if (!this.small || this.scale > 0) return undefined;
    const value = this.unscaled * 10n ** BigInt(-this.scale);
    return BigInt.asIntN(64, value) === value ? toInt(value) : undefined;
  }
}

function aligned(left: Quantity, right: Quantity): [bigint, bigint, number] {
  const scale = Math.max(left.scale, right.scale);
  return [
    left.unscaled * 10n ** BigInt(scale - left.scale),
    right.unscaled * 10n ** BigInt(scale - right.scale),
    scale,
  ];
}

function sum(left: Quantity, right: Quantity): Quantity {
  if (left.small && right.small) {
    if (right.unscaled === 0n)
      return new Quantity({ amount: { unscaled: left.unscaled, scale: left.scale }, small: true, computed: true });
    if (left.unscaled === 0n)
      return new Quantity({ amount: { unscaled: right.unscaled, scale: right.scale }, small: true, computed: true });
  }
  const [a, b, scale] = aligned(left, right);
  const unscaled = a + b;
  if (!left.small) return left.change({ unscaled, scale });
  const fits = [a, b, unscaled].every((value) => BigInt.asIntN(64, value) === value);
  return new Quantity({ amount: { unscaled, scale }, small: left.small && right.small && fits, computed: true });
}

function negated(quantity: Quantity): Quantity {
  return new Quantity({ amount: { unscaled: -quantity.unscaled, scale: quantity.scale }, small: quantity.small });
}

function ofInt(value: Int): Quantity {
  return new Quantity({ amount: { unscaled: BigInt(value), scale: 0 }, small: true });
}

const decimalSuffixes: ReadonlyMap<string, number> = new Map([
  ['', 0],
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const binarySuffixes: ReadonlyMap<string, number> = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);

/** Reads what Kubernetes reads as a quantity; `undefined` for anything else. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*(?:[+-]?\d*)?)$/.exec(text);
  if (!match || text === '') return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  const digits = whole.replace(/^0+/, '');
  // A number of zeros only ends the reading: nothing may stand before its end but a suffix.
  if (/^[+-]?0*$/.test(text)) return new Quantity({ amount: { unscaled: 0n, scale: 0 }, small: true });
  const binary = binarySuffixes.get(suffix);
  const exponent = decimalSuffixes.get(suffix) ?? scientific(suffix);
  if (binary === undefined && exponent === undefined) return undefined;
  if (whole === '' && fraction === '' && !/^[+-]?0*\.?/.test(text)) return undefined;
  const number = { sign, digits: digits === '' ? '0' : digits, fraction, empty: whole === '' && fraction === '' };
  return binary === undefined ? decimal(number, exponent ?? 0) : powerOfTwo(number, binary);
}

function scientific(suffix: string): number | undefined {
  const match = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (!match) return undefined;
  const exponent = Number(match[1]);
  return Math.abs(exponent) < 2147483648 ? exponent : undefined;
}

interface Digits {
  readonly sign: string;
  readonly digits: string;
  readonly fraction: string;
  readonly empty: boolean;
}

function decimal({ sign, digits, fraction, empty }: Digits, exponent: number): Quantity | undefined {
  const scale = fraction.length - exponent;
  const value = BigInt(digits + fraction);
  const unscaled = sign === '-' ? -value : value;
  if (digits.length + fraction.length <= 18 && scale <= 9)
    return new Quantity({ amount: { unscaled, scale }, small: true });
  if (empty) return undefined;
  return large(unscaled, scale);
}

function powerOfTwo({ sign, digits, fraction, empty }: Digits, exponent: number): Quantity | undefined {
  const value = BigInt(digits + fraction) << BigInt(exponent);
  const unscaled = sign === '-' ? -value : value;
  const precision = 15 - digits.length - Math.trunc((exponent * 3) / 10) - 1;
  if (fraction === '' && precision >= 0 && value <= maximum)
    return new Quantity({ amount: { unscaled, scale: 0 }, small: true });
  if (empty) return undefined;
  const quantity = large(unscaled, fraction.length);
  const bound = new Quantity({ amount: { unscaled: maximum, scale: 0 }, small: false });
  if (quantity.compareTo(bound) > 0) return bound;
  return quantity.compareTo(negated(bound)) < 0 ? negated(bound) : quantity;
}

/** Beyond Kubernetes' int64: at most nine digits after the point, rounded away from zero. */
function large(unscaled: bigint, scale: number): Quantity {
  if (scale <= 9)
    return new Quantity({ amount: { unscaled: unscaled * 10n ** BigInt(9 - scale), scale: 9 }, small: false });
  if (scale > 5000)
    return new Quantity({
      amount: { unscaled: unscaled > 0n ? 1n : unscaled < 0n ? -1n : 0n, scale: 9 },
      small: false,
    });
  const divisor = 10n ** BigInt(scale - 9);
  const quotient = unscaled / divisor;
  const exact = quotient * divisor === unscaled;
  return new Quantity({
    amount: { unscaled: exact ? quotient : quotient + (unscaled < 0n ? -1n : 1n), scale: 9 },
    small: false,
  });
}

function parse(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (quantity) return quantity;
  return fail("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
}

function approximate({ unscaled, scale }: Quantity): CelDouble {
  const base = Number(unscaled);
  return new CelDouble(scale === 0 ? base : base * Number(`1e${-scale}`));
}

/** Kubernetes' quantity library. */
export const quantity: Library = {
  quantity: { '(string): kubernetes.Quantity': parse },
  isQuantity: { '(string): bool': (text: string) => parseQuantity(text) !== undefined },
  sign: {
    '(kubernetes.Quantity): int': ({ unscaled }: Quantity) => (unscaled > 0n ? 1 : unscaled < 0n ? -1 : 0),
  },
  isGreaterThan: {
    'kubernetes.Quantity.(kubernetes.Quantity): bool': (left: Quantity, right: Quantity) => left.compareTo(right) > 0,
  },
  isLessThan: {
    'kubernetes.Quantity.(kubernetes.Quantity): bool': (left: Quantity, right: Quantity) => left.compareTo(right) < 0,
  },
  compareTo: {
    'kubernetes.Quantity.(kubernetes.Quantity): int': (left: Quantity, right: Quantity) => left.compareTo(right),
  },
  asApproximateFloat: { 'kubernetes.Quantity.(): double': approximate },
  asInteger: {
    'kubernetes.Quantity.(): int': (value: Quantity) => value.integer() ?? fail('cannot convert value to integer'),
  },
  isInteger: { 'kubernetes.Quantity.(): bool': (value: Quantity) => value.integer() !== undefined },
  add: {
    'kubernetes.Quantity.(kubernetes.Quantity): kubernetes.Quantity': sum,
    'kubernetes.Quantity.(int): kubernetes.Quantity': (left: Quantity, right: Int) => sum(left, ofInt(right)),
  },
  sub: {
    'kubernetes.Quantity.(kubernetes.Quantity): kubernetes.Quantity': (left: Quantity, right: Quantity) =>
      sum(left, negated(right)),
    'kubernetes.Quantity.(int): kubernetes.Quantity': (left: Quantity, right: Int) => sum(left, negated(ofInt(right))),
  },
};
