import { KubewrightError } from '../errors.ts';
import { CelError } from '../expr/error.ts';
import { print } from '../expr/print.ts';
import { identifiers } from '../expr/references.ts';
import { type Deferred, Expression, mapLeaves, type Value } from '../expr/value.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { combinations, type Iteration } from './collection.ts';
import { programOf, readyProgramOf } from './programs.ts';
import type {
  ExternalRead,
  Instance,
  InstanceValues,
  Observed,
  ObservedObject,
  Pending,
  Resolution,
  ResolvedBody,
  ResolvedObject,
} from './resolution.ts';
import { resolveWithin } from './resolve.ts';
import { selectorOf } from './selector.ts';
import { prepareValues } from './values.ts';
import { holds, written } from './written.ts';

/** What one node means at one moment. */
export interface NodeState {
  readonly skipped: boolean;
  readonly pending?: Pending | undefined;
  readonly objects: readonly ResolvedObject[];
  readonly external?: ExternalRead;
  /** The graph that an instance node stands for. */
  readonly inner?: Resolution;
  /** What expressions read for the node's id; `undefined` while it does not exist. */
  readonly value: unknown;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly waiting?: string | undefined;
}

/** What a node is resolved with. */
export interface Surroundings {
  readonly graph: Graph;
  readonly instance: Instance;
  readonly observed: Observed;
  readonly prefix: string;
  readonly ignoreReadiness: boolean;
  /** The nodes before it. */
  readonly states: ReadonlyMap<string, NodeState>;
  readonly schema: Record<string, unknown>;
  /** The values of instance nodes before an update. */
  readonly before?: InstanceValues | undefined;
  /** Sees the surroundings of the graph, and of each graph in it. */
  readonly visit?: (around: Surroundings) => void;
}

const nothing = { skipped: false, objects: [], value: undefined, ready: false } as const;

export function resolveNode(node: GraphNode, around: Surroundings): NodeState {
  const { prefix, states } = around;
  const path = prefix + node.id;
  if (node.dependencies.some((id) => states.get(id)?.skipped)) return { ...nothing, skipped: true };
  const included = isIncluded(node, around);
  if (included === false) return { ...nothing, skipped: true };
  const blocked = typeof included === 'object' ? included : blockedBy(node, around);
  if (blocked) return pendingState({ path, ...blocked });
  try {
    return observedState(node, around, desiredState(node, around));
  } catch (error) {
    if (error instanceof DataPending) return pendingState({ path, field: error.field, reason: error.message });
    throw error;
  }
}

/** Also when its object exists from before: kro does not look at it until the node can be computed. */
function pendingState(pending: Pending): NodeState {
  return { ...nothing, pending, waiting: pending.reason };
}

/** Whether `includeWhen` holds; an object says what the decision waits for. */
function isIncluded(node: GraphNode, around: Surroundings): boolean | Omit<Pending, 'path'> {
  if (node.includeWhen.length === 0) return true;
  const waits = firstNotReady(
    node.includeWhen.flatMap((condition) => namesIn(condition, around)),
    around,
  );
  if (waits) return waits;
  for (const condition of node.includeWhen) {
    try {
      if (!holds(programOf(condition, around.graph), variables(around))) return false;
    } catch (error) {
      // What the instance lacks does not come; what an object lacks may.
      if (error instanceof CelError && error.missing && namesIn(condition, around).length > 0)
        return { field: 'includeWhen', reason: `includeWhen needs data that is not there yet (${error.reason})` };
      throw located(error, node, 'includeWhen');
    }
  }
  return true;
}

function blockedBy(node: GraphNode, around: Surroundings): Omit<Pending, 'path'> | undefined {
  return firstNotReady(node.dependencies, around);
}

function firstNotReady(ids: Iterable<string>, { states, prefix }: Surroundings): Omit<Pending, 'path'> | undefined {
  for (const id of ids) {
    const state = states.get(id);
    if (!state || state.ready || state.skipped) continue;
    return {
      on: prefix + id,
      reason: `waits for ${prefix}${id}${state.waiting ? `: ${state.waiting}` : ' to be ready'}`,
    };
  }
  return undefined;
}

function namesIn(condition: Expression, { states, graph }: Surroundings): string[] {
  const names = identifiers(condition.node);
  return graph.order.filter((id) => names.has(id) && states.has(id));
}

