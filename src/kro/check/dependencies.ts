import type { FieldExpression } from './field.ts';
import { type Inspection, inspect } from './inspect.ts';
import { KroRefusal, Refusals, within } from './refusal.ts';
import type { ResourceNode } from './resource.ts';

/** Identifiers and gates of one definition. */
export class Names {
  readonly ids: ReadonlySet<string>;
  readonly omitAllowed: boolean;
  readonly #inspections = new Map<FieldExpression, Inspection>();

  constructor(ids: Iterable<string>, omitAllowed: boolean) {
    this.ids = new Set(ids);
    this.omitAllowed = omitAllowed;
  }

  inspect(expression: FieldExpression): Inspection {
    let found = this.#inspections.get(expression);
    if (!found) {
      found = inspect(
        expression.node(),
        (name) => this.ids.has(name) || name === 'schema' || name === 'each' || name === 'runtime',
      );
      this.#inspections.set(expression, found);
    }
    return found;
  }

  /** What an expression depends on, and the iterators that it names (kro's extractDependencies). */
  dependencies(
    expression: FieldExpression,
    iterators: readonly string[],
  ): { resources: readonly string[]; iterators: readonly string[] } {
    const { place } = expression;
    const { known, unknown, unknownFunctions, usesOmit } = within('failed to inspect expression: ', () =>
      this.inspect(expression),
    );
    if (usesOmit && !this.omitAllowed)
      throw new KroRefusal('FeatureGate', 'omit() requires the CELOmitFunction feature gate to be enabled', place);
    if (known.includes('runtime'))
      throw new KroRefusal('UnknownReference', 'runtime is only available in status.conditions expressions', place);
    const stranger = unknown.find((name) => !iterators.includes(name));
    if (stranger !== undefined)
      throw new KroRefusal('UnknownReference', `references unknown identifiers: [${stranger}]`, place);
    refuseFunctions(unknownFunctions, expression);
    return { resources: known.filter((name) => name !== 'schema'), iterators: [...new Set(unknown)] };
  }

  /** Checks an expression that may only name these (kro's inspectExpressionRestricted). */
  restrict(expression: FieldExpression, allowed: (name: string) => boolean): Inspection {
    const inspection = this.inspect(expression);
    const { known, unknown, unknownFunctions, usesOmit } = inspection;
    const stranger = known.find((name) => !allowed(name));
    const strangers = stranger === undefined ? unknown : [stranger];
    if (strangers.length > 0)
      throw new KroRefusal(
        'UnknownReference',
        `references unknown identifiers: [${strangers.join(' ')}]`,
        expression.place,
      );
    refuseFunctions(unknownFunctions, expression);
    if (usesOmit)
      throw new KroRefusal('Omit', 'omit() can only be used in resource template expressions', expression.place);
    return inspection;
  }
}

function refuseFunctions(unknown: readonly string[], { place }: FieldExpression): void {
  if (unknown.length > 0)
    throw new KroRefusal(
      'UnknownFunction',
      `uses unknown functions: [${unknown.map((name) => `{${name}}`).join(' ')}]`,
      place,
    );
}

/** The ids that each node waits for; refuses what kro's buildDependencyGraph does. */
export function dependencyGraph(nodes: readonly ResourceNode[], names: Names): ReadonlyMap<string, readonly string[]> {
  const graph = new Map<string, readonly string[]>();
  const refusals = new Refusals();
  for (const node of nodes) {
    const found = refusals.attempt('', () => nodeDependencies(node, names));
    if (found) graph.set(node.id, found);
  }
  refusals.throwIfAny();
  const cycle = findCycle(graph);
  if (cycle) {
    const first = nodes.find(({ id }) => id === cycle[0]) as ResourceNode;
    throw new KroRefusal('GraphCycle', `graph contains a cycle: ${cycle.join(' -> ')}`, first.place);
  }
  return graph;
}

function nodeDependencies(node: ResourceNode, names: Names): readonly string[] {
  const iterators = node.forEach.map(({ name }) => name);
  const found = new Set<string>();
  const identity = new Set<string>();
  for (const expression of node.template) {
    const used = within('failed to extract dependencies: ', () => names.dependencies(expression, iterators));
    for (const id of used.resources) found.add(id);
    if (expression.path === 'metadata.name' || (expression.path === 'metadata.namespace' && node.kind.namespaced))
      for (const name of used.iterators) identity.add(name);
  }
  const missing = iterators.filter((name) => !identity.has(name));
  if (missing.length > 0) {
    throw new KroRefusal(
      'ForEach',
      `node "${node.id}": all forEach dimensions must be used to produce a unique resource identity, missing: [${missing.join(' ')}]`,
      [...node.place, 'forEach'],
    );
  }
  for (const { name, list } of node.forEach) {
    const used = within(`failed to extract dependencies from forEach iterator "${name}": `, () =>
      names.dependencies(list, iterators),
    );
    if (used.iterators.length > 0) {
      throw new KroRefusal(
        'ForEach',
        `node "${node.id}": forEach iterator "${name}" cannot reference other iterators [${used.iterators.join(' ')}] - forEach iterators are independent (cartesian product)`,
        list.place,
      );
    }
    for (const id of used.resources) found.add(id);
  }
  for (const condition of node.includeWhen) {
    const used = within('failed to extract dependencies from includeWhen: ', () => names.dependencies(condition, []));
    for (const id of used.resources) found.add(id);
  }
  for (const id of found) {
    if (!names.ids.has(id)) throw new KroRefusal('UnknownReference', `node ${id} does not exist`, node.place);
    if (id === node.id) throw new KroRefusal('GraphCycle', 'self references are not allowed', node.place);
  }
  return [...found];
}

/** The first cycle, its first id again at the end. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack = [{ id: start, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { id: string; next: number };
      if (top.next === 0 && !done.has(top.id)) {
        path.push(top.id);
        onPath.add(top.id);
      }
      const target = done.has(top.id) ? undefined : graph.get(top.id)?.[top.next++];
      if (target === undefined) {
        stack.pop();
        if (onPath.delete(top.id)) path.pop();
        done.add(top.id);
      } else if (onPath.has(target)) return [...path.slice(path.indexOf(target)), target];
      else if (!done.has(target)) stack.push({ id: target, next: 0 });
    }
  }
  return undefined;
}
