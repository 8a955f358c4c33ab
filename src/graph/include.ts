import { madeBy, thisCopy } from '../copy.ts';
import { KubewrightError } from '../errors.ts';
import type { Input } from '../expr/expression.ts';
import type { Node } from '../expr/ast.ts';
import { handleNode, identifier, literal, select, toNode } from '../expr/nodes.ts';
import { makeRef } from '../expr/ref.ts';
import { substitute } from '../expr/references.ts';
import { Expression, mapLeaves, type Value, type ValueObject } from '../expr/value.ts';
import { captureSource } from '../source-line.ts';
import type { Graph, GraphNode } from './graph.ts';
import { completeSpec } from './partial-values.ts';
import {
  defineResource,
  type Inclusion,
  inclusion,
  type Resource,
  type ResourceDraft,
  ResourceHandle,
  type ResourceRef,
} from './resource.ts';
import { shapeOf, type Shape } from './shape.ts';
import { nodeToTree, simplify } from './simplify.ts';

/** How a graph is inlined. */
export interface IncludeOptions {
  /** Namespace of its resources that name none. @default the namespace of the instance */
  readonly namespace?: Input<string>;
  /** What the graph reads as its instance's name. @default the graph's name */
  readonly name?: Input<string>;
}

/** How an instance of a graph is called. */
export interface InstanceOptions {
  readonly name: Input<string>;
  /** @default the namespace of the outer instance */
  readonly namespace?: Input<string>;
  readonly labels?: Readonly<Record<string, Input<string>>>;
  readonly annotations?: Readonly<Record<string, Input<string>>>;
}

/** Inlines a graph: its nodes become resources of the outer graph, with the values in place of its schema. */
export function includeGraph<T, R>(graph: Graph, spec: unknown, options: IncludeOptions): Inclusion<R, T> {
  const source = captureSource();
  const schema = writtenOut({
    apiVersion: literal(`${graph.group}/${graph.version}`),
    kind: literal(graph.kind),
    metadata: writtenOut({
      name: toNode(options.name ?? graph.name),
      namespace:
        options.namespace === undefined
          ? select(select(identifier('schema'), 'metadata'), 'namespace')
          : toNode(options.namespace),
      labels: writtenOut({}),
      annotations: writtenOut({}),
    }),
    spec: toNode(completeSpec(graph, spec)),
  });
  const handles = new Map<string, ResourceHandle>();
  const rewrite = (node: Node): Node =>
    simplify(
      substitute(node, (part) => {
        if (part.kind !== 'identifier') return undefined;
        if (part.name === 'schema') return schema;
        const handle = handles.get(part.name);
        return handle && handleNode(handle);
      }),
    );
  // Two passes, as a node may refer to one that stands behind it.
  const drafts = new Map<string, ResourceDraft>();
  for (const node of graph.nodes) handles.set(node.id, new LateHandle(() => drafts.get(node.id) as ResourceDraft));
  for (const node of graph.nodes) drafts.set(node.id, draftOf(node, { rewrite, handles, options, source }));
  const refs = new Map(
    [...handles].map(([id, handle]) => [id, makeRef(handleNode(handle)) as unknown as Resource<unknown>]),
  );
  return {
    [inclusion]: true,
    [madeBy]: thisCopy,
    resources: membersOf(shapeOf(graph), refs) as R,
    status: makeRef(toNode(rewriteTree(graph.status, rewrite))),
  };
}

class LateHandle extends ResourceHandle {
  readonly #draft: () => ResourceDraft;

  constructor(draft: () => ResourceDraft) {
    super(undefined as never);
    this.#draft = draft;
    Object.defineProperty(this, 'draft', { get: () => this.#draft() });
  }
}

interface Rewriting {
  readonly rewrite: (node: Node) => Node;
  readonly handles: ReadonlyMap<string, ResourceHandle>;
  readonly options: IncludeOptions;
  readonly source: () => string | undefined;
}

function draftOf(node: GraphNode, { rewrite, handles, options, source }: Rewriting): ResourceDraft {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    ...body
  } = rewriteTree(node.template, rewrite) as Record<string, Value>;
  const rewriteAll = (expressions: readonly Expression[]): Expression[] =>
    expressions.map(({ node: tree }) => new Expression(rewrite(tree)));
  return {
    apiVersion: node.apiVersion,
    kind: node.kind,
    namespaced: node.namespaced,
    body:
      node.namespaced === false || options.namespace === undefined || node.external === 'selector'
        ? body
        : withNamespace(body, options.namespace),
    options: {
      includeWhen: rewriteAll(node.includeWhen) as never,
      readyWhen: () => rewriteAll(node.readyWhen) as never,
      dependsOn: node.dependsOn.map(
        (id) => makeRef(handleNode(handles.get(id) as ResourceHandle)) as unknown as Resource<unknown>,
      ),
      keep: node.keep,
    },
    forEach: node.forEach.map(({ name, list }) => ({
      name,
      handle: { variable: name },
      list: new Expression(rewrite(list.node)),
    })),
    ...(node.external && { external: node.external }),
    ...(node.instanceOf && { instanceOf: node.instanceOf }),
    ...(node.type && { type: node.type }),
    source: () => source() ?? node.source(),
  };
}

function withNamespace(body: Record<string, Value>, namespace: Input<string>): Record<string, unknown> {
  const metadata = (body['metadata'] ?? {}) as ValueObject;
  return 'namespace' in metadata ? body : { ...body, metadata: { ...metadata, namespace } };
}

function rewriteTree(tree: Value, rewrite: (node: Node) => Node): Value {
  return mapLeaves(tree, (leaf) => (leaf instanceof Expression ? nodeToTree(rewrite(leaf.node)) : leaf)) as Value;
}

function writtenOut(fields: Readonly<Record<string, Node>>): Node {
  return Object.freeze({
    kind: 'map',
    entries: Object.entries(fields).map(([key, value]) => ({ key: literal(key), value })),
  });
}

function membersOf(shape: Shape, refs: ReadonlyMap<string, Resource<unknown>>): unknown {
  if (typeof shape === 'string') return refs.get(shape);
  return Object.fromEntries(Object.entries(shape).map(([key, member]) => [key, membersOf(member, refs)]));
}

/** An instance of a graph's own kind. */
export function instantiateGraph(graph: Graph, spec: unknown, options: InstanceOptions): ResourceRef<unknown> {
  const { name, labels, annotations } = options;
  const isCluster = graph.scope === 'Cluster';
  const namespace = isCluster ? undefined : options.namespace;
  if (name === undefined) {
    throw new KubewrightError({
      code: 'MissingName',
      resource: graph.kind,
      path: 'name',
      message: 'an instance needs a name',
    });
  }
  return defineResource({
    apiVersion: `${graph.group}/${graph.version}`,
    kind: graph.kind,
    namespaced: !isCluster,
    body: { metadata: { name, namespace, labels, annotations }, spec: completeSpec(graph, spec, { defaults: false }) },
    instanceOf: graph,
  });
}
