import { KubewrightError, throwProblems } from '../errors.ts';
import { effectiveDefault } from './defaults.ts';
import { isStruct, type JsonSchema, pathText } from './json-schema.ts';
import { markersOf } from './simple-schema-markers.ts';
import { refusals } from './simple-schema-refusals.ts';

/** A field of kro's SimpleSchema: a type with markers, or a nested object. */
export type SimpleSchemaField = string | { readonly [name: string]: SimpleSchemaField };

/** kro's `spec.schema.spec` and `spec.schema.types`. */
export interface SimpleSchema {
  readonly spec: { readonly [name: string]: SimpleSchemaField };
  /** Custom types; absent when none is needed. */
  readonly types?: { readonly [name: string]: SimpleSchemaField };
}

type Path = readonly string[];

interface Emission {
  readonly types: Map<string, SimpleSchemaField>;
  /** What a type's name stands for, to share one name between equal types. */
  readonly meanings: Map<string, string>;
  readonly problems: KubewrightError[];
  readonly resource: string | undefined;
}

/**
 * Writes a schema in kro's SimpleSchema. Objects that are required, described or have a default of their own become
 * custom types, because a nested object cannot carry markers.
 *
 * @param resource the graph's name, for messages
 * @throws KubewrightError `SimpleSchema` with every field that SimpleSchema cannot say, each with a way out
 */
export function toSimpleSchema(schema: JsonSchema, resource?: string): SimpleSchema {
  const emission: Emission = { types: new Map(), meanings: new Map(), problems: [], resource };
  if (!isStruct(schema)) {
    throw new KubewrightError({
      code: 'SimpleSchema',
      resource,
      path: 'spec',
      message: 'is not an object with declared fields',
      hint: 'Give kro an object type with a field for each value.',
    });
  }
  reportRefusals(schema, ['spec'], emission);
  const spec = structOf(schema, ['spec'], emission);
  throwProblems(resource ?? 'schema', emission.problems);
  return emission.types.size === 0 ? { spec } : { spec, types: Object.fromEntries(emission.types) };
}

function structOf(schema: JsonSchema, path: Path, emission: Emission): { [name: string]: SimpleSchemaField } {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]): [string, SimpleSchemaField] => [
    name,
    fieldOf(field, [...path, name], { emission, required: required.has(name) }),
  ]);
  return Object.fromEntries(fields);
}

function fieldOf(
  schema: JsonSchema,
  path: Path,
  { emission, required }: { emission: Emission; required: boolean },
): SimpleSchemaField {
  if (!reportRefusals(schema, path, emission)) return 'object';
  const { default: _default, ...rest } = schema;
  if (isStruct(schema) && !required && !hasOwnDefault(schema) && markersOf(rest, false) === '')
    return structOf(schema, path, emission);
  const markers = markersOf(schema, required && schema.default === undefined);
  const type = typeText(schema, path, emission);
  return markers === '' ? type : `${type} | ${markers}`;
}

/** kro gives `{}` itself to an object whose fields have defaults. */
function hasOwnDefault({ default: own, ...schema }: JsonSchema): boolean {
  return own !== undefined && JSON.stringify(own) !== JSON.stringify(effectiveDefault(schema));
}

function typeText(schema: JsonSchema, path: Path, emission: Emission): string {
  switch (schema.type) {
    case 'number':
      return 'float';
    case 'array':
      return `[]${elementText(schema.items ?? {}, path, emission)}`;
    case 'object':
      if (schema.additionalProperties) return `map[string]${elementText(schema.additionalProperties, path, emission)}`;
      return isStruct(schema) ? typeName(structOf(schema, path, emission), path, emission) : 'object';
    default:
      return schema.type ?? 'object';
  }
}

/** An element has no place for markers: its type gets a name when it needs some. */
function elementText(schema: JsonSchema, path: Path, emission: Emission): string {
  const elementPath = [...path, '*'];
  if (!reportRefusals(schema, elementPath, emission)) return 'object';
  const { default: _, ...element } = schema;
  const type = typeText(element, elementPath, emission);
  const markers = markersOf(element, false);
  return markers === '' ? type : typeName(`${type} | ${markers}`, elementPath, emission);
}

/** A name for a type after the field that uses it; equal types of fields with the same name share it. */
function typeName(meaning: SimpleSchemaField, path: Path, { types, meanings }: Emission): string {
  const words = path
    .slice(1)
    .filter((part) => part !== '*')
    .map(pascalCase);
  if (path.at(-1) === '*') words[words.length - 1] = singular(words.at(-1) ?? '');
  const text = JSON.stringify(meaning);
  for (const candidate of nameCandidates(words)) {
    const name = /^[A-Z]/.test(candidate) ? candidate : `Type${candidate}`;
    if (!types.has(name)) {
      types.set(name, meaning);
      meanings.set(name, text);
    }
    if (meanings.get(name) === text) return name;
  }
  throw new Error('unreachable: the numbers do not end');
}

/** `Database`, then `UserDatabase`, `ServicesUserDatabase`, …, then numbers. */
function* nameCandidates(words: readonly string[]): Generator<string> {
  for (let from = words.length - 1; from >= 0; from--) yield words.slice(from).join('');
  for (let number = 2; ; number++) yield `${words.join('')}${number}`;
}

function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return /[^su]s$/.test(word) ? word.slice(0, -1) : `${word}Item`;
}

/** True when SimpleSchema can say this node; its children have their own turn. */
function reportRefusals(schema: JsonSchema, path: Path, { problems, resource }: Emission): boolean {
  const found = refusals(schema);
  for (const { message, hint } of found) {
    const where = pathText(path.map((part) => (part === '*' ? '[]' : part))).replaceAll('["[]"]', '[]');
    problems.push(new KubewrightError({ code: 'SimpleSchema', resource, path: where, message, hint }));
  }
  return found.length === 0;
}
