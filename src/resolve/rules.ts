import { ruleFaults } from '../graph/served-rules.ts';
import type { Fault } from '../graph/served-values.ts';
import { problemOf } from '../graph/stored-values.ts';
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
export function ruleProblems(schema: JsonSchema, value: unknown, before?: unknown): RuleProblem[] {
  return ruleFaults(schema, value, before).map(ruleProblem);
}

function ruleProblem(fault: Fault): RuleProblem {
  const { path, update } = fault;
  return { ...problemOf(fault), ...(update && { update: { steps: path, ...update }, hint: keepIt }) };
}

const keepIt =
  'Keep the value; or destroy the deployment and make it anew, or deploy an instance of another name beside it.';

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
