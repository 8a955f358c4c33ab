import { sortedKeys } from '../../graph/served-values.ts';

/** JSON as Go writes it: keys in order, escapes for these characters. */
export function goJson(value: unknown): string {
  return JSON.stringify(sortedKeys(value))
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026');
}
