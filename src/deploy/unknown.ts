import { print } from '../expr/print.ts';
import { identifiers } from '../expr/references.ts';
import { Expression, visitLeaves } from '../expr/value.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { settle } from '../resolve/offline.ts';
import type { PendingNode } from './options.ts';
import type { Run } from './run.ts';
import type { World } from './world.ts';

/** Nodes that cannot be made yet, with the expressions whose values only the cluster will have. */
export function pendingNodes({ graph, instance }: Run, world: World): readonly PendingNode[] {
  const { pending } = world.resolution;
  if (pending.length === 0) return [];
  // What needs nothing but that the others exist is known already.
  const offline = settle(graph, instance);
  const known = Map.groupBy(offline.objects, ({ path }) => path);
  return pending.map(({ path, reason }) => {
    const node = nodeAt(graph, path.split('/'));
    if (!node) return { path, reason, unknown: [] };
    const { apiVersion, kind, instanceOf } = node;
    const objects = instanceOf ? offline.objects.filter((each) => isWithin(path, each)) : (known.get(path) ?? []);
    const [only] = objects.length === 1 && !instanceOf ? objects : [];
    const { name, namespace } = only?.object.metadata ?? {};
    const isCertain = !offline.pending.some((each) => isWithin(path, each)) && !exists(world, path);
    return {
      path,
      reason,
      apiVersion,
      kind,
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(isCertain && objects.length > 0 && { action: 'create' as const, objects: objects.length }),
      unknown: instanceOf || objects.length > 0 ? [] : unknownOf(node),
    };
  });
}

/** What exists and is not wanted yet is found in the record of the last deployment. */
function exists({ inventory, live }: World, path: string): boolean {
  return [...(inventory ?? [])].some(([key, entry]) => isWithin(path, entry) && live.object(key) !== undefined);
}

function isWithin(path: string, other: { readonly path: string }): boolean {
  return other.path === path || other.path.startsWith(`${path}/`);
}

function nodeAt(graph: Graph, [head, ...rest]: readonly string[]): GraphNode | undefined {
  const node = graph.nodes.find(({ id }) => id === head);
  return node && rest.length > 0 ? node.instanceOf && nodeAt(node.instanceOf, rest) : node;
}

function unknownOf({ kind, template, forEach }: GraphNode): PendingNode['unknown'] {
  // What is between the references of a Secret's text may be secret itself.
  const isSecret = (path: string): boolean => kind === 'Secret' && /^(data|stringData)\b/.test(path);
  const known = new Set(['schema', ...forEach.map(({ name }) => name)]);
  const unknown: { path: string; expression: string }[] = [];
  visitLeaves(template, (leaf, pathOf) => {
    if (!(leaf instanceof Expression) || [...identifiers(leaf.node)].every((name) => known.has(name))) return;
    const path = pathOf();
    unknown.push({ path, expression: isSecret(path) ? '(secret)' : `\${${print(leaf.node)}}` });
  });
  return unknown;
}
