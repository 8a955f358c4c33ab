/** How long a text, or how large a list or map may be. */
export interface Size {
  readonly min: number;
  readonly max: number;
}

/** Costs and sizes are unsigned 64-bit integers that stay at their largest value. */
export const largest: number = 2 ** 64;
export const unknownSize: Size = { min: 0, max: largest };

export const fixed = (size: number): Size => ({ min: size, max: size });
export const bounded = (value: number): number => Math.min(value, largest);

export function times(left: number, right: number): number {
  return left === 0 || right === 0 ? 0 : bounded(left * right);
}

/** The next whole number above. */
export function scaled(value: number, factor: number): number {
  return bounded(Math.ceil(times(value, factor)));
}

export function addSizes(left: Size, right: Size): Size {
  return { min: bounded(left.min + right.min), max: bounded(left.max + right.max) };
}

export function multiplySizes(left: Size, right: Size): Size {
  return { min: times(left.min, right.min), max: times(left.max, right.max) };
}

export function unionOf(left: Size, right: Size): Size {
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}
