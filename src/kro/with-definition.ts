import { type Expression } from '../expr/value.ts';
import { finishGraph, type Graph } from '../graph/graph.ts';
import type { DefinitionOrigin } from '../graph/origin.ts';
import { ValueReader } from './import-values.ts';

/** What a definition says that a graph has no place for. */
export interface DefinitionParts {
  /** Scope of the instances. @default 'Namespaced' */
  readonly scope?: DefinitionOrigin['scope'];
  /** The SimpleSchema as it stands in the definition. @default the graph's schema in SimpleSchema */
  readonly simpleSchema?: DefinitionOrigin['simpleSchema'];
  /** `status.conditions`, one `${…}` each. */
  readonly conditions?: readonly string[];
  /** Short names, categories, printer columns and metadata of `spec.schema`. */
  readonly schema?: DefinitionOrigin['schema'];
  /** Labels and annotations of the definition, and its name where it is not the graph's. */
  readonly metadata?: DefinitionOrigin['metadata'];
}

/**
 * A graph whose definition is written as it stands: with these parts, and without the rewriting that other graphs get (a
 * Secret with its data is part of it).
 *
 * @throws KubewrightError for a condition that is no expression
 * @example
 * export const policy = withDefinition(toResourceGraph(…), { scope: 'Cluster', schema: { shortNames: ['pol'] } });
 */
export function withDefinition<S, T, R, V>(graph: Graph<S, T, R, V>, parts: DefinitionParts): Graph<S, T, R, V> {
  const reader = new ValueReader(() => `graph ${graph.name}`);
  const conditions: Expression[] = reader.expressions(parts.conditions ?? [], [
    'spec',
    'schema',
    'status',
    'conditions',
  ]);
  const { scope = 'Namespaced', simpleSchema, schema = {}, metadata = {} } = parts;
  const { json } = graph.spec;
  return finishGraph({
    ...graph,
    origin: { scope, conditions, schema, metadata, json, ...(simpleSchema && { simpleSchema }) },
  });
}
