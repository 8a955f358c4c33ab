import { define } from '../expr/value.ts';
import { fieldOf } from '../schema/defaults.ts';
import { type JsonSchema, pathText } from '../schema/json-schema.ts';
import { typeHint } from '../schema/literals.ts';
import type { ValueProblem } from '../schema/strict-values.ts';
import { duplicateFaults, type Fault, unknownFields, valueFaults } from './served-values.ts';

/** Values as they are stored, or what is wrong with them. */
export type Stored = { readonly value: unknown } | { readonly problems: readonly ValueProblem[] };

/**
 * What the API server does with values of a kind when they are written with strict field validation: null is dropped or
 * replaced by a default, defaults are filled in, and the result is validated. Rules are evaluated on what is valid so far.
 *
 * @param schema of the kind's CustomResourceDefinition
 */
export function storedValues(schema: JsonSchema, values: unknown): Stored {
  if (values === undefined || values === null) {
    // Nobody requires an object to have a spec, and what is not there is not validated.
    return schema.default ? storedValues(schema, schema.default) : { value: {} };
  }
  const unknown = [...unknownFields(schema, values)];
  const value = withServedDefaults(schema, withoutNull(schema, values));
  const faults = [...unknown, ...valueFaults(schema, value), ...duplicateFaults(schema, value)];
  return faults.length > 0 ? { problems: faults.map(problemOf) } : { value };
}

/** As messages about values say it. */
export function problemOf({ path, kind, text, hint, broken, expected }: Fault): ValueProblem {
  const message = broken
    ? `${text}: ${broken.rule}${broken.failure === undefined ? '' : ` (${broken.failure})`}`
    : text;
  return {
    path: pathText(path),
    message: kind === 'Unsupported value' ? `has none of the ${message}` : message,
    hint: hint ?? (expected && typeHint([expected.wanted], expected.actual)),
  };
}

/** Null without a default goes, except from lists. */
function withoutNull(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutNull(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const known = fieldOf(schema, name) ?? schema.additionalProperties;
    const isDropped = field === null && known !== undefined && (known.default ?? null) === null;
    if (!isDropped && field !== undefined) define(kept, name, withoutNull(known ?? {}, field));
  }
  return kept;
}

/** Defaults as they are declared: those inside of an object apply where the object is there. */
function withServedDefaults(schema: JsonSchema, value: unknown): unknown {
  const { items, properties = {}, additionalProperties } = schema;
  if (Array.isArray(value)) {
    if (!items) return value;
    return value.map((item: unknown) => withServedDefaults(items, item === null ? (items.default ?? null) : item));
  }
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const known = fieldOf(schema, name) ?? additionalProperties;
    const given: unknown = field === null ? (known?.default ?? null) : field;
    define(filled, name, known ? withServedDefaults(known, given) : given);
  }
  for (const [name, field] of Object.entries(properties)) {
    if (Object.hasOwn(filled, name) || (field.default ?? null) === null) continue;
    define(filled, name, withServedDefaults(field, structuredClone(field.default)));
  }
  return filled;
}
