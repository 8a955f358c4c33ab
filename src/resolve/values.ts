import { KubewrightError, throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { storedValues } from '../graph/stored-values.ts';
import { asStored } from '../schema/defaults.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { type RuleProblem, ruleProblems } from './rules.ts';
import { validateValues } from '../schema/user-schema.ts';

/**
 * Checks values against a graph's schema and fills in its defaults.
 *
 * @param place what the values are called in messages, such as `environments/dev.ts values["shop"]`
 * @param before the values that they take the place of, for rules about updates
 * @throws KubewrightError `InvalidValues` that lists every wrong field by its path
 */
export function prepareValues(
  graph: Graph,
  values: unknown,
  place = `values of ${graph.name}`,
  before?: unknown,
): Record<string, unknown> {
  const { json, user } = graph.spec;
  const validated = user ? validateValues(user, values, json) : storedValues(json, values);
  const found = 'value' in validated ? brokenRules(json, validated.value, before) : validated.problems;
  if ('value' in validated && found.length === 0) return validated.value as Record<string, unknown>;
  const problems = found.map(
    ({ path, message, hint }) => new KubewrightError({ code: 'InvalidValues', resource: place, path, message, hint }),
  );
  throwProblems(place, problems);
  throw new KubewrightError({ code: 'InvalidValues', resource: place, message: 'the values do not fit the schema' });
}

/**
 * Values that break rules of their schema.
 *
 * @param before the values that they take the place of, as they were stored
 */
export function brokenRules(schema: JsonSchema, value: unknown, before?: unknown): readonly RuleProblem[] {
  return ruleProblems(schema, value, before === undefined ? undefined : asStored(schema, before));
}
