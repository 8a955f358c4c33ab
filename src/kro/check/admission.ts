import { kroApiVersion } from '../api.ts';
import type { Fields } from '../read/pieces.ts';
import { fieldsOf } from '../read/pieces.ts';
import type { Path } from '../read/place.ts';
import type { Manifest } from '../read/source.ts';
import { fieldSchema, type OpenApi, preserves } from './open-api.ts';
import { definitionSpec } from './own-kinds.ts';
import { fieldText } from './path-text.ts';

/** What the API server refuses, at a path of the object. */
export interface Refusal {
  readonly message: string;
  readonly path: Path;
}

/**
 * What the API server says to a definition before kro sees it, in the words of server-side apply: fields that its API does
 * not have and repeated entries first, then values.
 */
export function admissionRefusals({ object, size = Infinity }: Manifest): Refusal[] {
  const metadata = fieldsOf(object['metadata']);
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const spec = object['spec'] ?? {};
  if (object['apiVersion'] !== kroApiVersion)
    return [
      {
        message: `no matches for kind "ResourceGraphDefinition" in version ${JSON.stringify(object['apiVersion'])}`,
        path: ['apiVersion'],
      },
    ];
  // An object is about as long as its text.
  const tooLarge = size > largestObject / 2 ? sizeRefusal(object) : undefined;
  if (tooLarge) return [tooLarge];
  const typed = [...typedRefusals(object['spec'], definitionSpec, ['spec'])];
  if (typed.length > 0) {
    const place = `failed to create typed patch object (/${name}; ${kroApiVersion}, Kind=ResourceGraphDefinition)`;
    return typed.map(({ message, path }) => ({ message: `${place}: .${fieldText(path)}: ${message}`, path }));
  }
  const found = [...nameRefusals(metadata['name']), ...valueRefusals(spec, definitionSpec, ['spec'])];
  const blocking = found.some((refusal) => refusal.blocking);
  if (!blocking) found.push(...ruleRefusals(fieldsOf(spec)));
  const note = blocking
    ? ', <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
    : '';
  const head = `ResourceGraphDefinition.kro.run "${name}" is invalid: `;
  const texts = found.map(({ message, path }) => `${fieldText(path)}: ${message}`);
  const all = texts.length > 1 || blocking ? `[${texts.join(', ')}${note}]` : texts[0];
  return found.length === 0 ? [] : [{ message: `${head}${all}`, path: (found[0] as Refusal).path }];
}

/** Limits of the API server's requests and of etcd's, in bytes. */
const largestRequest = 3 * 1024 * 1024;
const largestObject = 1.5 * 1024 * 1024;

function sizeRefusal(object: Fields): Refusal | undefined {
  const size = sizeOf(object);
  if (size <= largestObject) return undefined;
  const message =
    size > largestRequest ? `Request entity too large: limit is ${largestRequest}` : 'etcdserver: request is too large';
  return { message, path: largestPart(object, size) };
}

/** About the length of a tree's JSON. */
function sizeOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value.length + 2 : 5;
  let size = 2;
  for (const [name, field] of Object.entries(value))
    size += sizeOf(field) + (Array.isArray(value) ? 1 : name.length + 4);
  return size;
}

/** Follows the part that makes up most of an object. */
function largestPart(value: unknown, size: number): Path {
  if (typeof value !== 'object' || value === null) return [];
  for (const [name, field] of Object.entries(value)) {
    const part = sizeOf(field);
    if (part > size / 2) return [Array.isArray(value) ? Number(name) : name, ...largestPart(field, part)];
  }
  return [];
}

/** Fields that the schema does not have, values of another type, repeated entries of sets. */
function* typedRefusals(value: unknown, schema: OpenApi, path: Path): Iterable<Refusal> {
  if (value === null || value === undefined || (preserves(schema) && schema.type === undefined)) return;
  if (schema.type === 'object') {
    if (typeof value !== 'object' || Array.isArray(value))
      return yield { message: `expected map, got &{${goText(value)}}`, path };
    if (preserves(schema)) return;
    for (const [name, field] of Object.entries(value)) {
      const known = fieldSchema(schema, name);
      if (known) yield* typedRefusals(field, known, [...path, name]);
      else yield { message: 'field not declared in schema', path: [...path, name] };
    }
  } else if (schema.type === 'array') {
    if (!Array.isArray(value)) return yield { message: `expected list, got &{${goText(value)}}`, path };
    yield* repeatedEntries(value, schema, path);
    for (const [index, item] of value.entries()) yield* typedRefusals(item, schema.items ?? {}, [...path, index]);
  } else if (!fits(value, schema.type))
    yield {
      message: `expected ${schema.type === 'integer' ? 'numeric (int or float)' : (schema.type ?? 'value')}, got ${goValue(value)}`,
      path,
    };
}

