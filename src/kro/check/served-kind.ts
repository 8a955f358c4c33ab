import { check } from '../../expr/check.ts';
import { createEnvironment } from '../../expr/environment.ts';
import { CelError } from '../../expr/error.ts';
import { parse } from '../../expr/parse.ts';
import { celTypeOf } from '../../schema/cel-type.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { fieldsOf, type Pieces } from '../read/pieces.ts';
import { KroRefusal } from './refusal.ts';

interface Found {
  readonly path: string;
  readonly message: string;
  /** Where it is in the SimpleSchema. */
  readonly place: readonly string[];
}

/**
 * What the API server says to the CustomResourceDefinition of an accepted definition: kro then serves no kind. Defaults
 * that do not fit, rules that do not compile, a group that is no domain.
 */
export function checkServedKind({ group, kind, schema }: Pieces, spec: JsonSchema): void {
  const found = [
    ...groupProblems(group, `${plural(kind.toLowerCase())}.${group}`),
    ...schemaProblems(spec, 'spec.validation.openAPIV3Schema.properties[spec]', ['spec', 'schema', 'spec']),
    ...columnProblems(schema['additionalPrinterColumns']),
  ];
  const [first] = found;
  if (!first) return;
  const texts = found.map(({ path, message }) => `${path}: ${message}`);
  const all = texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
  const name = `${plural(kind.toLowerCase())}.${group}`;
  throw new KroRefusal(
    'CrdRefused',
    `failed to create CRD: CustomResourceDefinition.apiextensions.k8s.io "${name}" is invalid: ${all}`,
    first.place,
  );
}

/** English plurals as far as they are regular. */
export function plural(word: string): string {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function* groupProblems(group: string, name: string): Iterable<Found> {
  const place = ['spec', 'schema', 'group'];
  const isName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(group);
  const invalid = `Invalid value: ${JSON.stringify(group)}: `;
  if (!isName) {
    const message = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
    yield { path: 'metadata.name', message: `Invalid value: ${JSON.stringify(name)}: ${message}`, place };
    yield { path: 'spec.group', message: invalid + message, place };
  } else if (!group.includes('.'))
    yield { path: 'spec.group', message: `${invalid}should be a domain with at least one dot`, place };
}

function* schemaProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  if (schema.default !== undefined) {
    for (const { inside, message } of valueProblems(schema, schema.default, ''))
      yield { path: `${path}.default${inside.startsWith('[') ? '.' : ''}${inside}`, message, place };
  }
  for (const [index, { rule, message }] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const reason = ruleProblem(rule, schema);
    if (reason === undefined) continue;
    const shown = goJson({
      Rule: rule,
      Message: message,
      MessageExpression: '',
      Reason: null,
      FieldPath: '',
      OptionalOldSelf: null,
    });
    const at = `${path}.x-kubernetes-validations[${index}].rule`;
    yield { path: at, message: `Invalid value: ${shown}: ${reason}`, place };
  }
  yield* listTypeProblems(schema, path, place);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield* schemaProblems(field, `${path}.properties[${name}]`, [...place, name]);
  }
  if (schema.items) yield* schemaProblems(schema.items, `${path}.items`, place);
  if (schema.additionalProperties)
    yield* schemaProblems(schema.additionalProperties, `${path}.additionalProperties`, place);
}

function* listTypeProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  const { items = {}, 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  if (listType === 'set' && items.type !== undefined && ['object', 'array'].includes(items.type)) {
    const kind = items.type === 'object' ? 'map' : 'list';
    const message = 'Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set';
    yield { path: `${path}.items.x-kubernetes-${kind}-type`, message, place };
  }
  if (listType !== 'map') return;
  if (keys.length === 0) {
    const message = 'Required value: must not be empty if x-kubernetes-list-type is map';
    yield { path: `${path}.x-kubernetes-list-map-keys`, message, place };
  }
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (!property) {
      const message = `Invalid value: ${JSON.stringify(key)}: entries must all be names of item properties`;
      yield { path: `${path}.x-kubernetes-list-map-keys[${index}]`, message, place };
    } else if (property.default === undefined && !items.required?.includes(key)) {
      const message =
        'Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      yield { path: `${path}.items.properties[${key}].default`, message, place };
    }
  }
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

