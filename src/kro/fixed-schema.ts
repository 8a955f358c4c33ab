import type { JsonSchema, JsonValue } from '../schema/json-schema.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import { strictProblems } from '../schema/strict-values.ts';
import type { Problems } from '../graph/problems.ts';

/** Reports a fixed path that the schema does not have, and a value that it does not allow. */
export function checkFixed(
  spec: JsonSchema,
  { path, value }: { path: string; value: unknown },
  problems: Problems,
): void {
  let schema: JsonSchema | undefined = spec;
  for (const field of path.split('.')) {
    const names = Object.keys(schema?.properties ?? {});
    schema = schema?.properties?.[field];
    if (schema) continue;
    problems.add({
      code: 'FixedField',
      resource: 'fixed',
      path,
      message: `${field} is not a field of the schema`,
      hint: didYouMean(field, names),
    });
    return;
  }
  const wrong = value === undefined ? 'has no value' : mismatch(schema, value);
  if (wrong)
    problems.add({
      code: 'FixedField',
      resource: 'fixed',
      path,
      message: wrong,
      hint: 'Fix a field to a value that the schema allows.',
    });
}

function mismatch(schema: JsonSchema, value: unknown): string | undefined {
  const [problem] = strictProblems(schema, value);
  if (problem) return problem.message;
  if (schema.enum && !schema.enum.some((allowed) => allowed === value))
    return `must be one of ${schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
  const type =
    typeof value === 'number' ? 'number' : Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const expected = schema.type === 'integer' ? 'number' : schema.type;
  return expected === undefined || expected === type ? undefined : `must be of type ${schema.type}`;
}

/** The schema in which a field has only this value: an instance with another one is refused instead of ignored. */
export function narrowSchema(schema: JsonSchema, path: readonly string[], value: unknown): JsonSchema {
  const [field, ...rest] = path;
  if (field === undefined) return onlyValue(schema, value as JsonValue);
  const properties = { ...schema.properties, [field]: narrowSchema(schema.properties?.[field] ?? {}, rest, value) };
  return { ...schema, properties };
}

/** kro's schema says one value as an enumeration of one, or as a range of one. */
function onlyValue(schema: JsonSchema, value: JsonValue): JsonSchema {
  if (schema.type === 'string' && typeof value === 'string')
    return value.includes(',') || value.trim() !== value || value === '' ? schema : { ...schema, enum: [value] };
  if (typeof value === 'number' && (schema.type === 'integer' || schema.type === 'number'))
    return { ...schema, minimum: value, maximum: value };
  return schema;
}
