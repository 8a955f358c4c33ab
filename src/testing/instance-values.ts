import { fieldOf } from '../schema/defaults.ts';
import { type JsonSchema, pathText } from '../schema/json-schema.ts';
import { literalProblems } from '../schema/literals.ts';
import type { ValueProblem } from '../schema/strict-values.ts';

type Path = readonly (string | number)[];

/** What the API server says to the values of an instance: fields that its kind does not have, other types, missing fields. */
export function valueProblems(schema: JsonSchema, values: unknown): ValueProblem[] {
  return [...literalProblems(schema, values), ...missing(schema, values, [])];
}

function* missing(schema: JsonSchema, value: unknown, path: Path): Iterable<ValueProblem> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* missing(schema.items ?? {}, item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name of schema.required ?? [])
      if (fields[name] === undefined) yield { path: pathText([...path, name]), message: 'is required' };
    for (const [name, field] of Object.entries(fields))
      yield* missing(fieldOf(schema, name) ?? schema.additionalProperties ?? {}, field, [...path, name]);
  }
}
