import { KubewrightError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { instanceOpenApi } from '../schema/openapi.ts';
import { definitionsOf } from './chain.ts';
import { type DefinitionOptions, toDefinition } from './definition.ts';
import { Judge, type ValidateOptions, type ValidationError } from './validate.ts';
import { type Manifest, readManifests } from './read/source.ts';

/** Something that kro refuses in the definition of a graph, and the line of the stack that it comes from. */
export interface GraphError extends ValidationError {
  /** Name of the graph: that of a child where the graph makes instances of others. */
  readonly graph: string;
  /** Id of the resource; absent for what belongs to no resource. */
  readonly resource?: string;
  /** `path:line:column` of the resource in the stack. */
  readonly source?: string;
}

export interface ValidateGraphOptions extends Pick<ValidateOptions, 'crds' | 'featureGates'> {
  readonly definition?: DefinitionOptions['definition'];
}

/** What kro says to the definition of a graph, and the kind that it would serve. */
export interface GraphVerdict {
  readonly errors: readonly GraphError[];
  /** Schema of the kind's CustomResourceDefinition; absent when kro accepts none. */
  readonly schema?: JsonSchema;
}

/**
 * What kro 0.9.4 says to the definition of a graph, without a cluster. Kinds without a CustomResourceDefinition at hand are
 * taken as the stack describes them.
 *
 * @throws KubewrightError for what has no form in kro
 */
export function validateGraph(graph: Graph, options: ValidateGraphOptions = {}): GraphError[] {
  return [...judgeGraph(graph, options).errors];
}

/**
 * As {@link validateGraph}, with the schema of the kind.
 *
 * @throws KubewrightError for what has no form in kro
 */
export function judgeGraph(
  graph: Graph,
  { crds = [], featureGates = [], definition }: ValidateGraphOptions = {},
): GraphVerdict {
  const members = definitionsOf(graph).map((member) => {
    const content = toDefinition(member, { featureGates, definition: member === graph ? definition : undefined });
    return { member, manifest: readManifests({ content })[0] as Manifest };
  });
  const judge = new Judge(
    members.map(({ manifest }) => manifest),
    { crds, featureGates, anyKind: true },
  );
  const errors = members.flatMap(({ member, manifest }) =>
    judge.errors(manifest).map((error) => placed(error, manifest, member)),
  );
  const own = judge.check((members.at(-1) as { manifest: Manifest }).manifest);
  return { errors, ...('served' in own && { schema: instanceOpenApi(own.spec, own.status) }) };
}

function placed(error: ValidationError, { object }: Manifest, graph: Graph): GraphError {
  const index = /^spec\.resources\[(\d+)\]/.exec(error.path)?.[1];
  const { resources } = object['spec'] as { resources: readonly { id: string }[] };
  const resource = index === undefined ? undefined : resources[Number(index)]?.id;
  const source = graph.nodes.find(({ id }) => id === resource)?.source();
  return {
    ...error,
    graph: graph.name,
    ...(resource !== undefined && { resource }),
    ...(source !== undefined && { source }),
  };
}

/** Refusals as errors that name the resource, the path in it and the line of the stack. */
export function refusalErrors(errors: readonly GraphError[]): KubewrightError[] {
  return errors.map(
    ({ graph, resource, path, message, source }) =>
      new KubewrightError({
        code: 'KroRefuses',
        resource: resource ?? `definition ${graph}`,
        path: resource === undefined ? path : path.replace(/^spec\.resources\[\d+\]\.?/, ''),
        message: `kro refuses it: ${message}${source === undefined ? '' : ` (${source})`}`,
      }),
  );
}
