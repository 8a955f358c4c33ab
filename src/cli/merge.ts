/**
 * `override` over `base`: plain objects merge key by key, everything else (lists, scalars, `null`, class instances) is
 * replaced; `undefined` leaves the base as it is.
 */
export function mergeDeep(base: unknown, override: unknown): unknown {
  if (override === undefined) return base;
  if (!isPlainObject(base) || !isPlainObject(override)) return override;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(override)) merged.set(key, mergeDeep(merged.get(key), value));
  // From entries, so that a key such as `__proto__` stays a key.
  return Object.fromEntries(merged);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