function* repeatedEntries(value: readonly unknown[], schema: OpenApi, path: Path): Iterable<Refusal> {
  if (schema['x-kubernetes-list-type'] !== 'set') return;
  for (const [index, item] of value.entries()) {
    if (value.indexOf(item) === index) continue;
    yield { message: `duplicate entries for key [=${JSON.stringify(item)}]`, path };
  }
}

function fits(value: unknown, type: string | undefined): boolean {
  if (type === 'integer') return typeof value === 'number';
  return type === undefined || typeof value === type;
}

/** A value as Go's `%v` writes it. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return value === null ? '<nil>' : JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${fields.map(([name, field]) => `${name}:${goText(field)}`).join(' ')}]`;
}

/** A value as Go's `%#v` writes it. */
function goValue(value: unknown): string {
  const text = typeof value === 'object' ? goText(value) : JSON.stringify(value);
  return `&value.valueUnstructured{Value:${text}}`;
}

interface Found extends Refusal {
  /** After such an error the rules of the schema are not looked at. */
  readonly blocking?: boolean;
}

function* nameRefusals(name: unknown): Iterable<Found> {
  const path = ['metadata', 'name'];
  if (typeof name !== 'string' || name === '')
    yield { message: 'Required value: name or generateName is required', path, blocking: true };
  else if (name.length > 253)
    yield { message: `Invalid value: ${JSON.stringify(name)}: must be no more than 253 bytes`, path };
  else if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) {
    yield {
      message: `Invalid value: ${JSON.stringify(name)}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      path,
    };
  }
}

/** Patterns, lengths, numbers of entries and required fields. */
function* valueRefusals(value: unknown, schema: OpenApi, path: Path): Iterable<Found> {
  if (value === null || value === undefined) return;
  if (typeof value === 'string') yield* textRefusals(value, schema, path);
  else if (Array.isArray(value)) {
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      yield { message: `Too many: ${value.length}: must have at most ${schema.maxItems} items`, path, blocking: true };
    for (const [index, item] of value.entries()) yield* valueRefusals(item, schema.items ?? {}, [...path, index]);
  } else if (typeof value === 'object' && !preserves(schema)) {
    yield* sizeRefusals(Object.keys(value).length, schema, path);
    for (const name of schema.required ?? []) {
      if ((value as Fields)[name] === undefined || (value as Fields)[name] === null)
        yield { message: 'Required value', path: [...path, name], blocking: true };
    }
    for (const [name, field] of Object.entries(value))
      yield* valueRefusals(field, fieldSchema(schema, name) ?? {}, [...path, name]);
  }
}

function* sizeRefusals(
  size: number,
  { minProperties = 0, maxProperties = Infinity }: OpenApi,
  path: Path,
): Iterable<Found> {
  if (size < minProperties)
    yield {
      message: `Invalid value: ${size}: ${fieldText(path)} in body should have at least ${minProperties} properties`,
      path,
    };
  if (size > maxProperties)
    yield {
      message: `Too many: ${size}: must have at most ${maxProperties} item${maxProperties === 1 ? '' : 's'}`,
      path,
      blocking: true,
    };
}

function* textRefusals(value: string, schema: OpenApi, path: Path): Iterable<Found> {
  const place = `${fieldText(path)} in body`;
  if (schema.minLength !== undefined && value.length < schema.minLength)
    yield {
      message: `Invalid value: ${JSON.stringify(value)}: ${place} should be at least ${schema.minLength} chars long`,
      path,
    };
  if (schema.maxLength !== undefined && value.length > schema.maxLength)
    yield { message: `Too long: may not be more than ${schema.maxLength} bytes`, path, blocking: true };
  else if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
    yield { message: `Invalid value: ${JSON.stringify(value)}: ${place} should match '${schema.pattern}'`, path };
  if (schema.enum && !schema.enum.includes(value)) {
    yield {
      message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`,
      path,
      blocking: true,
    };
  }
}

function* ruleRefusals(spec: Fields): Iterable<Found> {
  const resources = Array.isArray(spec['resources']) ? (spec['resources'] as unknown[]).map(fieldsOf) : [];
  for (const [index, resource] of resources.entries()) {
    const given = [resource['template'], resource['externalRef']].filter((body) => body !== undefined && body !== null);
    if (given.length !== 1)
      yield {
        message: 'Invalid value: exactly one of template or externalRef must be provided',
        path: ['spec', 'resources', index],
      };
  }
}
