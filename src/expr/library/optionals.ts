import { adapt } from '../adapt.ts';
import { CelDouble, CelOptional, CelUint, none } from '../cel-values.ts';
import { isMap, mapSize } from '../collections.ts';
import { fail, noSuchOverload } from '../failure.ts';
import { Duration, Timestamp } from '../time.ts';
import { type Library, singleton } from './overload.ts';

type List = readonly unknown[];

function isZero(value: unknown): boolean {
  if (value === null || value === false || value === '' || value === 0) return true;
  if (value instanceof CelDouble) return value.value === 0;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof Duration) return value.nanoseconds === 0n;
  // Go's zero time is the first of January in the year 1.
  if (value instanceof Timestamp) return value.seconds === -62135596800 && value.nanos === 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  return isMap(value) && mapSize(value) === 0;
}

function at(list: List, index: number): CelOptional {
  return list.length === 0 ? none : new CelOptional(adapt(list.at(index)));
}

function unwrap(list: List): List {
  return list.flatMap((item) => {
    if (!(item instanceof CelOptional)) throw noSuchOverload();
    return item.present ? [item.value] : [];
  });
}

const special = (): never => fail('not evaluated here');

/** cel-go's optional types. */
export const optionals: Library = {
  'optional.of': { '(V): optional(V)': (value: unknown) => new CelOptional(value) },
  'optional.ofNonZeroValue': {
    '(V): optional(V)': (value: unknown) => (isZero(value) ? none : new CelOptional(value)),
  },
  'optional.none': { '(): optional(V)': () => none },
  value: {
    'optional(V).(): V': ({ present, value }: CelOptional) => (present ? value : fail('optional.none() dereference')),
  },
  hasValue: { 'optional(V).(): bool': ({ present }: CelOptional) => present },
  or: singleton(special, 'optional(V).(optional(V)): optional(V)'),
  orValue: singleton(special, 'optional(V).(V): V'),
  '_[?_]': singleton(
    special,
    '(list(V), int): optional(V)',
    '(optional(list(V)), int): optional(V)',
    '(map(K, V), K): optional(V)',
    '(optional(map(K, V)), K): optional(V)',
  ),
  '_[_]': singleton(special, '(optional(list(V)), int): optional(V)', '(optional(map(K, V)), K): optional(V)'),
  last: { 'list(V).(): optional(V)': (list: List) => at(list, -1) },
  first: { 'list(V).(): optional(V)': (list: List) => at(list, 0) },
  'optional.unwrap': { '(list(optional(V))): list(V)': unwrap },
  unwrapOpt: { 'list(optional(V)).(): list(V)': unwrap },
};
