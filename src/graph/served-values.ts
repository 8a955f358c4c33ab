import { matches } from '../expr/library/regex.ts';
import { fieldOf } from '../schema/defaults.ts';
import { isStruct, type JsonSchema } from '../schema/json-schema.ts';
import { didYouMean } from '../schema/nearest-name.ts';

type Path = readonly (string | number)[];

/** Something that the API server has against a value. */
export interface Fault {
  readonly path: Path;
  /** As Kubernetes classifies it. */
  readonly kind: 'Invalid value' | 'Unsupported value' | 'Required value' | 'Too long' | 'Too many' | 'Duplicate value';
  /** What is wrong, without the value. */
  readonly text: string;
  /** What Kubernetes shows as the value. */
  readonly shown?: unknown;
  /** Where Kubernetes' text names the field once more. */
  readonly named?: 'first' | 'last';
  readonly hint?: string | undefined;
  /** The rule that does not hold, and why it cannot be evaluated. */
  readonly broken?: { readonly rule: string; readonly failure?: string };
  /** Of a rule about updates. */
  readonly update?: { readonly before: unknown; readonly after: unknown };
  /** Of a value of another type. */
  readonly expected?: { readonly wanted: string; readonly actual: string };
}

const atField = (path: Path, text: string, shown: unknown): Fault => ({
  path,
  kind: 'Invalid value',
  text,
  shown,
  named: 'first',
});

/**
 * What Kubernetes' validation by the schema of a CustomResourceDefinition says to a value (k8s.io/kube-openapi
 * pkg/validation/validate), before rules are evaluated. Null and fields that nobody declared are looked at before.
 */
export function* valueFaults(schema: JsonSchema, value: unknown, path: Path = []): Iterable<Fault> {
  const actual = typeOf(value);
  const wanted = schema.type;
  const fits = wanted === undefined || actual === wanted || (wanted === 'number' && actual === 'integer');
  if (!fits) yield { ...atField(path, `must be of type ${wanted}: "${actual}"`, actual), expected: { wanted, actual } };
  if (schema.enum && !isAmong(schema.enum, value)) yield enumFault(schema.enum, value, path);
  if (typeof value === 'number') yield* numberFaults(schema, value, path);
  if (!fits) return;
  if (typeof value === 'string') yield* textFaults(schema, value, path);
  else if (Array.isArray(value)) yield* listFaults(schema, value, path);
  else if (typeof value === 'object' && value !== null)
    yield* objectFaults(schema, value as Readonly<Record<string, unknown>>, path);
}

/** Go compares a number with integers by its whole part. */
function isAmong(values: readonly unknown[], value: unknown): boolean {
  return values.includes(typeof value === 'number' ? Math.trunc(value) : value);
}

function enumFault(values: readonly unknown[], value: unknown, path: Path): Fault {
  const shown = values.map((one) => JSON.stringify(typeof one === 'string' ? one : JSON.stringify(one)));
  return { path, kind: 'Unsupported value', text: `supported values: ${shown.join(', ')}`, shown: value };
}

function* objectFaults(schema: JsonSchema, fields: Readonly<Record<string, unknown>>, path: Path): Iterable<Fault> {
  for (const name of schema.required ?? [])
    if (fields[name] === undefined) yield { path: [...path, name], kind: 'Required value', text: 'is required' };
  for (const [name, field] of Object.entries(fields)) {
    const known = fieldOf(schema, name) ?? schema.additionalProperties;
    if (known) yield* valueFaults(known, field, [...path, name]);
  }
}

