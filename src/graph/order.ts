import { identifiers } from '../expr/references.ts';
import { Expression, visitLeaves } from '../expr/value.ts';
import type { GraphNode } from './graph.ts';
import type { Problems } from './problems.ts';

/** Adds the dependencies and finds the order: Kahn's algorithm, the list's order breaks ties, as kro does (pkg/graph/dag). */
export function orderNodes(
  nodes: readonly Omit<GraphNode, 'dependencies'>[],
  problems: Problems,
): { nodes: readonly GraphNode[]; order: readonly string[] } {
  const ids = new Set(nodes.map(({ id }) => id));
  const withEdges = nodes.map((node) => ({ ...node, dependencies: dependenciesOf(node, ids) }));
  for (const node of withEdges) {
    if (node.dependencies.includes(node.id)) {
      problems.add({
        code: 'GraphCycle',
        resource: node.id,
        message: 'refers to itself',
        hint: `Use a value that is known before it exists; conditions on itself belong into readyWhen. (${node.source()})`,
      });
    }
  }
  const order = sort(withEdges);
  if (order.length < nodes.length && !problems.any) problems.add(cycleProblem(withEdges, new Set(order)));
  return { nodes: withEdges, order };
}

/** Ids that the node's template, forEach and includeWhen name, and those of `dependsOn`; readyWhen adds none. */
function dependenciesOf(node: Omit<GraphNode, 'dependencies'>, ids: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>(node.dependsOn);
  const add = (expression: Expression): void => {
    for (const name of identifiers(expression.node)) if (ids.has(name)) found.add(name);
  };
  visitLeaves(node.template, (leaf) => {
    if (leaf instanceof Expression) add(leaf);
  });
  for (const expression of node.includeWhen) add(expression);
  for (const { list } of node.forEach) add(list);
  return Object.freeze([...found]);
}

function sort(nodes: readonly GraphNode[]): string[] {
  const waiting = nodes.map(({ dependencies }) => dependencies.length);
  const dependents = new Map<string, number[]>();
  for (const [index, { dependencies }] of nodes.entries()) {
    for (const id of dependencies) {
      const known = dependents.get(id);
      if (known) known.push(index);
      else dependents.set(id, [index]);
    }
  }
  const order: string[] = [];
  const ready = new MinHeap();
  for (const [index, count] of waiting.entries()) if (count === 0) ready.push(index);
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    const { id } = nodes[index] as GraphNode;
    order.push(id);
    for (const dependent of dependents.get(id) ?? []) {
      waiting[dependent] = (waiting[dependent] as number) - 1;
      if (waiting[dependent] === 0) ready.push(dependent);
    }
  }
  return order;
}

function cycleProblem(nodes: readonly GraphNode[], done: ReadonlySet<string>): Parameters<Problems['add']>[0] {
  const left = new Map(nodes.filter(({ id }) => !done.has(id)).map((node) => [node.id, node]));
  const path: string[] = [];
  let id = left.keys().next().value as string;
  while (!path.includes(id)) {
    path.push(id);
    id = (left.get(id) as GraphNode).dependencies.find((dependency) => left.has(dependency)) as string;
  }
  const cycle = [...path.slice(path.indexOf(id)), id];
  const sources = cycle
    .slice(0, -1)
    .map((member) => left.get(member)?.source())
    .filter(Boolean);
  return {
    code: 'GraphCycle',
    resource: id,
    message: `depends on itself: ${cycle.join(' -> ')}`,
    hint: `Remove one of the references. (${sources.join(', ')})`,
  };
}

/** Smallest index first. */
class MinHeap {
  readonly #items: number[] = [];

  push(item: number): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent] as number) <= item) break;
      items[at] = items[parent] as number;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child++;
      if ((items[child] as number) >= last) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = last;
    return top;
  }
}
