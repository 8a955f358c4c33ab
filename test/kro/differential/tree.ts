import type { Random } from './random.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Fields = { [key: string]: Json };

/** A place inside a tree: what holds it, and under which key. */
export interface Spot {
  readonly holder: Fields | Json[];
  readonly key: string | number;
  readonly value: Json;
  readonly path: readonly (string | number)[];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text as it is, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** All places inside a tree, outer ones first. */
export function spots(value: Json | undefined, path: readonly (string | number)[] = []): Spot[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => {
    const inner = (value as Record<string | number, Json>)[key] as Json;
    const here = [...path, key];
    return [{ holder: value, key, value: inner, path: here }, ...spots(inner, here)];
  });
}

export function leaves(value: Json | undefined): Spot[] {
  return spots(value).filter((spot) => typeof spot.value !== 'object' || spot.value === null);
}

export function put({ holder, key }: Spot, value: Json): void {
  (holder as Record<string | number, Json>)[key] = value;
}

export function remove({ holder, key }: Spot): void {
  if (Array.isArray(holder)) holder.splice(key as number, 1);
  else delete holder[key];
}

/** All texts that hold an expression. */
export function expressionSpots(value: Json | undefined): Spot[] {
  return leaves(value).filter((spot) => typeof spot.value === 'string' && spot.value.includes('${'));
}

export function pickSpot(random: Random, from: readonly Spot[]): Spot | undefined {
  return from.length > 0 ? random.pick(from) : undefined;
}
