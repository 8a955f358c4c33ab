import { KubewrightError, throwProblems } from '../errors.ts';
import { nodeOf } from '../expr/nodes.ts';
import { fieldOf, withDefaults } from '../schema/defaults.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { strictProblems } from '../schema/strict-values.ts';
import { joinPath } from '../expr/value.ts';
import type { Graph } from './graph.ts';

/**
 * Values for a graph inside another one, with expressions in them: what is plain is checked now, what is an expression
 * when the outer graph is.
 *
 * @throws KubewrightError that lists unknown, missing and wrong fields
 */
export function completeSpec(graph: Graph, spec: unknown, { defaults = true }: { defaults?: boolean } = {}): unknown {
  const problems: KubewrightError[] = [];
  const place = `values of ${graph.name}`;
  const found = (path: string, message: string, hint?: string): void => {
    problems.push(new KubewrightError({ code: 'InvalidValues', resource: place, path, message, hint }));
  };
  const complete = walk(graph.spec.json, spec, '', { found, defaults });
  throwProblems(place, problems);
  return complete;
}

interface Walk {
  readonly found: (path: string, message: string, hint?: string) => void;
  readonly defaults: boolean;
}

function walk(schema: JsonSchema, value: unknown, path: string, context: Walk): unknown {
  if (nodeOf(value)) return value;
  if (value === undefined) return context.defaults ? withDefaults(schema, undefined) : undefined;
  if (Array.isArray(value))
    return value.map((item, index) => walk(schema.items ?? {}, item, `${path}[${index}]`, context));
  if (typeof value !== 'object' || value === null) {
    const type = scalarProblem(schema, value);
    if (type) context.found(path, type);
    return value;
  }
  for (const { path: field, message, hint } of strictProblems(shallow(schema), withoutValues(value)))
    context.found(join(path, field), message, hint);
  const names = new Set([...Object.keys(schema.properties ?? {}), ...Object.keys(value)]);
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const field = fieldOf(schema, name) ?? schema.additionalProperties ?? {};
    const item = walk(field, (value as Record<string, unknown>)[name], joinPath(path, name), context);
    if (item !== undefined)
      Object.defineProperty(result, name, { value: item, enumerable: true, writable: true, configurable: true });
    else if (schema.required?.includes(name) && field.default === undefined)
      context.found(joinPath(path, name), 'is missing');
  }
  return result;
}

function join(path: string, field: string): string {
  return path && field ? `${path}.${field}` : path || field;
}

function shallow(schema: JsonSchema): JsonSchema {
  const properties = schema.properties && Object.fromEntries(Object.keys(schema.properties).map((name) => [name, {}]));
  return {
    ...schema,
    ...(properties && { properties }),
    ...(schema.additionalProperties && { additionalProperties: {} }),
  };
}

function withoutValues(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(value).map((name) => [name, null]));
}

function scalarProblem(schema: JsonSchema, value: unknown): string | undefined {
  if (schema.enum && !schema.enum.includes(value as never))
    return `must be one of ${schema.enum.map((item) => JSON.stringify(item)).join(', ')}`;
  if (schema.type === 'integer' && typeof value === 'number' && !Number.isInteger(value))
    return `must be an integer (was ${value})`;
  const expected = schema.type === 'integer' ? 'number' : schema.type;
  if (expected === undefined || value === null || expected === typeof value) return undefined;
  return `must be ${expected === 'array' || expected === 'object' ? 'an' : 'a'} ${expected} (was a ${typeof value})`;
}
