import { refuseOtherCopy } from '../copy.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { type AuthorConditions, authorConditions } from './conditions.ts';
import { assertDistinct } from './identity.ts';
import { type NodeState, resolveNode, type Surroundings } from './node-state.ts';
import type {
  ExternalRead,
  Instance,
  InstanceValues,
  Observed,
  Pending,
  Resolution,
  ResolvedObject,
} from './resolution.ts';
import { resolveStatus } from './status.ts';

export interface ResolveOptions {
  /** Treats every node that exists as ready. @default false */
  readonly ignoreReadiness?: boolean;
  /** The values of instance nodes before, which rules about updates compare with. The whole instance is checked already. */
  readonly before?: InstanceValues | undefined;
}

/**
 * What a graph means: a pure function of the instance and the objects that exist, the same as kro's (0.9.4, pkg/runtime).
 * A node is made once every node that it refers to exists and is ready and the data it reads is there.
 *
 * @throws KubewrightError for what waiting cannot heal: type errors, two equal objects, a collection that is too large
 */
export function resolve(
  graph: Graph,
  instance: Instance,
  observed: Observed,
  options: ResolveOptions = {},
): Resolution {
  const resolution = resolveWithin(graph, instance, observed, {
    prefix: '',
    ignoreReadiness: options.ignoreReadiness ?? false,
    before: options.before,
  });
  assertDistinct(resolution.objects);
  return resolution;
}

interface Within {
  /** Path of the instance node that contains the graph, with a slash behind it. */
  readonly prefix: string;
  readonly ignoreReadiness: boolean;
  readonly before?: InstanceValues | undefined;
  /** Called for the graph, and for each graph in it, when its nodes are known. */
  readonly visit?: Surroundings['visit'];
}

/** `resolve` for a graph at any depth. */
export function resolveWithin(
  graph: Graph,
  given: Instance,
  observed: Observed,
  { prefix, ignoreReadiness, before, visit }: Within,
): Resolution {
  refuseOtherCopy(graph);
  const instance = graph.scope === 'Cluster' ? { ...given, namespace: undefined } : given;
  const states = new Map<string, NodeState>();
  const surroundings: Surroundings = {
    graph,
    instance,
    observed,
    prefix,
    ignoreReadiness,
    states,
    schema: schemaObject(graph, instance),
    before,
    ...(visit && { visit }),
  };
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  for (const id of graph.order) states.set(id, resolveNode(nodes.get(id) as GraphNode, surroundings));
  visit?.(surroundings);
  const collected = collect(graph, states, { prefix, spec: instance.spec });
  const status = resolveStatus(surroundings);
  return {
    ...collected,
    ...withConditions(status, authorConditions(surroundings, [...collected.pending, ...collected.waiting])),
  };
}

type StatusParts = Pick<Resolution, 'status' | 'statusPending' | 'statusProblem'>;

/** A status that cannot be computed says why where other absent fields do. */
function withConditions(computed: StatusParts, authored: AuthorConditions | undefined): StatusParts {
  const statusProblem = computed.statusProblem ?? authored?.problem;
  const { path: field = '', message = '' } = statusProblem ?? {};
  const failed = statusProblem ? [{ field, reason: message.replace(`status ${field}: `, '') }] : [];
  return {
    status: { ...computed.status, ...(authored && { conditions: authored.conditions }) },
    statusPending: [...computed.statusPending, ...failed],
    statusProblem,
  };
}

function collect(
  graph: Graph,
  states: ReadonlyMap<string, NodeState>,
  { prefix, spec }: Pick<Within, 'prefix'> & Pick<Instance, 'spec'>,
): Omit<Resolution, 'status' | 'statusPending' | 'statusProblem'> {
  const objects: ResolvedObject[] = [];
  const externals: ExternalRead[] = [];
  const skipped: string[] = [];
  const pending: Pending[] = [];
  const waiting: Pending[] = [];
  const ready = new Set<string>();
  const values: Record<string, Instance['spec']> = { [prefix.slice(0, -1)]: spec };
  for (const id of graph.order) {
    const state = states.get(id) as NodeState;
    if (state.skipped) skipped.push(prefix + id);
    if (state.pending) pending.push(state.pending);
    else if (state.waiting !== undefined && !state.skipped && !state.ready)
      waiting.push({ path: prefix + id, reason: state.waiting });
    if (state.ready) ready.add(prefix + id);
    if (state.external) externals.push(state.external);
    objects.push(...state.objects);
    if (!state.inner) continue;
    objects.push(...state.inner.objects);
    externals.push(...state.inner.externals);
    skipped.push(...state.inner.skipped);
    pending.push(...state.inner.pending);
    waiting.push(...state.inner.waiting);
    Object.assign(values, state.inner.values);
    for (const path of state.inner.ready) ready.add(path);
  }
  return { values, objects, externals, skipped, pending, waiting, ready };
}

/** The variable `schema`: the instance without its status. */
function schemaObject(graph: Graph, { name, namespace, labels, annotations, spec }: Instance): Record<string, unknown> {
  return {
    apiVersion: `${graph.group}/${graph.version}`,
    kind: graph.kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    },
    spec,
  };
}
