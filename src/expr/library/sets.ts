import { equals } from '../equality.ts';
import { isNoSuchOverload } from '../failure.ts';
import type { Library } from './overload.ts';

type List = readonly unknown[];

function includes(list: List, item: unknown): boolean {
  return list.some((one) => {
    try {
      return equals(one, item);
    } catch (failure) {
      if (isNoSuchOverload(failure)) return false;
      throw failure;
    }
  });
}

const contains = (list: List, part: List): boolean => part.every((item) => includes(list, item));

/** cel-go's functions of lists that are taken for sets. */
export const sets: Library = {
  'sets.contains': { '(list(T), list(T)): bool': contains },
  'sets.equivalent': {
    '(list(T), list(T)): bool': (left: List, right: List) => contains(left, right) && contains(right, left),
  },
  'sets.intersects': {
    '(list(T), list(T)): bool': (left: List, right: List) => left.some((item) => includes(right, item)),
  },
};
