import type { KubernetesObject } from '../cluster/cluster.ts';
import { groupKind } from './identity.ts';

/** Replaces what is in Secrets by `(secret)`. */
export type Mask = (text: string) => string;

const shown = '(secret)';
/** Shorter values are words of their own, or they would be found everywhere. */
const distinct = 4;

/** Hides the values of the Secrets among these objects in texts that others wrote. */
export function maskFor(...groups: readonly Iterable<KubernetesObject>[]): Mask {
  const found = new Set<string>();
  for (const group of groups) for (const object of group) for (const value of valuesOf(object)) found.add(value);
  if (found.size === 0) return (text) => text;
  // The longest first: one value may be the beginning of another one.
  const parts = [...found].sort((left, right) => right.length - left.length).map(pattern);
  const all = new RegExp(parts.join('|'), 'g');
  return (text) => text.replaceAll(all, shown);
}

/** Each value in base64 and as text, and the lines of a text, as logs show them. */
function valuesOf(object: KubernetesObject): readonly string[] {
  if (groupKind(object) !== 'Secret') return [];
  const encoded = Object.values((object['data'] ?? {}) as Readonly<Record<string, string>>);
  const texts = encoded.map((value) => Buffer.from(value, 'base64').toString());
  const lines = texts.flatMap((text) => text.split('\n').map((line) => line.trim()));
  return [...encoded, ...texts, ...lines.filter((line) => line.length >= 2 * distinct)].filter(Boolean);
}

function pattern(value: string): string {
  const escaped = value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return value.length >= distinct ? escaped : `(?<![\\w-])${escaped}(?![\\w-])`;
}

/** The same in all texts of a value. */
export function maskDeep(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskDeep(item, mask));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskDeep(item, mask)]));
}
