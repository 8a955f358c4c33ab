import { adapt } from '../adapt.ts';
import { equals } from '../equality.ts';
import { fail, noSuchOverload } from '../failure.ts';
import { spend } from '../frame.ts';
import { type Int, isInt } from '../int64.ts';
import { type Library, singleton } from './overload.ts';
import { sortByKeys } from './sort.ts';

type List = readonly unknown[];

function slice(list: List, start: Int, end: Int): List {
  if (start < 0 || end < 0) return fail(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end) return fail(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (list.length < end) return fail(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

function flatten(list: List, depth: Int): List {
  if (depth < 0) return fail('level must be non-negative');
  const flat: unknown[] = [];
  for (const item of list) {
    if (Array.isArray(item) && depth > 0) flat.push(...flatten(item, Number(depth) - 1));
    else flat.push(item);
  }
  return flat;
}

function distinct(list: List): List {
  const kept: unknown[] = [];
  const seen = new Set<unknown>();
  for (const item of list) {
    const value = adapt(item);
    if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') {
      // Equal values of these types are the same value, but a number may equal a double or uint that was kept before.
      if (seen.has(value)) continue;
      seen.add(value);
      if (typeof value !== 'number') {
        kept.push(value);
        continue;
      }
    }
    spend(kept.length / 8);
    if (!kept.some((other) => equals(other, value))) kept.push(value);
  }
  return kept;
}

function range(count: Int): List {
  if (count < 0) return fail('lists.range() size must be non-negative');
  if (count > 1_000_000) return fail('lists.range() size must not exceed 1000000');
  spend(Number(count));
  return Array.from({ length: Number(count) }, (_, index) => index);
}

function sort(list: unknown): List {
  if (!Array.isArray(list)) throw noSuchOverload();
  const items = list.map(adapt);
  return sortByKeys(items, items);
}

const sortable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

/** cel-go's list extension. */
export const lists: Library = {
  slice: { 'list(T).(int, int): list(T)': slice },
  // cel-go looks at nothing but that it is a list: one that is flat already is fine.
  flatten: singleton(
    (list: unknown, depth: unknown = 1) =>
      Array.isArray(list) && isInt(depth) ? flatten(list, depth) : fail('no such overload: flatten'),
    'list(list(T)).(): list(T)',
    'list(dyn).(int): list(dyn)',
  ),
  sort: singleton(sort, ...sortable.map((type) => `list(${type}).(): list(${type})`)),
  '@sortByAssociatedKeys': singleton(sortByKeys, ...sortable.map((type) => `list(T).(list(${type})): list(T)`)),
  distinct: { 'list(T).(): list(T)': distinct },
  reverse: { 'list(T).(): list(T)': (list: List) => list.toReversed() },
  'lists.range': { '(int): list(int)': range },
};
