import { createHmac } from 'node:crypto';

/** A hash that says whether an object was applied as it is wanted now, and nothing about what is in it to who lacks the key. */
export function intentHash(object: unknown, salt: string): string {
  return createHmac('sha256', salt).update(canonical(object)).digest('base64url').slice(0, 27);
}

/** JSON with sorted keys; absent and `undefined` are the same. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const parts: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(item)}`);
  }
  return `{${parts.join(',')}}`;
}
