import type { JsonSchema } from '../../schema/json-schema.ts';
import { fieldsOf, type Pieces } from '../read/pieces.ts';
import { KroRefusal } from './refusal.ts';
import { ruledProblems, ruleProblem } from './served-rules.ts';
import { hasUnknownFields, valueProblems } from './served-values.ts';

interface Found {
  readonly path: string;
  readonly message: string;
  /** Where it is in the SimpleSchema. */
  readonly place: readonly string[];
  readonly isRule?: boolean;
}

/**
 * What the API server says to the CustomResourceDefinition of an accepted definition: kro then serves no kind. Defaults
 * that do not fit, rules that do not compile, a group that is no domain.
 */
export function checkServedKind({ group, kind, schema }: Pieces, spec: JsonSchema): void {
  const found = [
    ...groupProblems(group, `${plural(kind.toLowerCase())}.${group}`),
    ...specProblems(spec, 'spec.validation.openAPIV3Schema.properties[spec]', ['spec', 'schema', 'spec']),
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
  if (/(ss|us|x|ch|sh)$/.test(word)) return `${word}es`;
  if (word.endsWith('s')) return word;
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

/** Defaults first: rules are only looked at when all of them fit. */
function* specProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  const found = [...defaultProblems(schema, path, place)];
  yield* found;
  yield* schemaProblems(schema, { path, place, checksRules: found.length === 0 });
}

function* defaultProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  const { default: value, properties = {}, items } = schema;
  if (value !== undefined && value !== null) {
    const at = `${path}.default`;
    if (hasUnknownFields(schema, value))
      yield { path: at, message: `Invalid value: ${goJson(value)}: must not have unknown fields`, place };
    const problems = [...valueProblems(schema, value, '')];
    for (const { inside, message } of problems.length > 0 ? problems : ruledProblems(schema, value, ''))
      yield { path: `${at}${inside.startsWith('[') ? '.' : ''}${inside}`, message, place };
  }
  for (const [name, field] of Object.entries(properties))
    yield* defaultProblems(field, `${path}.properties[${name}]`, [...place, name]);
  if (items) yield* defaultProblems(items, `${path}.items`, place);
}

interface At {
  readonly path: string;
  readonly place: readonly string[];
  readonly checksRules: boolean;
}

function* schemaProblems(schema: JsonSchema, at: At): Iterable<Found> {
  const { path, place, checksRules } = at;
  const { properties = {}, items, additionalProperties } = schema;
  const inner = [
    ...Object.entries(properties).flatMap(([name, field]) => [
      ...schemaProblems(field, { ...at, path: `${path}.properties[${name}]`, place: [...place, name] }),
    ]),
    ...(items ? schemaProblems(items, { ...at, path: `${path}.items` }) : []),
    ...(additionalProperties
      ? schemaProblems(additionalProperties, { ...at, path: `${path}.additionalProperties` })
      : []),
    ...listTypeProblems(schema, path, place),
  ];
  yield* inner;
  const isSound = inner.every((found) => found.isRule === true);
  if (checksRules && isSound) yield* ruleProblems(schema, path, place);
}

function* ruleProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
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
    yield { path: at, message: `Invalid value: ${shown}: ${reason}`, place, isRule: true };
  }
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
  if (items.type !== 'object') {
    const message = `Invalid value: "${items.type ?? ''}": must be object if parent array's x-kubernetes-list-type is map`;
    return yield { path: `${path}.items.type`, message, place };
  }
  for (const key of keys) {
    const property = items.properties?.[key];
    if (!property) {
      const message = `Invalid value: ${goJson(keys)}: entries must all be names of item properties`;
      yield { path: `${path}.x-kubernetes-list-map-keys`, message, place };
      continue;
    }
    const at = `${path}.items.properties[${key}]`;
    if (property.type === 'array' || property.type === 'object') {
      const message = `Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`;
      yield { path: `${at}.type`, message, place };
    }
    if (property.default === undefined && !items.required?.includes(key)) {
      const message =
        'Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      yield { path: `${at}.default`, message, place };
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
function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}
