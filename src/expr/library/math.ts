import { adapt } from '../adapt.ts';
import { CelDouble, CelUint } from '../cel-values.ts';
import { compare } from '../equality.ts';
import { fail } from '../failure.ts';
import { type Int, toInt } from '../int64.ts';
import type { Implementation, Library } from './overload.ts';

/** The first of the values that no other exceeds in the wanted direction. */
function extreme(wanted: number): (values: readonly unknown[]) => unknown {
  return (values) => {
    if (values.length === 0) return fail('math.@max(list) argument must not be empty');
    return values.map(adapt).reduce((best, value) => (Math.sign(compare(value, best)) === wanted ? value : best));
  };
}

const numbers = ['int', 'uint', 'double'];

function extremes(wanted: number): Record<string, Implementation> {
  const pick = extreme(wanted);
  const overloads: Record<string, Implementation> = {};
  for (const type of numbers) overloads[`(${type}): ${type}`] = (value: unknown) => value;
  for (const type of numbers) {
    for (const other of numbers) {
      overloads[`(${type}, ${other}): ${type === other ? type : 'dyn'}`] = (left: unknown, right: unknown) =>
        pick([left, right]);
    }
  }
  for (const type of numbers) overloads[`(list(${type})): ${type}`] = pick;
  return overloads;
}

const onDouble = (run: (value: number) => number): Record<string, Implementation> => ({
  '(double): double': ({ value }: CelDouble) => new CelDouble(run(value)),
});

/** Halves are rounded away from zero. */
function round(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function abs(value: Int): Int {
  if (value === -9223372036854775808n) return fail('integer overflow');
  return value < 0 ? -value : value;
}

function shift(value: bigint, by: Int, run: (value: bigint, by: bigint) => bigint): bigint {
  if (by < 0) return fail('math.bitShift() negative offset');
  return by >= 64 ? 0n : run(value, BigInt(by));
}

type Bits = (left: bigint, right: bigint) => bigint;

function bitwise(run: Bits): Record<string, Implementation> {
  return {
    '(int, int): int': (left: Int, right: Int) => toInt(BigInt.asIntN(64, run(BigInt(left), BigInt(right)))),
    '(uint, uint): uint': (left: CelUint, right: CelUint) => new CelUint(run(left.value, right.value)),
  };
}

function shifts(run: Bits): Record<string, Implementation> {
  return {
    '(int, int): int': (value: Int, by: Int) =>
      toInt(BigInt.asIntN(64, shift(BigInt.asUintN(64, BigInt(value)), by, run))),
    '(uint, int): uint': ({ value }: CelUint, by: Int) => new CelUint(BigInt.asUintN(64, shift(value, by, run))),
  };
}

/** cel-go's math extension; kro does not enable it. */
export const math: Library = {
  'math.greatest': extremes(1),
  'math.least': extremes(-1),
  'math.ceil': onDouble(Math.ceil),
  'math.floor': onDouble(Math.floor),
  'math.round': onDouble(round),
  'math.trunc': onDouble(Math.trunc),
  'math.isInf': { '(double): bool': ({ value }: CelDouble) => Math.abs(value) === Number.POSITIVE_INFINITY },
  'math.isNaN': { '(double): bool': ({ value }: CelDouble) => Number.isNaN(value) },
  'math.isFinite': { '(double): bool': ({ value }: CelDouble) => Number.isFinite(value) },
  'math.abs': { ...onDouble(Math.abs), '(int): int': abs, '(uint): uint': (value: CelUint) => value },
  'math.sign': {
    ...onDouble(Math.sign),
    '(int): int': (value: Int) => (value < 0 ? -1 : value > 0 ? 1 : 0),
    '(uint): uint': ({ value }: CelUint) => new CelUint(value > 0n ? 1 : 0),
  },
  'math.sqrt': {
    ...onDouble(Math.sqrt),
    '(int): double': (value: Int) => new CelDouble(Math.sqrt(Number(value))),
    '(uint): double': ({ value }: CelUint) => new CelDouble(Math.sqrt(Number(value))),
  },
  'math.bitAnd': bitwise((left, right) => left & right),
  'math.bitOr': bitwise((left, right) => left | right),
  'math.bitXor': bitwise((left, right) => left ^ right),
  'math.bitNot': {
    '(int): int': (value: Int) => toInt(~BigInt(value)),
    '(uint): uint': ({ value }: CelUint) => new CelUint(BigInt.asUintN(64, ~value)),
  },
  'math.bitShiftLeft': shifts((value, by) => value << by),
  'math.bitShiftRight': shifts((value, by) => value >> by),
};
