import type { ErrorDetails } from '../errors.ts';
import type { Node } from '../expr/ast.ts';
import { identifiers } from '../expr/references.ts';
import { type Deferred, Expression, isObject, visitLeaves, type Value, type ValueObject } from '../expr/value.ts';
import type { GraphData, GraphNode } from '../graph/graph.ts';
import { Problems } from '../graph/problems.ts';

/** A graph's nodes without sensitive data, and the Secrets that hold it. */
export interface SecretSplit {
  /** The nodes of the definition: the Secrets below are external nodes with the same ids here. */
  readonly nodes: readonly GraphNode[];
  /** Secrets that are applied directly before the instance; their templates may read `schema`. */
  readonly secrets: readonly GraphNode[];
}

/**
 * Takes Secrets with literal or deferred data out of what becomes a definition, whose revisions would keep the data. A
 * Secret whose data is made of expressions alone stays; text around their references is then part of the definition.
 *
 * @throws KubewrightError for a Secret that cannot be made before the instance
 */
export function splitSecrets(graph: Pick<GraphData, 'name' | 'nodes'>, problems?: Problems): SecretSplit {
  const collected = problems ?? new Problems(`graph ${graph.name}`);
  const secrets = graph.nodes.filter(holdsLiterals);
  for (const secret of secrets)
    for (const problem of refusals(secret)) collected.add({ ...problem, resource: secret.id });
  if (!problems) collected.throwIfAny();
  const taken = new Set(secrets);
  return {
    secrets,
    nodes: taken.size === 0 ? graph.nodes : graph.nodes.map((node) => (taken.has(node) ? externalSecret(node) : node)),
  };
}

/**
 * Where the Secrets of {@link splitSecrets} are in a graph and in the graphs of its instance nodes: ids joined by `/`, as
 * resolved objects are addressed.
 */
export function secretPaths(graph: Pick<GraphData, 'name' | 'nodes'>): string[] {
  const own = splitSecrets(graph).secrets.map(({ id }) => id);
  const nested = graph.nodes.flatMap(({ id, instanceOf }) =>
    instanceOf ? secretPaths(instanceOf).map((path) => `${id}/${path}`) : [],
  );
  return [...own, ...nested];
}

/**
 * Those of {@link secretPaths} that the definition does not hold itself: one that was read from a definition keeps its
 * Secrets there.
 */
export function splitSecretPaths(graph: Pick<GraphData, 'name' | 'nodes' | 'origin'>): string[] {
  const own = graph.origin ? [] : splitSecrets(graph).secrets.map(({ id }) => id);
  const nested = graph.nodes.flatMap(({ id, instanceOf }) =>
    instanceOf ? splitSecretPaths(instanceOf).map((path) => `${id}/${path}`) : [],
  );
  return [...own, ...nested];
}

const dataFields = ['data', 'stringData'] as const;

function holdsLiterals(node: GraphNode): boolean {
  return (
    node.apiVersion === 'v1' &&
    node.kind === 'Secret' &&
    !node.external &&
    dataLeaves(node).some(({ leaf }) => isLiteral(leaf))
  );
}

/** An expression without a reference is a literal that was written as CEL. */
function isLiteral(leaf: Value): boolean {
  return !(leaf instanceof Expression) || identifiers(leaf.node).size === 0 || givesLiteral(leaf.node);
}

/** Whether a literal may be the whole value: a branch of a condition, a fallback. */
function givesLiteral(node: Node): boolean {
  if (node.kind === 'literal') return node.type === 'string' && node.value !== '';
  if (node.kind === 'bind') return givesLiteral(node.body);
  if (node.kind !== 'call') return false;
  if (node.function === '_?_:_') return node.args.slice(1).some(givesLiteral);
  return node.function === 'orValue' && node.args.some(givesLiteral);
}

function dataLeaves(
  node: GraphNode,
): { leaf: Exclude<Value, readonly Value[] | ValueObject> | Deferred; path: string }[] {
  const leaves: ReturnType<typeof dataLeaves> = [];
  for (const field of dataFields) {
    const data = node.template[field];
    if (data !== undefined)
      visitLeaves(data, (leaf, path) => leaves.push({ leaf: leaf as never, path: path() }), field);
  }
  return leaves;
}

function* refusals(secret: GraphNode): Iterable<Omit<ErrorDetails, 'resource'>> {
  const why = 'a Secret with literal data is applied before the instance and its resources exist';
  if (secret.forEach.length > 0) {
    yield {
      code: 'KroSecretCollection',
      path: 'forEach',
      message: why,
      hint: 'Make one Secret with a key for each item, or take the data from the spec.',
    };
  }
  for (const { leaf, path } of dataLeaves(secret)) {
    const names = leaf instanceof Expression ? [...identifiers(leaf.node)].filter((name) => name !== 'schema') : [];
    if (names.length > 0) {
      yield {
        code: 'KroSecretData',
        path,
        message: `reads ${names.join(', ')}, but ${why}`,
        hint: 'Put the literal data and the data that reads resources into two Secrets.',
      };
    }
  }
  for (const [index, condition] of secret.includeWhen.entries()) {
    const names = [...identifiers(condition.node)].filter((name) => name !== 'schema');
    if (names.length > 0)
      yield {
        code: 'KroSecretData',
        path: `includeWhen[${index}]`,
        message: `reads ${names.join(', ')}, but ${why}`,
        hint: 'Let it read only the spec.',
      };
  }
}

/** The same node as something that is read: everything that refers to it stays as it is. */
function externalSecret(node: GraphNode): GraphNode {
  const metadata = isObject(node.template['metadata']) ? node.template['metadata'] : {};
  const { name, namespace } = metadata;
  const kept: ValueObject = { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) };
  return { ...node, external: 'name', template: { metadata: kept }, forEach: [], keep: false };
}
