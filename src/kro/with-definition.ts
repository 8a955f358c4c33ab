import { refuseOtherCopy } from '../copy.ts';
import { finishGraph, type Graph } from '../graph/graph.ts';
import type { DefinitionOrigin } from '../graph/origin.ts';

/** What a definition says that a graph has no place for. */
export interface DefinitionParts {
  /** The SimpleSchema as it stands in the definition. @default the graph's schema in SimpleSchema */
  readonly simpleSchema?: DefinitionOrigin['simpleSchema'];
  /** Labels and annotations of the definition, and its name where it is not the graph's. */
  readonly metadata?: DefinitionOrigin['metadata'];
}

/**
 * A graph whose definition is written as it stands: with these parts, and without the rewriting that other graphs get (a
 * Secret with its data is part of it).
 *
 * @example
 * export const policy = withDefinition(toResourceGraph(…), { metadata: { annotations: { owner: 'platform' } } });
 */
export function withDefinition<S, T, R, V>(graph: Graph<S, T, R, V>, parts: DefinitionParts): Graph<S, T, R, V> {
  refuseOtherCopy(graph);
  const { simpleSchema, metadata = {} } = parts;
  const { json } = graph.spec;
  return finishGraph({ ...graph, origin: { metadata, json, ...(simpleSchema && { simpleSchema }) } });
}
