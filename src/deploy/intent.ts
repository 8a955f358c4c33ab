import { createHmac } from 'node:crypto';

/** A hash that says whether an object was applied as it is wanted now, and nothing about what is in it to who lacks the key. */
export function intentHash(object: unknown, salt: string): string {
  return createHmac('sha256', salt).update(canonical(object)).digest('base64url').slice(0, 27);
}

/** JSON with sorted keys; absent and `undefined` are the same. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  let text = '';
  for (const key of sortedKeys(value)) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) text += `${text && ','}${JSON.stringify(key)}:${canonical(item)}`;
  }
  return `{${text}}`;
}

const fewKeys = 16;

/** Few keys, most of them in order, are sorted in place without the memory that `sort` takes. */
function sortedKeys(value: object): readonly string[] {
  const names = Object.keys(value);
  if (names.length > fewKeys) return names.sort();
  for (let index = 1; index < names.length; index += 1) {
    const name = names[index] as string;
    let place = index;
    for (; place > 0 && (names[place - 1] as string) > name; place -= 1) names[place] = names[place - 1] as string;
    names[place] = name;
  }
  return names;
}
