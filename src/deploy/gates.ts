import type { ApiError } from '../cluster/api-error.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import type { NodePath, Pending } from '../resolve/resolution.ts';
import type { Desired } from './desired.ts';
import { definesKind, edgesOf } from './edges.ts';
import { servicesOf } from './endpoints.ts';
import { groupKind } from './identity.ts';
import { isReady, type Item } from './item.ts';
import { fields } from './readiness/verdict.ts';
import { intercepts, isWebhook, pluralOf, selects } from './webhooks.ts';

/** Something that an object waits for before it is written. */
export interface Gate {
  readonly item: Item;
  readonly needs: 'applied' | 'ready';
  /** Derived from the content: given up when it would block for ever. */
  readonly soft: boolean;
}

/** Who has to come before whom, among the objects that are known now. */
export class Gates {
  readonly #graph: Graph;
  readonly #byKey = new Map<string, Item>();
  readonly #byPath = new Map<NodePath, Item[]>();
  readonly #definitions = new Map<string, Item>();
  readonly #cache = new Map<Desired, readonly Gate[]>();
  readonly #webhooks: Item[] = [];
  readonly #needs = new Map<Item, ReadonlySet<string>>();

  constructor(graph: Graph, items: Iterable<Item>) {
    this.#graph = graph;
    for (const item of items) this.#index(item);
  }

  /** Everything that an object waits for. */
  of(desired: Desired): readonly Gate[] {
    const known = this.#cache.get(desired);
    if (known) return known;
    const gates = [...this.#named(desired), ...this.#webhooksOf(desired)];
    this.#cache.set(desired, gates);
    return gates;
  }

  /** What an object refers to, by its expressions and by names in its content. */
  #named(desired: Desired): readonly Gate[] {
    return [...this.#references(desired), ...this.#derived(desired)].filter(
      ({ item }) => item.desired.key !== desired.key,
    );
  }

