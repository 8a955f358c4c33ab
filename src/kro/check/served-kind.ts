import type { JsonSchema } from '../../schema/json-schema.ts';
import { plural } from '../plural.ts';
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
    ...nameProblems(group, kind),
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

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

function* nameProblems(group: string, kind: string): Iterable<Found> {
  const place = ['spec', 'schema', 'group'];
  const kindPlace = ['spec', 'schema', 'kind'];
  const names = plural(kind.toLowerCase());
  const full = `${names}.${group}`;
  const invalid = (value: string): string => `Invalid value: ${JSON.stringify(value)}: `;
  const noSubdomain = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
  const noLabel = `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`;
  const tooLong = 'must be no more than 63 characters';
  if (!subdomain.test(full)) yield { path: 'metadata.name', message: invalid(full) + noSubdomain, place };
  if (!subdomain.test(group)) yield { path: 'spec.group', message: invalid(group) + noSubdomain, place };
  else if (!group.includes('.'))
    yield { path: 'spec.group', message: `${invalid(group)}should be a domain with at least one dot`, place };
  const problem = label.test(names) ? (names.length > 63 ? tooLong : undefined) : noLabel;
  if (problem) yield { path: 'spec.names.plural', message: invalid(names) + problem, place: kindPlace };
  const list = `${kind}List`;
  if (list.length > 63) {
    const message = `${invalid(list)}may have mixed case, but should otherwise match: ${tooLong}`;
    yield { path: 'spec.names.listKind', message, place: kindPlace };
  }
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
  const inner = items['x-kubernetes-list-type'];
  const isGranular = items.type === 'object' || (items.type === 'array' && inner !== undefined && inner !== 'atomic');
  if (listType === 'set' && isGranular) {
    const kind = items.type === 'object' ? 'map' : 'list';
    const message = `Invalid value: ${goJson(inner ?? null)}: must be atomic as item of a list with x-kubernetes-list-type=set`;
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
