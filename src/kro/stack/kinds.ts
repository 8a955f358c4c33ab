import type { Node } from '../../expr/ast.ts';
import { Expression, visitLeaves } from '../../expr/value.ts';
import { children } from '../../expr/walk.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { builtInKind } from '../../schema/kubernetes-schema.ts';
import { data } from './text.ts';

/** How the factories of a graph's kinds are written. */
export interface KindTexts {
  /** Groups of built-in kinds that have to be imported. */
  readonly imports: readonly string[];
  /** Declarations of other kinds. */
  readonly declarations: readonly string[];
  /** The factory of a node. */
  factory(node: Pick<GraphNode, 'apiVersion' | 'kind'>): string;
}

/** @param schemaOf the schema of a kind that is not built in, where it is known */
export function kindTexts(graph: Graph, schemaOf: (node: GraphNode) => JsonSchema | undefined): KindTexts {
  const imports = new Set<string>();
  const names = new Map<string, string>();
  const declarations: string[] = [];
  for (const node of graph.nodes) {
    const key = `${node.apiVersion} ${node.kind}`;
    if (names.has(key)) continue;
    if (builtInKind(node.apiVersion, node.kind)) {
      const [group, version] = node.apiVersion.includes('/')
        ? (node.apiVersion.split('/') as [string, string])
        : ['core', node.apiVersion];
      const name = group.split('.')[0] as string;
      imports.add(name);
      names.set(key, `${name}.${version}.${node.kind}`);
    } else {
      const name = freeName(node.kind, new Set(names.values()));
      names.set(key, name);
      declarations.push(declaration(name, node, { graph, schema: schemaOf(node) }));
    }
  }
  return {
    imports: [...imports].sort(),
    declarations,
    factory: ({ apiVersion, kind }) => names.get(`${apiVersion} ${kind}`) as string,
  };
}

const taken: ReadonlySet<string> = new Set([
  'Cel',
  'Spec',
  'Status',
  'Object',
  'Array',
  'String',
  'Number',
  'Boolean',
  'Record',
  'Map',
  'Set',
  'Date',
  'Error',
]);

function freeName(kind: string, used: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 && !taken.has(kind) ? kind : `${kind}${number + 1}`;
    if (!used.has(name)) return name;
  }
}

function declaration(
  name: string,
  { apiVersion, kind, namespaced }: GraphNode,
  { graph, schema }: { graph: Graph; schema: JsonSchema | undefined },
): string {
  const used = schema && pruned(schema, usedPaths(graph, { apiVersion, kind }));
  const facts = { apiVersion, kind, ...(namespaced !== undefined && { namespaced }), ...(used && { schema: used }) };
  return `/** Only the fields that are used here have their types. */\nconst ${name} = kind<{ spec?: any; status?: any; [field: string]: any }>(${data(facts)});`;
}

type Paths = Map<string, Paths | true>;

/** The fields of a kind's objects that templates fill with expressions, or that expressions read. */
function usedPaths(graph: Graph, kind: Pick<GraphNode, 'apiVersion' | 'kind'>): Paths {
  const paths: Paths = new Map();
  const nodes = graph.nodes.filter((node) => node.apiVersion === kind.apiVersion && node.kind === kind.kind);
  const ids = new Set(nodes.map(({ id }) => id));
  for (const node of nodes)
    visitLeaves(
      node.template,
      (leaf, path) =>
        leaf instanceof Expression &&
        add(
          paths,
          path()
            .replaceAll(/\["([^"]*)"\]/g, '.$1')
            .replaceAll(/\[\d+\]/g, '')
            .split('.'),
        ),
    );
  for (const node of graph.nodes) {
    const isOwn = ids.has(node.id);
    for (const { node: tree } of node.readyWhen) reads(tree, isOwn ? new Set([...ids, 'each']) : ids, paths);
    for (const { node: tree } of [...node.includeWhen, ...node.forEach.map(({ list }) => list)])
      reads(tree, ids, paths);
    visitLeaves(node.template, (leaf) => leaf instanceof Expression && reads(leaf.node, ids, paths));
  }
  visitLeaves(graph.status, (leaf) => leaf instanceof Expression && reads(leaf.node, ids, paths));
  for (const { node: tree } of graph.conditions) reads(tree, ids, paths);
  return paths;
}

/** Notes the longest path of fields behind each mention of the resources; behind a list everything counts as read. */
function reads(node: Node, ids: ReadonlySet<string>, paths: Paths): void {
  const path: string[] = [];
  let at = node;
  for (;;) {
    if (at.kind === 'select' || at.kind === 'has') path.unshift(at.field);
    else if (at.kind !== 'index') break;
    else reads(at.index, ids, paths);
    at = at.operand;
  }
  if (at.kind === 'identifier') {
    if (ids.has(at.name)) add(paths, path);
  } else for (const child of children(at)) reads(child, ids, paths);
}

function add(paths: Paths, path: readonly string[]): void {
  const [first, ...rest] = path;
  if (first === undefined) return;
  if (rest.length === 0) paths.set(first, true);
  else {
    const inner = paths.get(first) ?? new Map<string, Paths | true>();
    paths.set(first, inner);
    if (inner !== true) add(inner, rest);
  }
}

/** A value of any type; as a field it is one that CEL does not know. */
function isUntyped(schema: JsonSchema): boolean {
  return schema.type === undefined && !schema['x-kubernetes-int-or-string'] && schema.format !== 'int-or-string';
}

const anything: JsonSchema = { 'x-kubernetes-int-or-string': true };

const kept = [
  'type',
  'format',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
] as const;

/** The part of a schema that types depend on; what every object has is known anyway. */
function pruned(schema: JsonSchema, paths: Paths | true, depth = 0): object {
  const result: Record<string, unknown> = {};
  for (const key of kept) if (schema[key] !== undefined && schema[key] !== false) result[key] = schema[key];
  const { properties, items, additionalProperties } = schema;
  if (properties) {
    const chosen = Object.entries(properties).filter(
      ([name, field]) => (depth > 0 || name !== 'metadata') && (paths === true || paths.has(name)) && !isUntyped(field),
    );
    result['properties'] = Object.fromEntries(
      chosen.map(([name, field]) => [
        name,
        pruned(field, paths === true ? true : (paths.get(name) as Paths | true), depth + 1),
      ]),
    );
  }
  if (items) result['items'] = pruned(items, paths, depth + 1);
  if (additionalProperties)
    result['additionalProperties'] =
      typeof additionalProperties === 'object' && !isUntyped(additionalProperties)
        ? pruned(additionalProperties, true, depth + 1)
        : anything;
  return result;
}
