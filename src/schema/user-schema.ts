import { KubewrightError } from '../errors.ts';
import { withDefaults } from './defaults.ts';
import { type JsonSchema, pathText } from './json-schema.ts';
import { type RawSchema, tidySchema } from './tidy-schema.ts';
import { strictProblems, type ValueProblem } from './strict-values.ts';

/** The part of Standard Schema (https://standardschema.dev) that is used here. */
export interface StandardProps<Input = unknown, Output = Input> {
  readonly version: 1;
  readonly vendor: string;
  readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema that the user gives: an arktype type, a zod 4 schema, or any other Standard Schema that offers JSON Schema. */
export interface UserSchema {
  readonly '~standard': StandardProps<unknown, unknown>;
}

/** The type of the values after validation: defaults are filled in. */
export type InferSchema<S> = S extends { readonly infer: infer T }
  ? T
  : S extends { readonly '~standard': { readonly types?: { readonly output: infer T } | undefined } }
    ? T
    : never;

/** The type of the values before validation: fields with a default may be left out. */
export type InferInput<S> = S extends { readonly inferIn: infer T }
  ? T
  : S extends { readonly '~standard': { readonly types?: { readonly input: infer T } | undefined } }
    ? T
    : never;

export type Validated = { readonly value: unknown } | { readonly problems: readonly ValueProblem[] };

const known = new WeakMap<object, JsonSchema>();

/**
 * The JSON Schema of what the user may write: a field with a default is optional. The order of fields is the
 * library's (zod keeps the author's, arktype sorts by name), so it is the same in every run.
 *
 * @throws KubewrightError `UnsupportedSchema` when the library offers no JSON Schema, or a type refers to itself
 */
export function toJsonSchema(schema: UserSchema): JsonSchema {
  let json = known.get(schema);
  if (!json) {
    json = tidySchema(readSchema(schema));
    known.set(schema, json);
  }
  return json;
}

/**
 * Checks values against a schema, more strictly than the library alone: unknown fields are problems, and fields that
 * the generated Kubernetes API would fill in are filled in the way it would.
 *
 * @param json the JSON Schema of `schema`, when the caller has narrowed it
 * @throws KubewrightError `AsyncSchema` when the schema validates asynchronously
 */
export function validateValues(
  schema: UserSchema,
  values: unknown,
  json: JsonSchema = toJsonSchema(schema),
): Validated {
  const problems = [...strictProblems(json, values)];
  const result = schema['~standard'].validate(copyOf(values));
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new KubewrightError({
      code: 'AsyncSchema',
      message: 'the schema validates asynchronously',
      hint: 'Use only synchronous checks in the schema of a graph.',
    });
  }
  for (const issue of result.issues ?? []) {
    const path = pathText(Array.from(issue.path ?? [], pathPart));
    const known = problems.some((problem) => problem.path === path) || (isUnknownKeys(issue) && problems.length > 0);
    if (!known) problems.push({ path, message: issueMessage(issue) });
  }
  if (problems.length > 0 || result.issues) return { problems };
  return { value: withDefaults(json, result.value) };
}

/** Libraries may fill defaults into what they are given. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copyOf(field)]));
}

function pathPart(part: PropertyKey | { readonly key: PropertyKey }): string | number {
  const key = typeof part === 'object' ? part.key : part;
  return typeof key === 'symbol' ? String(key) : key;
}

/** zod reports the unknown keys of a strict object at the object, and they are reported one by one already. */
function isUnknownKeys(issue: StandardIssue & { readonly code?: unknown }): boolean {
  return issue.code === 'unrecognized_keys';
}

/** arktype repeats the path in `message`; `problem` is the message without it. */
function issueMessage(issue: StandardIssue & { readonly problem?: unknown }): string {
  return typeof issue.problem === 'string' ? issue.problem : issue.message;
}

