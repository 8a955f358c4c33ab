import { refuseOtherCopy } from '../copy.ts';
import { KubewrightError } from '../errors.ts';
import { substitute, valueToNode } from '../expr/references.ts';
import type { ValueObject } from '../expr/value.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { Problems } from '../graph/problems.ts';
import { simplify } from '../graph/simplify.ts';
import { type DefinitionResource, type JsonObject, kroApiVersion } from './api.ts';
import type { DefinitionOptions } from './definition.ts';
import { writeObject } from './expressions.ts';
import { rewriteGraph } from './fixed.ts';
import type { InstanceParts } from './instance.ts';
import { refuseNode } from './refusals.ts';
import { writeResource } from './resource.ts';
import { splitSecrets } from './secrets.ts';

/** kro's coming kind `Graph` (0.10, behind the gate `GraphKind`): resources without an API and its instances. */
export interface GraphObject {
  readonly apiVersion: typeof kroApiVersion;
  readonly kind: 'Graph';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodes: readonly GraphObjectNode[]; readonly serviceAccountName?: string };
}

/** An object that is made (`template`) or read (`ref`), or data (`def`). */
export interface GraphObjectNode
  extends Pick<DefinitionResource, 'id' | 'includeWhen' | 'readyWhen' | 'forEach' | 'template'> {
  readonly ref?: DefinitionResource['externalRef'];
  readonly def?: JsonObject;
}

export interface GraphObjectOptions extends Pick<DefinitionOptions, 'featureGates'> {
  /** Says that the format may change: kro has not released it. */
  readonly experimental: true;
  /** The account that kro writes with. @default the namespace's `default` */
  readonly serviceAccountName?: string;
}

/**
 * A graph and its values as an object of kro's coming kind `Graph`. **Experimental**: written after kro's published design,
 * and no released kro has run it. The status becomes a node of data, as such an object has no status of its own.
 *
 * @throws KubewrightError that lists what has another meaning there: `readyWhen` gates nothing, a cluster scope, conditions
 * @example
 * const object = toGraphObject(app, { name: 'app', namespace: 'prod', spec: values }, { experimental: true });
 */
export function toGraphObject(graph: Graph, instance: InstanceParts, options: GraphObjectOptions): GraphObject {
  refuseOtherCopy(graph);
  const problems = new Problems(`kro Graph ${instance.name}`);
  const { name, namespace = 'default', labels, annotations } = instance;
  refuseGraph(graph, problems);
  const known = withValues(graph, { ...instance, namespace }, problems);
  const { nodes } = splitSecrets(known, problems);
  const gates = new Set(options.featureGates);
  const written = nodes.map((node) => {
    refuseNode(node, gates, problems);
    return writeNode(withNamespace(node, namespace), nodes);
  });
  problems.throwIfAny();
  return {
    apiVersion: kroApiVersion,
    kind: 'Graph',
    metadata: { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: {
      nodes: [...written, ...statusNode(known)],
      ...(options.serviceAccountName !== undefined && { serviceAccountName: options.serviceAccountName }),
    },
  };
}

function refuseGraph(graph: Graph, problems: Problems): void {
  const hint = 'Use a ResourceGraphDefinition.';
  const add = (resource: string, path: string, message: string): void =>
    problems.add({ code: 'KroGraphKind', resource, path, message, hint });
  if (graph.scope === 'Cluster') add(`graph ${graph.name}`, 'scope', 'kind Graph is namespaced');
  if (graph.conditions.length > 0) add('status', 'conditions', 'kind Graph keeps its own conditions');
  for (const { id, readyWhen } of graph.nodes) {
    const waiting = graph.nodes.filter(({ dependencies }) => dependencies.includes(id)).map((node) => node.id);
    if (readyWhen.length > 0 && waiting.length > 0)
      add(
        id,
        'readyWhen',
        `gates nothing in kind Graph, and ${waiting.join(', ')} ${waiting.length > 1 ? 'wait' : 'waits'} for it`,
      );
  }
}

/** There is no variable `schema`: what it says is written out. */
function withValues(
  graph: Graph,
  { name, namespace, labels, annotations, spec }: InstanceParts,
  problems: Problems,
): Graph {
  const schema = valueToNode({
    apiVersion: `${graph.group}/${graph.version}`,
    kind: graph.kind,
    metadata: { name, namespace, labels: labels ?? {}, annotations: annotations ?? {} },
    spec,
  });
  return rewriteGraph(
    graph,
    (node) =>
      simplify(substitute(node, (part) => (part.kind === 'identifier' && part.name === 'schema' ? schema : undefined))),
    problems,
  );
}

/** Whether an object inherits the namespace of its Graph is not said. */
function withNamespace(node: GraphNode, namespace: string): GraphNode {
  const metadata = (node.template['metadata'] ?? {}) as ValueObject;
  if (node.namespaced === false || node.external === 'selector' || metadata['namespace'] !== undefined) return node;
  if (node.namespaced === undefined)
    throw new KubewrightError({
      code: 'KroGraphKind',
      resource: node.id,
      path: 'metadata.namespace',
      message: `is not known to be needed: nothing says whether ${node.kind} is namespaced`,
      hint: 'Say so where the kind is declared, or name a namespace.',
    });
  return { ...node, template: { ...node.template, metadata: { ...metadata, namespace } } };
}

function writeNode(node: GraphNode, nodes: readonly GraphNode[]): GraphObjectNode {
  const { externalRef, ...written } = writeResource(node, nodes);
  return { ...written, ...(externalRef && { ref: externalRef }) };
}

function statusNode({ status, nodes }: Graph): GraphObjectNode[] {
  if (Object.keys(status).length === 0) return [];
  const taken = new Set(nodes.map(({ id }) => id));
  let id = 'outputs';
  for (let number = 2; taken.has(id); number++) id = `outputs${number}`;
  return [{ id, def: writeObject(status) }];
}
