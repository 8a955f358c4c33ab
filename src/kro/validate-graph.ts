import type { Graph, GraphNode } from '../graph/graph.ts';
import { definitionsOf } from './chain.ts';
import { type DefinitionOptions, toDefinition } from './definition.ts';
import { Judge, type ValidateOptions, type ValidationError } from './validate.ts';
import { readManifests } from './read/source.ts';

/** Something that kro refuses in the definition of a graph, and the line of the stack that it comes from. */
export interface GraphError extends ValidationError {
  /** `path:line:column` of the resource; absent for what belongs to no resource. */
  readonly source?: string;
}

export interface ValidateGraphOptions extends Pick<ValidateOptions, 'crds' | 'featureGates'> {
  readonly definition?: DefinitionOptions['definition'];
}

/**
 * What kro 0.9.4 says to the definition of a graph, without a cluster. Kinds without a CustomResourceDefinition at hand are
 * taken as the stack describes them.
 *
 * @throws KubewrightError for what has no form in kro
 */
export function validateGraph(
  graph: Graph,
  { crds = [], featureGates = [], definition }: ValidateGraphOptions = {},
): GraphError[] {
  const manifests = definitionsOf(graph).flatMap((member) => {
    return readManifests({
      content: toDefinition(member, { featureGates, definition: member === graph ? definition : undefined }),
    });
  });
  const judge = new Judge(manifests, { crds, featureGates, anyKind: true });
  const own = manifests.at(-1);
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  return (own ? judge.errors(own) : []).map((error) => {
    const source = sourceOf(error, own?.object, nodes);
    return { ...error, ...(source !== undefined && { source }) };
  });
}

function sourceOf(
  { path }: ValidationError,
  definition: unknown,
  nodes: ReadonlyMap<string, GraphNode>,
): string | undefined {
  const index = /^spec\.resources\[(\d+)\]/.exec(path)?.[1];
  if (index === undefined) return undefined;
  const { resources } = (definition as { spec: { resources: readonly { id: string }[] } }).spec;
  return nodes.get(resources[Number(index)]?.id ?? '')?.source();
}
