import { Expression, visitLeaves, type Value } from '../expr/value.ts';
import { canonical } from './intent.ts';

/**
 * Value at a path, as field managers write it (`.spec.template.spec.containers[name="web"].image`, `data.app.conf`), as the
 * server names fields in refusals (`data[app.conf]`) or as plans do (`data["app.conf"]`).
 */
export function valueAt(object: unknown, path: string): unknown {
  const [found] = placesAt(object, path.replace(/^\./, ''));
  return found?.value;
}

/** Whether an object with expressions in it has, or may have, a field. */
export function hasPath(value: Value, path: string): boolean {
  return placesAt(value, path)[Symbol.iterator]().next().done !== true;
}

/** Whether a path names a field of an object, or something that the field is in, however both are written. */
export function includesPath(object: unknown, outer: string, inner: string): boolean {
  const places = [...placesAt(object, inner)];
  return [...placesAt(object, outer)].some(({ steps }) =>
    places.some((place) => steps.every((step, index) => step === place.steps[index])),
  );
}

interface Place {
  readonly value: unknown;
  /** Keys and positions that lead to it. */
  readonly steps: readonly (string | number)[];
}

/** Keys may have dots in them, so the object says where they end. What an expression becomes is known later. */
function* placesAt(value: unknown, path: string, steps: Place['steps'] = []): Iterable<Place> {
  if (path === '' || value instanceof Expression) yield { value, steps };
  else if (typeof value === 'object' && value !== null)
    for (const [step, child, rest] of Array.isArray(value) ? itemsAt(value, path) : fieldsAt(value, path))
      yield* placesAt(child, rest, [...steps, step]);
}

type Found = readonly [step: string | number, child: unknown, rest: string];

const bracket = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]\.?/;

function* fieldsAt(fields: object, path: string): Iterable<Found> {
  const [head, name = ''] = bracket.exec(path) ?? [];
  for (const [key, child] of Object.entries(fields)) {
    if (head !== undefined && (name === key || parseJson(name) === key)) yield [key, child, path.slice(head.length)];
    const rest = path.startsWith(key) ? path.slice(key.length) : undefined;
    if (rest !== undefined && /^($|[.[])/.test(rest)) yield [key, child, rest.replace(/^\./, '')];
  }
}

function* itemsAt(items: readonly unknown[], path: string): Iterable<Found> {
  const [head, selector = ''] = bracket.exec(path) ?? [];
  if (head === undefined) return;
  const found = [...items.entries()].filter(([index, item]) => isSelected(item, index, selector));
  // Who has all the keys is meant rather than who leaves one to the server: a port 53 of UDP and one without a protocol.
  const exact = found.filter(([, item]) => hasKeys(item, selector));
  for (const [index, item] of exact.length > 0 ? exact : found) yield [index, item, path.slice(head.length)];
}

const keyed = /([\w-]+)=("(?:[^"\\]|\\.)*"|[^,]+)/g;

/** By its position (`2`), its value (`="a"`) or its keys (`name="web"`); keys that it leaves out the server fills in. */
function isSelected(item: unknown, index: number, selector: string): boolean {
  if (/^\d+$/.test(selector)) return index === Number(selector);
  if (item instanceof Expression) return true;
  if (selector.startsWith('=')) return isValue(item, parseJson(selector.slice(1)));
  if (typeof item !== 'object' || item === null) return false;
  const keys = [...selector.matchAll(keyed)];
  return (
    keys.length > 0 &&
    keys.every(([, name = '', wanted = '']) => {
      const value = (item as Readonly<Record<string, unknown>>)[name];
      return value === undefined || value instanceof Expression || isValue(value, parseJson(wanted));
    })
  );
}

function hasKeys(item: unknown, selector: string): boolean {
  if (typeof item !== 'object' || item === null || item instanceof Expression) return false;
  return [...selector.matchAll(keyed)].every(([, name = '']) => Object.hasOwn(item, name));
}

function isValue(value: unknown, wanted: unknown): boolean {
  return canonical(value) === canonical(wanted);
}

/** Paths of all leaves, as field managers write them where they can. */
export function pathsOf(value: Value): string[] {
  const paths: string[] = [];
  visitLeaves(value, (_leaf, path) => void paths.push(path()));
  return paths.filter((path) => !/^(apiVersion|kind|metadata\.name|metadata\.namespace)$/.test(path));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
