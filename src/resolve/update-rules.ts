import { check } from '../expr/check.ts';
import { createEnvironment } from '../expr/environment.ts';
import { CelError } from '../expr/error.ts';
import { compile, type Program } from '../expr/evaluate.ts';
import { parse } from '../expr/parse.ts';
import { identifiers } from '../expr/references.ts';
import { celTypeOf } from '../schema/cel-type.ts';
import { fieldOf } from '../schema/defaults.ts';
import { type JsonSchema, pathText } from '../schema/json-schema.ts';
import type { ValueProblem } from '../schema/strict-values.ts';

/** Fields, keys and positions in lists. */
export type Path = readonly (string | number)[];

/** A value that breaks a rule of its field. */
export interface RuleProblem extends ValueProblem {
  /** Of a rule about updates: where it is, and the values before and after. */
  readonly update?: { readonly steps: Path; readonly before: unknown; readonly after: unknown };
}

/**
 * Values that break a rule of their field, as the API server says it of an instance.
 *
 * @param before the value that is updated, complete by the same schema; rules on `oldSelf` hold where it has the field
 */
export function* ruleProblems(
  schema: JsonSchema,
  value: unknown,
  before?: unknown,
  path: Path = [],
): Iterable<RuleProblem> {
  // Rules are about values that are there; what has to be there the schema above says.
  if (value === null || value === undefined) return;
  for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
    const found = broken(schema, rule, { self: value, oldSelf: before ?? undefined });
    if (!found) continue;
    const update = found.isUpdate && { update: { steps: path, before, after: value } };
    yield { path: pathText(path), message: `${message}: ${rule}${found.reason}`, ...update };
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      yield* ruleProblems(schema.items ?? {}, item, itemBefore(schema, item, before), [...path, index]);
  } else if (typeof value === 'object') {
    const fieldsBefore = isRecord(before) ? before : {};
    for (const [name, field] of Object.entries(value)) {
      const inner = fieldOf(schema, name) ?? schema.additionalProperties ?? {};
      yield* ruleProblems(inner, field, own(fieldsBefore, name), [...path, name]);
    }
  }
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

/** A field with rules about updates. */
export interface UpdateRule {
  /** `*` stands for items and keys. */
  readonly path: string;
  /** Whether the value before can be told: not inside lists whose items have no keys. */
  readonly isTold: boolean;
}

/** The fields of a schema that have rules about updates. */
export function* updateRules(schema: JsonSchema, path: Path = ['spec'], isTold = true): Iterable<UpdateRule> {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.some(({ rule }) => /\boldSelf\b/.test(rule))) yield { path: pathText(path), isTold };
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    yield* updateRules(field, [...path, name], isTold);
  if (schema.items)
    yield* updateRules(schema.items, [...path, '*'], isTold && schema['x-kubernetes-list-type'] === 'map');
  if (schema.additionalProperties) yield* updateRules(schema.additionalProperties, [...path, '*'], isTold);
}

type Selves = Readonly<Record<'self' | 'oldSelf', unknown>>;

/** Why a rule does not hold; `undefined` when it does, or has nothing to compare with. */
function broken(
  schema: JsonSchema,
  rule: string,
  selves: Selves,
): { readonly reason: string; readonly isUpdate: boolean } | undefined {
  let isUpdate = false;
  try {
    const { program, readsOldSelf } = ruleOf(schema, rule);
    isUpdate = readsOldSelf;
    if (isUpdate && selves.oldSelf === undefined) return undefined;
    const holds = program.evaluate((name) => selves[name as keyof Selves]) === true;
    return holds ? undefined : { reason: '', isUpdate };
  } catch (error) {
    if (error instanceof CelError) return { reason: ` (${error.reason})`, isUpdate };
    throw error;
  }
}

interface Rule {
  readonly program: Program;
  readonly readsOldSelf: boolean;
}

const compiled = new WeakMap<JsonSchema, Map<string, Rule>>();

function ruleOf(schema: JsonSchema, rule: string): Rule {
  let known = compiled.get(schema);
  if (!known) compiled.set(schema, (known = new Map<string, Rule>()));
  const found = known.get(rule) ?? compileRule(schema, rule);
  known.set(rule, found);
  return found;
}

function compileRule(schema: JsonSchema, rule: string): Rule {
  const node = parse(rule);
  const self = celTypeOf(schema, 'self');
  const environment = createEnvironment({ functions: 'kro', variables: { self, oldSelf: self }, omit: false });
  return { program: compile(check(node, environment), environment), readsOldSelf: identifiers(node).has('oldSelf') };
}
