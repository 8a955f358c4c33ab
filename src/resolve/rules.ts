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

type Path = readonly (string | number)[];

/**
 * Values that break a rule of their field, as the API server says it of an instance. Rules on `oldSelf` are about updates,
 * and there is nothing to compare with.
 */
export function* ruleProblems(schema: JsonSchema, value: unknown, path: Path = []): Iterable<ValueProblem> {
  for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
    const problem = broken(schema, rule, value);
    if (problem !== undefined) yield { path: pathText(path), message: `${message}: ${rule}${problem}` };
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* ruleProblems(schema.items ?? {}, item, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value))
      yield* ruleProblems(fieldOf(schema, name) ?? schema.additionalProperties ?? {}, field, [...path, name]);
  }
}

/** Fields with rules about updates, which only an API server can keep: it knows the value before. */
export function* updateRules(schema: JsonSchema, path: Path = ['spec']): Iterable<string> {
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.some(({ rule }) => /\boldSelf\b/.test(rule))) yield pathText(path);
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* updateRules(field, [...path, name]);
  const inner = schema.items ?? schema.additionalProperties;
  if (inner) yield* updateRules(inner, [...path, '*']);
}

/** Why a rule does not hold; `undefined` when it does. */
function broken(schema: JsonSchema, rule: string, value: unknown): string | undefined {
  try {
    const program = programOf(schema, rule);
    return program === undefined || program.evaluate((name) => (name === 'self' ? value : undefined)) === true
      ? undefined
      : '';
  } catch (error) {
    if (error instanceof CelError) return ` (${error.reason})`;
    throw error;
  }
}

const programs = new WeakMap<JsonSchema, Map<string, Program | undefined>>();

function programOf(schema: JsonSchema, rule: string): Program | undefined {
  let known = programs.get(schema);
  if (!known) programs.set(schema, (known = new Map<string, Program | undefined>()));
  if (!known.has(rule)) known.set(rule, compileRule(schema, rule));
  return known.get(rule);
}

function compileRule(schema: JsonSchema, rule: string): Program | undefined {
  const node = parse(rule);
  if (identifiers(node).has('oldSelf')) return undefined;
  const environment = createEnvironment({
    functions: 'kro',
    variables: { self: celTypeOf(schema, 'self') },
    omit: false,
  });
  return compile(check(node, environment), environment);
}