  /** Webhooks that will be asked about an object, but for those that need it themselves. */
  #webhooksOf({ object, key, namespace }: Desired): readonly Gate[] {
    if (this.#webhooks.length === 0 || isWebhook(object)) return [];
    const plural = pluralOf(object, this.#definitions.get(groupKind(object))?.desired.object);
    const space = this.#byKey.get(`Namespace//${namespace ?? ''}`)?.desired.object.metadata.labels;
    const namespaceLabels = { ...space, 'kubernetes.io/metadata.name': namespace ?? '' };
    return this.#webhooks
      .filter(({ desired }) => intercepts(desired.object, { object, plural, namespaceLabels }))
      .filter((webhook) => !this.#needsOf(webhook).has(key))
      .map((item) => ({ item, needs: 'ready', soft: false }));
  }

  /** Keys of everything that has to be there before a webhook answers: what it names, and the pods behind its Services. */
  #needsOf(webhook: Item): ReadonlySet<string> {
    const known = this.#needs.get(webhook);
    if (known) return known;
    const found = new Set<string>();
    const visit = (item: Item): void => {
      if (found.has(item.desired.key)) return;
      found.add(item.desired.key);
      for (const gate of this.#named(item.desired)) visit(gate.item);
    };
    visit(webhook);
    for (const { namespace, name } of servicesOf(webhook.desired.object)) {
      const selector = fields(this.#byKey.get(`Service/${namespace}/${name}`)?.desired.object['spec'])['selector'];
      if (!selector) continue;
      for (const item of this.#byKey.values()) {
        const template = fields(fields(item.desired.object['spec'])['template']);
        const labels = fields(template['metadata'])['labels'] as Record<string, string> | undefined;
        if (item.desired.namespace === namespace && labels && selects({ matchLabels: selector }, labels)) visit(item);
      }
    }
    // The authority that cert-manager puts in comes from one of its certificates.
    const [namespace, name] =
      webhook.desired.object.metadata.annotations?.['cert-manager.io/inject-ca-from']?.split('/') ?? [];
    const certificate = this.#byKey.get(`Certificate.cert-manager.io/${namespace ?? ''}/${name ?? ''}`);
    if (certificate) visit(certificate);
    this.#needs.set(webhook, found);
    return found;
  }

  /** The first gate that is closed. */
  closed(desired: Desired, ignoreSoft = false): Gate | undefined {
    return this.of(desired).find((gate) => !(ignoreSoft && gate.soft) && !isOpen(gate));
  }

  /** Whether an object comes that the server misses: a kind whose definition is here, or something that is waited for. */
  brings(desired: Desired, { code, details }: ApiError): boolean {
    // A route that is not there yet answers with the name that was asked for.
    if (code === 'KindNotServed' || details.name === desired.name) return this.#definitions.has(groupKind(desired));
    return details.name !== undefined && this.of(desired).some(({ item }) => item.desired.name === details.name);
  }

  /**
   * What waits for something that failed, directly or not: its label or path, and the label or path of what it waits for.
   */
  lost(
    failed: ReadonlySet<Item>,
    { blocked, pending }: { readonly blocked: Iterable<Item>; readonly pending: readonly Pending[] },
  ): ReadonlyMap<string, string> {
    const lost = new Map<string, string>();
    const isLost = (item: Item): boolean => failed.has(item) || lost.has(item.desired.label);
    const waiting = [...blocked].map((item) => ({
      name: item.desired.label,
      needs: () => this.of(item.desired).find((gate) => !isOpen(gate) && isLost(gate.item))?.item.desired.label,
    }));
    const unknown = pending.map(({ path }) => ({
      name: path,
      needs: () => this.#needsLost(path, isLost, lost),
    }));
    const all = [...waiting, ...unknown];
    for (let before = -1; before < lost.size; ) {
      before = lost.size;
      for (const { name, needs } of all) {
        const needed = lost.has(name) ? undefined : needs();
        if (needed !== undefined) lost.set(name, needed);
      }
    }
    return lost;
  }

  /** What a node that cannot be computed yet refers to, and will not come. */
  #needsLost(path: NodePath, isLost: (item: Item) => boolean, lost: ReadonlyMap<string, string>): string | undefined {
    for (const { node, prefix } of chain(this.#graph, path)) {
      for (const id of node.dependencies) {
        const needed = prefix + id;
        const item = this.#byPath.get(needed)?.find(isLost);
        if (item) return item.desired.label;
        for (const name of lost.keys()) if (name === needed || name.startsWith(`${needed}/`)) return name;
      }
    }
    return undefined;
  }

  /** Whether the content of others may depend on it. */
  isRead({ path }: Desired): boolean {
    // Inside of an instance of another graph, its status may be what is read.
    return path.includes('/') || idsRead(this.#graph).has(path);
  }

  /**
   * Depth in the order: 0 waits for nothing. Objects whose definition is here come after everything that does not need
   * them: one of the others may be their controller, which has to be there when they are deleted.
   */
  waves(): ReadonlyMap<string, number> {
    const waves = new Map<string, number>();
    const users = this.#usersOfCustoms();
    let floor = 0;
    const visit = (item: Item, trail: ReadonlySet<Item>): number => {
      const { key } = item.desired;
      const known = waves.get(key);
      if (known !== undefined) return known;
      if (trail.has(item)) return 0;
      const inner = new Set(trail).add(item);
      let wave = this.#isCustom(item) ? floor : 0;
      for (const gate of this.of(item.desired)) wave = Math.max(wave, 1 + visit(gate.item, inner));
      waves.set(key, wave);
      return wave;
    };
    for (const item of this.#byKey.values()) if (!users.has(item)) floor = Math.max(floor, 1 + visit(item, new Set()));
    for (const item of users) visit(item, new Set());
    return waves;
  }

  #isCustom({ desired }: Item): boolean {
    return this.#definitions.has(groupKind(desired));
  }

  /** Objects whose definition is here, and all that needs one of them. */
  #usersOfCustoms(): ReadonlySet<Item> {
    const uses = new Map<Item, boolean>();
    const visit = (item: Item): boolean => {
      const known = uses.get(item);
      if (known !== undefined) return known;
      // In a circle the answer comes from the others in it.
      uses.set(item, this.#isCustom(item));
      const found = this.#isCustom(item) || this.of(item.desired).some((gate) => visit(gate.item));
      uses.set(item, found);
      return found;
    };
    if (this.#definitions.size > 0) for (const item of this.#byKey.values()) visit(item);
    return new Set([...uses].filter(([, found]) => found).map(([item]) => item));
  }

  #index(item: Item): void {
    const { key, path, object } = item.desired;
    this.#byKey.set(key, item);
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const prefix = path.slice(0, end);
      const list = this.#byPath.get(prefix);
      if (list) list.push(item);
      else this.#byPath.set(prefix, [item]);
    }
    const defined = definesKind(object);
    if (defined) this.#definitions.set(defined, item);
    if (isWebhook(object)) this.#webhooks.push(item);
  }

  #references({ path }: Desired): Gate[] {
    const gates: Gate[] = [];
    for (const { node, prefix } of chain(this.#graph, path)) {
      for (const id of node.dependencies) {
        const needs = node.dependsOn.includes(id) ? 'ready' : 'applied';
        for (const item of this.#byPath.get(prefix + id) ?? []) gates.push({ item, needs, soft: false });
      }
    }
    return gates;
  }

  #derived(desired: Desired): Gate[] {
    const gates: Gate[] = [];
    const definition = this.#definitions.get(groupKind(desired));
    if (definition) gates.push({ item: definition, needs: 'ready', soft: false });
    for (const { groupKind: target, namespace, name, needs } of edgesOf(desired.object)) {
      const item = this.#byKey.get(`${target}/${namespace ?? ''}/${name}`) ?? this.#byKey.get(`${target}//${name}`);
      if (item) gates.push({ item, needs, soft: needs === 'applied' });
    }
    return gates;
  }
}

function isOpen({ item, needs }: Gate): boolean {
  return needs === 'ready' ? isReady(item) : item.state === 'settled';
}

const readByGraph = new WeakMap<Graph, ReadonlySet<string>>();

function idsRead(graph: Graph): ReadonlySet<string> {
  let read = readByGraph.get(graph);
  if (!read) {
    read = new Set(graph.nodes.flatMap(({ dependencies }) => dependencies));
    readByGraph.set(graph, read);
  }
  return read;
}

const nodesByGraph = new WeakMap<Graph, ReadonlyMap<string, GraphNode>>();

function nodeOf(graph: Graph, id: string): GraphNode | undefined {
  let nodes = nodesByGraph.get(graph);
  if (!nodes) {
    nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    nodesByGraph.set(graph, nodes);
  }
  return nodes.get(id);
}

/** A node, the graph that it is in, and what stands before its id in paths. */
export interface Place {
  readonly node: GraphNode;
  readonly graph: Graph;
  readonly prefix: string;
}

/** The node at a path and the instance nodes around it. */
export function chain(graph: Graph, path: NodePath): Place[] {
  // A graph that was made from a snapshot calls its nodes by their whole paths.
  const whole = nodeOf(graph, path);
  if (whole) return [{ node: whole, graph, prefix: '' }];
  const nodes: Place[] = [];
  let current: Graph | undefined = graph;
  let prefix = '';
  for (const id of path.split('/')) {
    const node: GraphNode | undefined = current && nodeOf(current, id);
    if (!node || !current) break;
    nodes.push({ node, graph: current, prefix });
    prefix += `${id}/`;
    current = node.instanceOf;
  }
  return nodes;
}