function desiredState(node: GraphNode, around: Surroundings): NodeState {
  if (node.external) return { ...nothing, external: externalRead(node, around) };
  if (node.instanceOf) return innerState(node, node.instanceOf, around);
  if (node.forEach.length > 0) evaluateShared(node, around);
  const iterations =
    node.forEach.length > 0
      ? combinations(node, (list, field) => evaluate(list, { node, around, field: () => field }))
      : [undefined];
  const path = around.prefix + node.id;
  const objects = iterations.map((iteration): ResolvedObject => {
    const object = body(node, around, iteration);
    if (!iteration) return { path, node, label: path, object };
    return { path, node, index: iteration.index, label: `${path}[${iteration.index}]`, object };
  });
  for (const { object, label } of objects) checkName(object, label);
  return { ...nothing, objects };
}

function checkName({ metadata }: ResolvedBody, resource: string): void {
  const name: unknown = metadata?.name;
  if (typeof name === 'string' && name !== '') return;
  throw new KubewrightError({
    code: 'MissingName',
    resource,
    path: 'metadata.name',
    message: 'the object has no name',
  });
}

/** kro computes what is the same for all items first, and waits for it even when there are none. */
function evaluateShared(node: GraphNode, around: Surroundings): void {
  const bindings = variables(around);
  const change = (leaf: Value, field: () => string): Value => {
    if (!(leaf instanceof Expression)) return leaf;
    const names = identifiers(leaf.node);
    if (!node.forEach.some(({ name }) => names.has(name))) evaluate(leaf, { node, around, field, bindings });
    return leaf;
  };
  mapLeaves(node.template, change, (made) => made);
}

/** The node's object for one item, in the instance's namespace where it names none. */
function body(node: GraphNode, around: Surroundings, iteration?: Iteration): ResolvedBody {
  const filled = fill(node, around, iteration) as unknown as ResolvedBody;
  const { metadata } = filled;
  const { namespace } = around.instance;
  // As Kubernetes reads it: what is no text is none.
  const own: unknown = metadata.namespace;
  if (node.namespaced === false || (typeof own === 'string' && own !== '')) return filled;
  if (namespace === undefined) {
    if (node.namespaced && around.graph.scope === 'Cluster') {
      throw new KubewrightError({
        code: 'MissingNamespace',
        resource: around.prefix + node.id,
        path: 'metadata.namespace',
        message: 'the object has no namespace, and neither has the instance, which is cluster-scoped',
      });
    }
    return filled;
  }
  const known = placed.get(filled);
  if (known?.metadata.namespace === namespace) return known;
  const made = { ...filled, metadata: { ...metadata, namespace } };
  if ((filled as unknown) === node.template) placed.set(filled, frozen(made));
  return made;
}

/** Templates without expressions, as the instance that was resolved last has them in its namespace. */
const placed = new WeakMap<object, ResolvedBody>();

/** The rest is frozen as part of the template. */
function frozen(object: ResolvedBody): ResolvedBody {
  Object.freeze(object.metadata);
  return Object.freeze(object);
}

function fill(node: GraphNode, around: Surroundings, iteration?: Iteration): Record<string, Value | Deferred> {
  const bindings = variables(around, iteration?.variables);
  const change = (leaf: Value, field: () => string): Value => {
    if (!(leaf instanceof Expression)) return leaf;
    return evaluate(leaf, { node, around, field, bindings }) as Value;
  };
  return mapLeaves(node.template, change, (made) => made) as Record<string, Value>;
}

interface Site {
  readonly node: GraphNode;
  readonly around: Surroundings;
  /** Made only when there is something to say about it. */
  readonly field: () => string;
  readonly bindings?: (name: string) => unknown;
}

function evaluate(expression: Expression, { node, around, field, bindings = variables(around) }: Site): unknown {
  try {
    return written(programOf(expression, around.graph, node), bindings);
  } catch (error) {
    if (error instanceof CelError && error.missing)
      throw new DataPending(field(), `${field()} needs data that is not there yet (${error.reason})`);
    throw located(error, node, field());
  }
}

class DataPending extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function located(error: unknown, node: GraphNode, field: string): unknown {
  if (!(error instanceof CelError)) return error;
  const source = node.source();
  return new KubewrightError({
    code: error.code,
    resource: node.id,
    path: field,
    message: error.message,
    cause: error,
    ...(source && { hint: `(${source})` }),
  });
}

