import { fail } from './failure.ts';

/** An int: a number within ±2^53, a bigint beyond. */
export type Int = number | bigint;

const maximum = 9223372036854775807n;
const minimum = -9223372036854775808n;

/** The int with this value, a number when it fits into one. */
export function toInt(value: bigint): Int {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

function checked(value: bigint): Int {
  if (value > maximum || value < minimum) return fail('integer overflow');
  return toInt(value);
}

export function add(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return checked(BigInt(left) + BigInt(right));
}

export function subtract(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const difference = left - right;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return checked(BigInt(left) - BigInt(right));
}

export function multiply(left: Int, right: Int): Int {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right;
    // Adding zero turns -0, which no int is, into 0.
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return checked(BigInt(left) * BigInt(right));
}

export function divide(left: Int, right: Int): Int {
  if (right === 0) return fail('division by zero');
  if (typeof left === 'number' && typeof right === 'number') return (left - (left % right)) / right + 0;
  return checked(BigInt(left) / BigInt(right));
}

export function modulo(left: Int, right: Int): Int {
  if (right === 0) return fail('modulus by zero');
  if (typeof left === 'number' && typeof right === 'number') return (left % right) + 0;
  if (left === minimum && right === -1) return fail('integer overflow');
  return checked(BigInt(left) % BigInt(right));
}

export function negate(value: Int): Int {
  return typeof value === 'number' ? 0 - value : checked(-value);
}

export function isInt(value: unknown): value is Int {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** A double cut to an int; out of range is an error. */
export function doubleToInt(value: number): Int {
  const whole = Math.trunc(value);
  // 2^63 itself is already too large, and so is its negative for cel-go.
  if (!(whole > -9223372036854775808 && whole < 9223372036854775808)) return fail('integer overflow');
  return Number.isSafeInteger(whole) ? whole + 0 : toInt(BigInt(whole));
}

/** Compares an int or uint with a double, as a double: beyond ±2^53 neighbours are equal. NaN when the double is NaN. */
export function compareWithDouble(integer: Int, double: number): number {
  if (Number.isNaN(double)) return Number.NaN;
  const number = Number(integer);
  return number < double ? -1 : number > double ? 1 : 0;
}
