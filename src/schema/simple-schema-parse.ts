import { KubewrightError } from '../errors.ts';
import type { JsonSchema, JsonType } from './json-schema.ts';
import { applyMarkers, parseMarkers, unreadableValue } from './simple-schema-apply.ts';

type Mutable = { -readonly [Key in keyof JsonSchema]: JsonSchema[Key] };

/** A custom type: its schema, and whether it makes the fields that use it required. */
interface CustomType {
  readonly schema: JsonSchema;
  readonly required: boolean;
}

type CustomTypes = ReadonlyMap<string, CustomType>;

type TypeTree =
  | { readonly kind: 'atomic'; readonly type: JsonType }
  | { readonly kind: 'object' }
  | { readonly kind: 'list' | 'map'; readonly element: TypeTree }
  | { readonly kind: 'custom'; readonly name: string };

const atomic: Readonly<Record<string, JsonType>> = {
  string: 'string',
  integer: 'integer',
  boolean: 'boolean',
  float: 'number',
};

/** SimpleSchema as it comes from a file: unchecked. */
export interface SimpleSchemaSource {
  readonly spec?: unknown;
  readonly types?: unknown;
}

/**
 * The OpenAPI schema that kro makes of a SimpleSchema, with kro's own messages for what it refuses.
 *
 * @throws KubewrightError `SimpleSchema`
 */
export function parseSimpleSchema(source: SimpleSchemaSource): JsonSchema {
  const schema = parseUnread(source);
  const problem = unreadableValue(schema);
  if (problem !== undefined) throw simpleSchemaError(problem);
  return schema;
}

/** The same where a default may be no JSON, see {@link unreadableValue}. */
export function parseUnread({ spec, types }: SimpleSchemaSource): JsonSchema {
  const custom = loadCustomTypes(asMap(types ?? {}));
  return structSchema(asMap(spec ?? {}), custom);
}

function simpleSchemaError(message: string): KubewrightError {
  return new KubewrightError({ code: 'SimpleSchema', message });
}

function asMap(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw simpleSchemaError(`unexpected type: ${goTypeName(value)}`);
}

function goTypeName(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function loadCustomTypes(sources: Readonly<Record<string, unknown>>): CustomTypes {
  const uses = new Map<string, ReadonlySet<string>>();
  for (const [name, source] of Object.entries(sources))
    uses.set(
      name,
      within(`parsing type ${name}`, () => new Set(usedTypes(source))),
    );
  const loaded = new Map<string, CustomType>();
  const load = (name: string, path: readonly string[]): void => {
    if (loaded.has(name)) return;
    if (path.includes(name))
      throw simpleSchemaError(
        `cyclic dependency in type ${name}: graph contains a cycle: ${[...path.slice(path.indexOf(name)), name].join(' -> ')}`,
      );
    for (const used of uses.get(name) ?? []) {
      if (used === name) throw simpleSchemaError('self references are not allowed');
      if (!uses.has(used)) throw simpleSchemaError(`node ${used} does not exist`);
      load(used, [...path, name]);
    }
    loaded.set(
      name,
      within(`building schema for ${name}`, () => customType(name, sources[name], loaded)),
    );
  };
  for (const name of uses.keys()) load(name, []);
  return loaded;
}

function customType(name: string, source: unknown, types: CustomTypes): CustomType {
  if (typeof source !== 'string') return { schema: structSchema(asMap(source), types), required: false };
  const parent: string[] = [];
  return { schema: fieldSchema(name, source, { types, required: parent }), required: parent.length > 0 };
}

/** The custom types that a field or struct names. */
function* usedTypes(source: unknown): Generator<string> {
  if (typeof source === 'string') {
    let tree = parseField(source).tree;
    while (tree.kind === 'list' || tree.kind === 'map') tree = tree.element;
    if (tree.kind === 'custom') yield tree.name;
    return;
  }
  for (const [name, field] of Object.entries(asMap(source)))
    yield* within(`field ${name}`, () => [...usedTypes(field)]);
}

function structSchema(fields: Readonly<Record<string, unknown>>, types: CustomTypes): JsonSchema {
  const required: string[] = [];
  const properties: Record<string, JsonSchema> = {};
  for (const [name, field] of Object.entries(fields)) {
    properties[name] = within(`field ${name}`, () =>
      typeof field === 'string' ? fieldSchema(name, field, { types, required }) : structSchema(asMap(field), types),
    );
  }
  const schema: Mutable = { type: 'object', properties };
  if (required.length > 0) schema.required = required.sort();
  else if (Object.values(properties).some((property) => property.default !== undefined)) schema.default = {};
  return schema;
}

function fieldSchema(
  name: string,
  source: string,
  { types, required }: { types: CustomTypes; required: string[] },
): JsonSchema {
  const { tree, markers } = parseField(source);
  const parsed = markers === undefined ? undefined : parseMarkers(markers);
  const schema = treeSchema(tree, types);
  if (tree.kind === 'custom' && types.get(tree.name)?.required) required.push(name);
  if (parsed === undefined) return schema;
  return applyMarkers(schema, parsed, (isRequired) => isRequired && required.push(name));
}

/** Splits a field at its first bar. */
function parseField(source: string): { tree: TypeTree; markers: string | undefined } {
  const bar = source.indexOf('|');
  const type = (bar < 0 ? source : source.slice(0, bar)).trim();
  if (type === '') throw simpleSchemaError('empty type');
  const markers = bar < 0 ? undefined : source.slice(bar + 1);
  return { tree: parseType(type, 0), markers };
}

function parseType(source: string, depth: number): TypeTree {
  if (depth > 16) throw simpleSchemaError(`type nesting too deep (max 16): ${JSON.stringify(source)}`);
  const text = source.trim();
  const type = Object.hasOwn(atomic, text) ? atomic[text] : undefined;
  if (type) return { kind: 'atomic', type };
  if (text === 'object') return { kind: 'object' };
  if (text.startsWith('[]')) {
    if (text === '[]') throw simpleSchemaError('empty slice element type');
    return { kind: 'list', element: parseType(text.slice(2), depth + 1) };
  }
  if (!text.startsWith('map[')) return { kind: 'custom', name: text };
  if (!text.startsWith('map[string]')) throw simpleSchemaError('map key must be string');
  const value = text.slice('map[string]'.length).trim();
  if (value === '') throw simpleSchemaError('map value type is required');
  return { kind: 'map', element: parseType(value, depth + 1) };
}

function treeSchema(tree: TypeTree, types: CustomTypes): JsonSchema {
  switch (tree.kind) {
    case 'atomic':
      return { type: tree.type };
    case 'object':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    case 'list':
      return { type: 'array', items: treeSchema(tree.element, types) };
    case 'map':
      return { type: 'object', additionalProperties: treeSchema(tree.element, types) };
    case 'custom': {
      const schema = types.get(tree.name)?.schema;
      if (!schema) throw simpleSchemaError(`unknown type: ${tree.name}`);
      return schema;
    }
  }
}

/** Puts the place before an error's message, as kro does on the way up. */
function within<T>(place: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw error instanceof KubewrightError ? simpleSchemaError(`${place}: ${error.message}`) : error;
  }
}