function externalRead(node: GraphNode, around: Surroundings): ExternalRead {
  const { metadata } = fill(node, around) as unknown as {
    metadata: { name?: string; namespace?: string; selector?: unknown };
  };
  const { apiVersion, kind, external } = node;
  const path = around.prefix + node.id;
  const namespace =
    metadata.namespace || (external === 'name' && node.namespaced !== false ? around.instance.namespace : undefined);
  const by =
    external === 'selector' ? { selector: selectorOf(metadata.selector, path) } : { name: metadata.name as string };
  return { path, apiVersion, kind, namespace, by };
}

/** An instance node is resolved in place: its objects are those of its graph. */
function innerState(node: GraphNode, graph: Graph, around: Surroundings): NodeState {
  const object = body(node, around);
  const path = around.prefix + node.id;
  checkName(object, path);
  const spec = prepareValues(graph, object['spec'], `${path} spec`, around.before?.[path]);
  const { name, namespace, labels, annotations } = object.metadata;
  const inner = resolveWithin(graph, { name, namespace, labels, annotations, spec }, around.observed, {
    prefix: `${path}/`,
    ignoreReadiness: around.ignoreReadiness,
    before: around.before,
    visit: around.visit,
  });
  const done =
    inner.pending.length === 0 &&
    graph.nodes.every(({ id }) => inner.ready.has(`${path}/${id}`) || inner.skipped.includes(`${path}/${id}`));
  return {
    ...nothing,
    inner,
    value: { ...object, spec, status: { ...inner.status, state: done ? 'ACTIVE' : 'IN_PROGRESS' } },
  };
}

/** Adds what is observed: the value that others read, and whether it is ready. */
function observedState(node: GraphNode, around: Surroundings, state: NodeState): NodeState {
  const path = around.prefix + node.id;
  const found = state.inner ? state.value : (around.observed.get(path) ?? imagined(node, around.observed, state));
  if (node.external === 'selector' || (node.forEach.length > 0 && !node.external))
    return collectionState(node, around, { state, found: found as never });
  if (found === undefined || found === null)
    return { ...state, waiting: node.external ? 'it does not exist' : 'it does not exist yet' };
  const waiting = around.ignoreReadiness ? undefined : unmetReadiness(node, found as ObservedObject, around.graph);
  return { ...state, value: found, ready: waiting === undefined, waiting };
}

function imagined(node: GraphNode, observed: Observed, { external, objects }: NodeState): unknown {
  if (external) return observed.read?.(external);
  const made = observed.make && objects.map((object) => observed.make?.(object));
  return node.forEach.length > 0 ? made : made?.[0];
}

function collectionState(
  node: GraphNode,
  around: Surroundings,
  { state, found }: { state: NodeState; found: readonly (ObservedObject | undefined)[] | undefined },
): NodeState {
  const items = (found ?? []).filter((item) => item !== undefined);
  if (node.external)
    return found ? { ...state, value: items, ready: true } : { ...state, waiting: 'it was not read yet' };
  const wanted = state.objects.length;
  if (items.length < wanted) return { ...state, value: items, waiting: `${items.length} of ${wanted} objects exist` };
  const waiting = around.ignoreReadiness
    ? undefined
    : items.map((item) => unmetReadiness(node, item, around.graph)).find((reason) => reason !== undefined);
  return { ...state, value: items.slice(0, wanted), ready: waiting === undefined, waiting };
}

/** The first `readyWhen` of a node of a graph that does not hold for an object, as text. */
export function unmetReadiness(node: GraphNode, object: ObservedObject, graph: Graph): string | undefined {
  const own = node.forEach.length > 0 ? 'each' : node.id;
  for (const condition of node.readyWhen) {
    const program = readyProgramOf(condition, graph, node);
    try {
      if (!holds(program, { [own]: object })) return `readyWhen does not hold: ${print(condition.node)}`;
    } catch (error) {
      if (error instanceof CelError && error.missing)
        return `readyWhen needs data that is not there yet (${error.reason})`;
      throw located(error, node, 'readyWhen');
    }
  }
  return undefined;
}

/** Variables by name: what `extra` has, the schema, and each node that is there. */
export function variables(
  { states, schema }: Surroundings,
  extra?: Readonly<Record<string, unknown>>,
): (name: string) => unknown {
  return (name) => {
    if (extra && Object.hasOwn(extra, name)) return extra[name];
    return name === 'schema' ? schema : states.get(name)?.value;
  };
}