/** Go's types of JSON numbers: what is no 64-bit integer is a float. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInt64(value) ? 'integer' : 'number';
  return typeof value;
}

function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
}

const bounds = [
  { name: 'Minimum', key: 'minimum', sign: 1, words: 'greater than or equal to' },
  { name: 'Maximum', key: 'maximum', sign: -1, words: 'less than or equal to' },
] as const;

/** Integers are compared with the whole part of a bound, and integer fields take no other bounds. */
function* numberFaults(schema: JsonSchema, value: number, path: Path): Iterable<Fault> {
  const isInteger = schema.type === 'integer';
  const mustBe = (what: string): string => `${what} value must be of type integer (default format)`;
  if (isInteger && !isInt64(value))
    yield { path, kind: 'Invalid value', text: mustBe('Checked'), shown: '', named: 'last' };
  for (const { name, key, sign, words } of bounds) {
    const bound = schema[key];
    if (bound === undefined) continue;
    const isStrange = isInteger && !isInt64(bound);
    if (isStrange) yield { path, kind: 'Invalid value', text: mustBe(`${name} boundary`), shown: '', named: 'last' };
    const limit = isInt64(value) && !isStrange ? Math.trunc(bound) : bound;
    if ((value - limit) * sign < 0) yield atField(path, `should be ${words} ${limit}`, value);
  }
}

/** The first thing that is wrong. Lengths are numbers of characters. */
function* textFaults({ minLength, maxLength, pattern }: JsonSchema, value: string, path: Path): Iterable<Fault> {
  const length = Array.from(value).length;
  if (maxLength !== undefined && length > maxLength)
    yield { path, kind: 'Too long', text: `may not be more than ${maxLength} byte${maxLength === 1 ? '' : 's'}` };
  else if (minLength !== undefined && length < minLength)
    yield atField(path, `should be at least ${minLength} chars long`, value);
  else if (pattern !== undefined && !matches(value, pattern)) yield atField(path, `should match '${pattern}'`, value);
}

function* listFaults(schema: JsonSchema, value: readonly unknown[], path: Path): Iterable<Fault> {
  const { minItems, maxItems, items } = schema;
  if (minItems !== undefined && value.length < minItems)
    yield atField(path, `should have at least ${minItems} items`, value.length);
  if (maxItems !== undefined && value.length > maxItems) {
    const text = `must have at most ${maxItems} item${maxItems === 1 ? '' : 's'}`;
    yield { path, kind: 'Too many', text, shown: value.length };
  }
  for (const [index, item] of items ? value.entries() : [])
    yield* valueFaults(items as JsonSchema, item, [...path, index]);
}

/** Items that lists of the type `set` or `map` have twice. Those of defaults are not looked at. */
export function* duplicateFaults(schema: JsonSchema, value: unknown, path: Path = []): Iterable<Fault> {
  if (Array.isArray(value)) {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const listType = schema['x-kubernetes-list-type'];
    const seen = new Set<string>();
    for (const [index, item] of value.entries()) {
      if (listType === 'set' || listType === 'map') {
        const key = keyOf(listType === 'set' ? item : keys.map((name) => (item as Record<string, unknown>)?.[name]));
        if (seen.has(key)) yield { path: [...path, index], kind: 'Duplicate value', text: 'is there twice' };
        seen.add(key);
      }
      yield* duplicateFaults(schema.items ?? {}, item, [...path, index]);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value))
      yield* duplicateFaults(fieldOf(schema, name) ?? schema.additionalProperties ?? {}, field, [...path, name]);
  }
}

function keyOf(value: unknown): string {
  return JSON.stringify(sortedKeys(value)) ?? '';
}

/** JSON with the keys of objects in order, as Go writes it. */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : sortedKeys(item)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sortedKeys(field)]));
}

/** Fields that nobody declared: with strict field validation they are refused. */
export function* unknownFields(schema: JsonSchema, value: unknown, path: Path = []): Iterable<Fault> {
  if (schema['x-kubernetes-preserve-unknown-fields'] || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* unknownFields(schema.items ?? {}, item, [...path, index]);
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    const known = fieldOf(schema, name) ?? schema.additionalProperties;
    if (known) yield* unknownFields(known, field, [...path, name]);
    else {
      const free = isStruct(schema)
        ? Object.keys(schema.properties).filter((other) => !Object.hasOwn(value, other))
        : [];
      const hint = didYouMean(name, free);
      yield { path: [...path, name], kind: 'Invalid value', text: 'is not a field of this kind', hint };
    }
  }
}