interface ArktypeLike {
  readonly json?: unknown;
  toJsonSchema(options: { fallback: (context: FallbackContext) => unknown }): RawSchema;
}

interface FallbackContext {
  readonly code: string;
  readonly base: RawSchema;
  readonly unit?: unknown;
}

interface JsonSchemaProps {
  readonly jsonSchema: Record<'input' | 'output', (options: { target: string; libraryOptions?: object }) => RawSchema>;
}

function readSchema(schema: UserSchema): RawSchema {
  try {
    if ('toJsonSchema' in schema && typeof schema.toJsonSchema === 'function')
      return readArktype(schema as unknown as ArktypeLike);
    const standard: StandardProps & Partial<JsonSchemaProps> = schema['~standard'];
    if (standard.jsonSchema) return readStandard(standard.jsonSchema);
  } catch (cause) {
    throw new KubewrightError({
      code: 'UnsupportedSchema',
      message: `the schema has no JSON Schema: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Describe plain JSON data, without transformations.',
      cause,
    });
  }
  throw new KubewrightError({
    code: 'UnsupportedSchema',
    message: `a schema of ${schema['~standard'].vendor} offers no JSON Schema`,
    hint: 'Use arktype, zod 4 or another library with Standard JSON Schema.',
  });
}

/** arktype's Standard JSON Schema leaves out defaults and hides what it cannot say; its own method tells both. */
function readArktype(schema: ArktypeLike): RawSchema {
  const fallback = ({ code, base, unit }: FallbackContext): unknown => {
    if (code === 'defaultValue') return undefined;
    const lost = code === 'unit' && unit === undefined ? 'undefined' : code;
    return { ...base, 'x-kubewright-lost': [...(base['x-kubewright-lost'] ?? []), lost] };
  };
  const raw = schema.toJsonSchema({ fallback });
  const flagged = flaggedPatterns(schema.json);
  return flagged.size === 0 ? raw : { ...raw, 'x-kubewright-flagged': [...flagged] };
}

/** The regular expressions whose flags change what they match; JSON Schema has no place for flags. */
function flaggedPatterns(json: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof json !== 'object' || json === null) return found;
  const { rule, flags } = json as { rule?: unknown; flags?: unknown };
  if (typeof rule === 'string' && typeof flags === 'string' && /[ims]/.test(flags)) found.add(rule);
  for (const value of Object.values(json)) flaggedPatterns(value, found);
  return found;
}

/** A field whose input and output differ in kind is transformed on the way: the library says so only by giving two schemas. */
function readStandard(jsonSchema: JsonSchemaProps['jsonSchema']): RawSchema {
  const options = { target: 'draft-2020-12' };
  const input = jsonSchema.input(options);
  let output: RawSchema;
  try {
    output = jsonSchema.output(options);
  } catch {
    // zod names no place in its error; with this option it leaves the place of a transformation empty instead.
    output = jsonSchema.output({ ...options, libraryOptions: { unrepresentable: 'any' } });
  }
  return markTransforms(input, output);
}

function markTransforms(input: RawSchema, output: RawSchema): RawSchema {
  if (JSON.stringify([input.type, input['format']]) !== JSON.stringify([output.type, output['format']])) {
    return { ...input, 'x-kubewright-lost': ['morph'] };
  }
  const marked: { -readonly [Key in keyof RawSchema]: RawSchema[Key] } = { ...input };
  if (input.properties && output.properties) {
    const others = output.properties;
    marked.properties = Object.fromEntries(
      Object.entries(input.properties).map(([name, property]) => [
        name,
        markTransforms(property, others[name] ?? property),
      ]),
    );
  }
  if (isNode(input.items) && isNode(output.items)) marked.items = markTransforms(input.items, output.items);
  if (isNode(input.additionalProperties) && isNode(output.additionalProperties)) {
    marked.additionalProperties = markTransforms(input.additionalProperties, output.additionalProperties);
  }
  return marked;
}

function isNode(value: unknown): value is RawSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
