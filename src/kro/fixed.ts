import type { Node } from '../expr/ast.ts';
import { call, index, literal } from '../expr/nodes.ts';
import { identifiers, substitute, valueToNode } from '../expr/references.ts';
import { Expression, isObject, mapLeaves, type Value, type ValueObject } from '../expr/value.ts';
import { finishGraph, type Graph, type GraphNode } from '../graph/graph.ts';
import { orderNodes } from '../graph/order.ts';
import { Problems } from '../graph/problems.ts';
import { nodeToTree, simplify } from '../graph/simplify.ts';
import { checkFixed, narrowSchema } from './fixed-schema.ts';
import { fixedReads } from './fixed-reads.ts';

/**
 * The graph as it is for values that do not change: conditions that always hold are gone, and so are resources that are
 * never there, what refers to them, and the status fields that only they could give. kro needs every kind of a
 * definition to be served, even one that is always left out.
 *
 * @param fixed values by their path in the spec, such as `{ 'gateway.routing': 'ingress' }`
 * @throws KubewrightError `FixedField` for a path or a value that the schema does not have
 * @example
 * toDefinition(fixFields(app, { 'gateway.routing': 'ingress' }), { definition: { name: 'app-ingress', kind: 'AppIngress' } });
 */
export function fixFields(graph: Graph, fixed: Readonly<Record<string, unknown>>): Graph {
  const values = new Map(Object.entries(fixed));
  if (values.size === 0) return graph;
  const problems = new Problems(`graph ${graph.name}`);
  for (const [path, value] of values) checkFixed(graph.spec.json, { path, value }, problems);
  problems.throwIfAny();
  const replace = fixedReads(new Map([...values].map(([path, value]) => [path, valueToNode(value)])));
  const json = [...values].reduce(
    (schema, [path, value]) => narrowSchema(schema, path.split('.'), value),
    graph.spec.json,
  );
  return rewriteGraph(
    { ...graph, spec: { ...graph.spec, json } },
    (node) => simplify(substitute(node, replace)),
    problems,
  );
}

/** A graph with other expressions, without what these leave out. */
export function rewriteGraph(graph: Graph, rewrite: (node: Node) => Node, problems: Problems): Graph {
  const nodes = graph.nodes.map((node) => rewriteNode(node, rewrite));
  const absent = absentIds(graph, nodes);
  const kept = nodes
    .filter(({ id }) => !absent.has(id))
    .map((node) => ({ ...node, includeWhen: node.includeWhen.filter((condition) => constant(condition) !== true) }));
  const ordered = orderNodes(kept, problems);
  problems.throwIfAny();
  return finishGraph({
    ...graph,
    ...ordered,
    status: withoutAbsent(rewriteTree(graph.status, rewrite) as ValueObject, absent),
    conditions: conditionsWithout(graph.conditions, rewrite, absent),
  });
}

function rewriteNode(node: GraphNode, rewrite: (node: Node) => Node): GraphNode {
  const expression = (old: Expression): Expression => {
    const changed = rewrite(old.node);
    return changed === old.node ? old : new Expression(changed);
  };
  return {
    ...node,
    template: rewriteTree(node.template, rewrite) as ValueObject,
    includeWhen: node.includeWhen.map(expression),
    readyWhen: node.readyWhen.map(expression),
    forEach: node.forEach.map(({ name, list }) => ({ name, list: expression(list) })),
  };
}

function rewriteTree(tree: Value, rewrite: (node: Node) => Node): Value {
  return mapLeaves(tree, (leaf) => {
    if (!(leaf instanceof Expression)) return leaf;
    const changed = rewrite(leaf.node);
    return changed === leaf.node ? leaf : nodeToTree(changed);
  }) as Value;
}

function constant({ node }: Expression): unknown {
  return node.kind === 'literal' ? node.value : undefined;
}

/** Nodes that are never there: by their own condition, or by one that they referred to before anything was folded away. */
function absentIds(graph: Graph, nodes: readonly GraphNode[]): Set<string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const absent = new Set<string>();
  for (const id of graph.order) {
    const { dependencies, includeWhen } = byId.get(id) as GraphNode;
    if (
      dependencies.some((dependency) => absent.has(dependency)) ||
      includeWhen.some((condition) => constant(condition) === false)
    )
      absent.add(id);
  }
  return absent;
}

/** A status field that reads an absent resource has no value; what is left of its objects stays. */
function withoutAbsent(status: ValueObject, absent: ReadonlySet<string>): ValueObject {
  if (absent.size === 0) return status;
  const result: Record<string, Value> = {};
  for (const [key, value] of Object.entries(status)) {
    if (isObject(value)) {
      const inner = withoutAbsent(value, absent);
      if (Object.keys(inner).length > 0 || Object.keys(value).length === 0) result[key] = inner;
    } else if (!(value instanceof Expression) || !isUnconditional(value.node, absent)) {
      result[key] = mapLeaves(value, (leaf) =>
        leaf instanceof Expression ? new Expression(withMissing(leaf.node, absent)) : leaf,
      ) as Value;
    }
  }
  return Object.freeze(result);
}

const branching = new Set(['_?_:_', '_&&_', '_||_']);

function isUnconditional(node: Node, absent: ReadonlySet<string>): boolean {
  if (![...identifiers(node)].some((name) => absent.has(name))) return false;
  return node.kind !== 'call' || !branching.has(node.function);
}

/** Where only a condition tells whether an absent resource is read, reading it is reading data that is never there. */
function withMissing(node: Node, absent: ReadonlySet<string>): Node {
  const nothing = call('dyn', [{ kind: 'map', entries: [] }]);
  return substitute(node, (part) =>
    part.kind === 'identifier' && absent.has(part.name) ? index(nothing, literal(part.name)) : undefined,
  );
}

/** A condition about what is never there is none. */
function conditionsWithout(
  conditions: readonly Expression[],
  rewrite: (node: Node) => Node,
  absent: ReadonlySet<string>,
): Expression[] {
  const kept = conditions.map(({ node }) => rewrite(node)).filter((node) => !isUnconditional(node, absent));
  return kept.map((node) => new Expression(withMissing(node, absent)));
}
