import { type Checked, check } from '../expr/check.ts';
import { createEnvironment } from '../expr/environment.ts';
import { CelError } from '../expr/error.ts';
import { compile, type Program } from '../expr/evaluate.ts';
import { parse } from '../expr/parse.ts';
import { programProblem } from '../expr/rule-program.ts';
import { identifiers } from '../expr/references.ts';
import { celTypeOf } from '../schema/cel-type.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { fieldOf } from '../schema/defaults.ts';
import type { Fault } from './served-values.ts';

type Path = readonly (string | number)[];

/** A rule of `x-kubernetes-validations` that is understood, or what the API server says to it. */
type Judged = { readonly checked: Checked; readonly program: Program; readonly usesOldSelf: boolean } | string;

const judged = new WeakMap<JsonSchema, Map<string, Judged>>();

/** The answer is kept: a type of SimpleSchema may occur often. */
export function judgeRule(rule: string, schema: JsonSchema): Judged {
  let known = judged.get(schema);
  if (!known) judged.set(schema, (known = new Map<string, Judged>()));
  let result = known.get(rule);
  if (result === undefined) known.set(rule, (result = compiled(rule, schema)));
  return result;
}

function compiled(rule: string, schema: JsonSchema): Judged {
  const self = celTypeOf(closed(schema), 'self');
  const environment = createEnvironment({ functions: 'rules', variables: { self, oldSelf: self } });
  try {
    const node = parse(rule);
    const checked = check(node, environment);
    if (checked.type.kind !== 'bool') return 'cel expression must evaluate to a bool';
    const problem = programProblem(checked.tree, environment);
    if (problem !== undefined) return `program instantiation failed: ${problem}`;
    return { checked, program: compile(checked, environment), usesOldSelf: identifiers(node).has('oldSelf') };
  } catch (error) {
    if (error instanceof CelError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

/** Rules do not see the fields of an object of any content. */
function closed(schema: JsonSchema): JsonSchema {
  const { 'x-kubernetes-preserve-unknown-fields': _, properties, items, additionalProperties, ...rest } = schema;
  const inner = Object.entries(properties ?? {}).map(([name, field]) => [name, closed(field)] as const);
  return {
    ...rest,
    ...(properties && { properties: Object.fromEntries(inner) }),
    ...(items && { items: closed(items) }),
    ...(additionalProperties && { additionalProperties: closed(additionalProperties) }),
  };
}

/**
 * What the rules of a schema and of its fields say to a value.
 *
 * @param before the value that is updated, complete by the same schema; rules about updates hold where it has the field
 */
export function ruleFaults(schema: JsonSchema, value: unknown, before?: unknown, path: Path = []): Fault[] {
  // Rules are about values that are there; what has to be there the schema above says.
  if (value === null || value === undefined) return [];
  const faults = (schema['x-kubernetes-validations'] ?? []).flatMap((rule) =>
    broken(rule, { schema, value, before, path }),
  );
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      faults.push(...ruleFaults(schema.items ?? {}, item, itemBefore(schema, item, before), [...path, index]));
  } else if (typeof value === 'object') {
    const fieldsBefore = isRecord(before) ? before : {};
    for (const [name, field] of Object.entries(value)) {
      const inner = fieldOf(schema, name) ?? schema.additionalProperties ?? {};
      faults.push(...ruleFaults(inner, field, own(fieldsBefore, name), [...path, name]));
    }
  }
  return faults;
}

/** Only the items of a `map` can be told apart: by their keys, all of which are texts, numbers or booleans. */
function itemBefore(schema: JsonSchema, item: unknown, before: unknown): unknown {
  const { 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  if (listType !== 'map' || !Array.isArray(before) || !isRecord(item)) return undefined;
  return before.find((other) => isRecord(other) && keys.every((key) => isSameKey(own(item, key), own(other, key))));
}

function isSameKey(left: unknown, right: unknown): boolean {
  return left === right && ['string', 'number', 'boolean'].includes(typeof left);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

interface Situation {
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly before: unknown;
  readonly path: Path;
}

function broken(
  { rule, message }: { readonly rule: string; readonly message: string },
  { schema, value, before, path }: Situation,
): Fault[] {
  const fault = { path, kind: 'Invalid value', text: message, broken: { rule } } as const;
  const shown = schema.type ?? '';
  const found = judgeRule(rule, schema);
  if (typeof found === 'string') return [{ ...fault, text: `rule compile error: ${found}`, shown }];
  const isUpdate = found.usesOldSelf;
  if (isUpdate && (before ?? undefined) === undefined) return [];
  const update = isUpdate && { update: { before, after: value } };
  const holds = outcome(found.program, { self: value, oldSelf: before });
  if (holds === true) return [];
  if (typeof holds === 'string') return [{ ...fault, broken: { rule, failure: holds }, shown, ...update }];
  return [{ ...fault, ...(shown !== 'object' && shown !== 'array' && { shown: value }), ...update }];
}

function outcome(program: Program, selves: { readonly self: unknown; readonly oldSelf: unknown }): boolean | string {
  try {
    return program.evaluate((name) => selves[name as keyof typeof selves]) === true;
  } catch (error) {
    if (error instanceof CelError) return error.reason;
    throw error;
  }
}
