import { fieldOf } from './defaults.ts';
import { isStruct, type JsonSchema, pathText } from './json-schema.ts';
import { didYouMean } from './nearest-name.ts';

/** Something wrong with a value. */
export interface ValueProblem {
  /** Path of the field in the values, such as `services.user.image`; empty for the whole. */
  readonly path: string;
  /** What is wrong, as a sentence without the path. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly hint?: string | undefined;
}

type Path = readonly (string | number)[];

/** What the libraries let pass: fields that nobody declared, values that JSON cannot hold, fractions for integers. */
export function* strictProblems(schema: JsonSchema, value: unknown, path: Path = []): Generator<ValueProblem> {
  if (schema.anyOf) {
    yield* unionProblems(schema.anyOf, value, path);
    return;
  }
  if (Array.isArray(value) && schema.type === 'object') {
    yield { path: pathText(path), message: 'must be an object (was an array)' };
    return;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] && !sameKind(schema, value)) {
    yield {
      path: pathText(path),
      message: 'must be an object',
      hint: 'A Kubernetes API has fields of one type, or objects of any content.',
    };
    return;
  }
  if (typeof value === 'number') yield* numberProblems(schema, value, path);
  else if (Array.isArray(value))
    for (const [index, item] of value.entries())
      yield* strictProblems(itemSchema(schema, index), item, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    yield* objectProblems(schema, value as Record<string, unknown>, path);
  else if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    yield { path: pathText(path), message: `is a ${typeof value}, which is no data` };
  }
}

function itemSchema(schema: JsonSchema, index: number): JsonSchema {
  return schema.prefixItems?.[index] ?? schema.items ?? {};
}

function* numberProblems(schema: JsonSchema, value: number, path: Path): Generator<ValueProblem> {
  if (!Number.isFinite(value)) yield { path: pathText(path), message: `is ${value}, which no JSON number can be` };
  else if (schema.type === 'integer' && !Number.isInteger(value)) {
    yield { path: pathText(path), message: `must be an integer (was ${value})` };
  }
}

function* objectProblems(schema: JsonSchema, value: Record<string, unknown>, path: Path): Generator<ValueProblem> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const name = value.constructor?.name ?? 'class';
    yield { path: pathText(path), message: `is a ${name} object, which is no plain data` };
    return;
  }
  for (const [name, field] of Object.entries(value)) {
    const declared = fieldOf(schema, name) ?? schema.additionalProperties;
    if (declared) yield* strictProblems(declared, field, [...path, name]);
    else if (isStruct(schema) && !schema['x-kubernetes-preserve-unknown-fields']) {
      const names = Object.keys(schema.properties).filter((other) => value[other] === undefined);
      yield {
        path: pathText([...path, name]),
        message: 'is not a field of the schema',
        hint: didYouMean(name, names) ?? fieldsHint(Object.keys(schema.properties)),
      };
    } else yield* strictProblems({}, field, [...path, name]);
  }
}

function fieldsHint(names: readonly string[]): string {
  if (names.length === 0) return 'There are no fields here.';
  const shown = names.slice(0, 8).join(', ');
  return `The fields here are ${shown}${names.length > 8 ? ', …' : ''}.`;
}

/** A union's value is as strange as it is for the member that fits it best. */
function* unionProblems(members: readonly JsonSchema[], value: unknown, path: Path): Generator<ValueProblem> {
  let best: ValueProblem[] | undefined;
  for (const member of members) {
    if (!sameKind(member, value)) continue;
    const problems = [...strictProblems(member, value, path)];
    if (!best || problems.length < best.length) best = problems;
  }
  yield* best ?? [];
}

function sameKind({ type }: JsonSchema, value: unknown): boolean {
  if (type === undefined || value === undefined) return true;
  if (Array.isArray(value)) return type === 'array';
  if (value === null) return type === 'null';
  if (typeof value === 'number') return type === 'number' || type === 'integer';
  return type === typeof value;
}
