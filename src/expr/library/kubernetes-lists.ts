import { adapt } from '../adapt.ts';
import { CelDouble, CelUint } from '../cel-values.ts';
import { compare, equals } from '../equality.ts';
import { Failure, fail, noSuchOverload } from '../failure.ts';
import { Duration } from '../time.ts';
import type { Implementation, Library } from './overload.ts';
import { isComparable } from './sort.ts';
import { addValues } from './standard.ts';

type List = readonly unknown[];

function isSorted(list: List): boolean {
  for (let index = 0; index < list.length; index++) {
    const item = adapt(list[index]);
    if (!isComparable(item)) throw noSuchOverload();
    if (index > 0 && order(adapt(list[index - 1]), item) > 0) return false;
  }
  return true;
}

/** Values that cannot be compared count as equal here. */
function order(left: unknown, right: unknown): number {
  try {
    return Math.sign(compare(left, right));
  } catch (error) {
    if (error instanceof Failure) return 0;
    throw error;
  }
}

function extreme(name: string, wanted: number): (list: List) => unknown {
  return (list) => {
    if (list.length === 0) return fail(`${name} called on empty list`);
    let best = adapt(list[0]);
    for (const raw of list) {
      const item = adapt(raw);
      if (!isComparable(item)) throw noSuchOverload();
      if (order(best, item) === wanted) best = item;
    }
    return best;
  };
}

const zeros: Readonly<Record<string, unknown>> = {
  int: 0,
  uint: new CelUint(0n),
  double: new CelDouble(0),
  duration: new Duration(0n),
};

/** kro gives a list of dyn the sum of ints. */
function sum(zero: unknown): (list: List) => unknown {
  return (list) => list.reduce((total, item) => addValues(total, adapt(item)), zero);
}

function indexOf(list: List, item: unknown): number {
  return list.findIndex((other) => equals(adapt(other), item));
}

function lastIndexOf(list: List, item: unknown): number {
  return list.findLastIndex((other) => equals(adapt(other), item));
}

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

function forEach(types: readonly string[], signature: (type: string) => string, run: (type: string) => Implementation) {
  return Object.fromEntries(types.map((type) => [signature(type), run(type)]));
}

/** Kubernetes' list library. */
export const kubernetesLists: Library = {
  isSorted: forEach(
    comparable,
    (type) => `list(${type}).(): bool`,
    () => isSorted,
  ),
  sum: forEach(
    Object.keys(zeros),
    (type) => `list(${type}).(): ${type}`,
    (type) => sum(zeros[type]),
  ),
  min: forEach(
    comparable,
    (type) => `list(${type}).(): ${type}`,
    () => extreme('min', 1),
  ),
  max: forEach(
    comparable,
    (type) => `list(${type}).(): ${type}`,
    () => extreme('max', -1),
  ),
  indexOf: { 'list(A).(A): int': indexOf },
  lastIndexOf: { 'list(A).(A): int': lastIndexOf },
};