function* columnProblems(columns: unknown): Iterable<Found> {
  for (const [index, column] of (Array.isArray(columns) ? (columns as unknown[]).map(fieldsOf) : []).entries()) {
    const { type, jsonPath } = column;
    const path = `spec.additionalPrinterColumns[${index}]`;
    const place = ['spec', 'schema', 'additionalPrinterColumns'];
    const invalid = (value: unknown): string => `Invalid value: ${JSON.stringify(value)}: must be`;
    if (!columnTypes.includes(type as string))
      yield { path: `${path}.type`, message: `${invalid(type)} one of ${columnTypes.join(',')}`, place };
    if (typeof jsonPath === 'string' && !jsonPath.startsWith('.'))
      yield { path: `${path}.JSONPath`, message: `${invalid(jsonPath)} a simple json path starting with .`, place };
  }
}

/** Go's JSON writes these characters as escapes. */
function goJson(value: object): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}

function ruleProblem(rule: string, schema: JsonSchema): string | undefined {
  const self = celTypeOf(schema, 'self');
  const environment = createEnvironment({ functions: 'kro', variables: { self, oldSelf: self }, omit: false });
  try {
    const { type } = check(parse(rule), environment);
    return type.kind === 'bool' || type.kind === 'dyn' ? undefined : 'cel expression must evaluate to a bool';
  } catch (error) {
    if (error instanceof CelError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

interface Problem {
  /** Path below the default. */
  readonly inside: string;
  readonly message: string;
}

/** What Kubernetes' validation says to a default. */
function* valueProblems(schema: JsonSchema, value: unknown, inside: string): Iterable<Problem> {
  const actual = typeOf(value);
  const wanted = schema.type;
  if (wanted !== undefined && actual !== wanted && !(wanted === 'number' && actual === 'integer')) {
    return yield {
      inside,
      message: `Invalid value: "${actual}": ${bodyOf(inside)} must be of type ${wanted}: "${actual}"`,
    };
  }
  if (schema.enum && !schema.enum.includes(value as never)) {
    const values = schema.enum.map((one) => JSON.stringify(one)).join(', ');
    yield { inside, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}` };
  }
  if (typeof value === 'number') yield* numberProblems(schema, value, inside);
  else if (typeof value === 'string') yield* textProblems(schema, value, inside);
  else if (Array.isArray(value)) yield* listProblems(schema, value, inside);
  else if (typeof value === 'object' && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name of schema.required ?? []) {
      if (fields[name] === undefined && schema.properties?.[name]?.default === undefined)
        yield { inside: `${inside}.${name}`, message: 'Required value' };
    }
    for (const [name, field] of Object.entries(fields)) {
      const known = schema.properties?.[name] ?? schema.additionalProperties;
      if (known) yield* valueProblems(known, field, `${inside}.${name}`);
    }
  }
}

/** The API server leaves the name of the value itself away. */
function bodyOf(inside: string): string {
  return inside === '' ? 'in body' : `${inside} in body`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function* numberProblems({ minimum, maximum }: JsonSchema, value: number, inside: string): Iterable<Problem> {
  const invalid = `Invalid value: ${value}: ${bodyOf(inside)} should be`;
  if (minimum !== undefined && value < minimum)
    yield { inside, message: `${invalid} greater than or equal to ${minimum}` };
  if (maximum !== undefined && value > maximum)
    yield { inside, message: `${invalid} less than or equal to ${maximum}` };
}

function* textProblems(
  { minLength, maxLength, pattern }: JsonSchema,
  value: string,
  inside: string,
): Iterable<Problem> {
  const invalid = `Invalid value: ${JSON.stringify(value)}: ${bodyOf(inside)} should`;
  const length = Array.from(value).length;
  if (maxLength !== undefined && length > maxLength)
    yield { inside, message: `Too long: may not be more than ${maxLength} byte${maxLength === 1 ? '' : 's'}` };
  if (minLength !== undefined && length < minLength)
    yield { inside, message: `${invalid} be at least ${minLength} chars long` };
  if (pattern !== undefined && matches(pattern, value) === false)
    yield { inside, message: `${invalid} match '${pattern}'` };
}

/** `undefined` for what JavaScript cannot read. */
function matches(pattern: string, value: string): boolean | undefined {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return undefined;
  }
}

function* listProblems(
  { minItems, maxItems, items }: JsonSchema,
  value: readonly unknown[],
  inside: string,
): Iterable<Problem> {
  if (minItems !== undefined && value.length < minItems)
    yield {
      inside,
      message: `Invalid value: ${value.length}: ${bodyOf(inside)} should have at least ${minItems} items`,
    };
  if (maxItems !== undefined && value.length > maxItems)
    yield {
      inside,
      message: `Too many: ${value.length}: must have at most ${maxItems} item${maxItems === 1 ? '' : 's'}`,
    };
  for (const [index, item] of items ? value.entries() : [])
    yield* valueProblems(items as JsonSchema, item, `${inside}[${index}]`);
}
