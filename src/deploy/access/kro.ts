import { definitionsOf } from '../../kro/chain.ts';
import { splitSecretPaths } from '../../kro/secrets.ts';
import type { Graph, GraphNode } from '../../graph/graph.ts';
import { groupOf } from '../identity.ts';
import { definitionKind } from '../kro/installed.ts';
import { customNodes } from '../kro/kind.ts';
import { madeByKro } from '../kro/secrets.ts';
import { kindOf, type Run } from '../run.ts';
import { definitionNeed, directNeeds, externalNeeds, objectNeeds, readinessNeeds } from './direct.ts';
import type { Footprint, Place } from './footprint.ts';
import { verbsFor, type BasicPurpose, type Need } from './need.ts';

/** Permissions that kro mode asks for: kro makes the objects with its own, so they are only read. */
export async function kroNeeds(
  run: Run,
  footprint: Footprint,
  purposes: readonly BasicPurpose[],
  { existing, definition }: { readonly existing: ReadonlySet<string>; readonly definition: boolean },
): Promise<readonly Need[]> {
  const split = new Set(splitSecretPaths(run.graph));
  const isOurs = ({ path }: Place): boolean => path !== undefined && split.has(path);
  const children = footprint.made.filter((place) => !isOurs(place));
  const ours = footprint.made.filter(isOurs);
  // Ours are looked for where Secrets are, not wherever kro makes something.
  const namespaces = [
    ...new Set(
      [run.identity.namespace, ...[...ours, ...footprint.recorded].map(({ namespace }) => namespace)].filter(
        (namespace) => namespace !== undefined,
      ),
    ),
  ];
  const looks = purposes.some((purpose) => ['plan', 'deploy', 'status'].includes(purpose));
  const externals = looks ? externalNeeds(footprint, ['plan']) : [];
  return [
    ...definitionsOf(run.graph).flatMap(({ name }) => definitionNeeds(name, purposes, definition)),
    ...[...footprint.instances.values()].flatMap((place) =>
      kindNeeds(place, purposes, definition && purposes.includes('destroy')),
    ),
    ...instanceNeeds(footprint.instances.get(run.graph) as Place, purposes),
    ...(await childNeeds(run, footprint, children, purposes)),
    ...(await compatibilityNeeds(run, children, purposes)),
    ...directNeeds({ ...footprint, made: ours, externals: [], namespaces }, purposes, existing),
    ...readinessNeeds(footprint, children, purposes),
    ...externals,
  ];
}

function definitionNeeds(name: string, purposes: readonly BasicPurpose[], remove: boolean): Need[] {
  const at = { group: groupOf(definitionKind.apiVersion), resource: 'resourcegraphdefinitions', name };
  const table = {
    plan: ['get', 'patch'],
    deploy: ['get', 'create', 'patch', 'list', 'watch'],
    destroy: remove ? ['get', 'delete', 'list', 'watch'] : [],
  };
  const verbs = verbsFor(table, purposes);
  return [
    ...(verbs.length > 0 ? [{ ...at, verbs }] : []),
    ...(purposes.includes('status') ? [{ ...at, verbs: ['get'], optional: 'drift' as const }] : []),
  ];
}

/** A definition is shared by the cluster: before it changes, its other instances are looked at, wherever they are. */
function kindNeeds({ served }: Place, purposes: readonly BasicPurpose[], remove: boolean): Need[] {
  const { group, resource } = served;
  const changes = purposes.includes('plan') || purposes.includes('deploy');
  return [
    ...(changes || remove ? [{ group, resource, verbs: ['list'] }] : []),
    ...(changes ? [definitionNeed(served)] : []),
  ];
}

function instanceNeeds(
  { served: { group, resource }, namespace, name }: Place,
  purposes: readonly BasicPurpose[],
): Need[] {
  const table = {
    plan: ['get', 'patch'],
    // A first deployment that fails may have to be undone.
    deploy: ['get', 'create', 'patch', 'delete', 'list', 'watch'],
    destroy: ['get', 'delete', 'list', 'watch'],
    status: ['get'],
  };
  return [{ group, resource, namespace, name, verbs: verbsFor(table, purposes) }];
}

/** Each kind is listed wherever kro says that the instance has objects. */
async function childNeeds(
  run: Run,
  { made, instances }: Footprint,
  children: readonly Place[],
  purposes: readonly BasicPurpose[],
): Promise<Need[]> {
  const verbs = verbsFor({ plan: ['list'], deploy: ['list', 'watch'], status: ['list'] }, purposes);
  if (verbs.length === 0) return [];
  const namespaces = [
    ...new Set(
      [run.identity.namespace, ...children.map(({ namespace }) => namespace)].filter((each) => each !== undefined),
    ),
  ];
  const present = new Set(made.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`));
  const kinds = new Map<string, Need>();
  const add = (group: string, resource: string, namespaced: boolean): void => {
    const unknown = children.some(
      ({ served, namespace }) => served.resource === resource && served.namespaced && namespace === undefined,
    );
    for (const namespace of namespaced && !unknown ? namespaces : [undefined])
      kinds.set(`${group}/${resource}/${namespace ?? ''}`, { group, resource, namespace, verbs });
  };
  for (const node of nodesOf(run.graph)) {
    if (!present.has(`${node.apiVersion}/${node.kind}`)) continue;
    const served = await kindOf(run, node);
    if (served) add(groupOf(node.apiVersion), served.plural, served.namespaced);
  }
  for (const [graph, { served }] of instances) if (graph !== run.graph) add(served.group, served.resource, true);
  return [...kinds.values()];
}

/** What tells before a write what kro would take over, and what it would refuse. */
async function compatibilityNeeds(
  run: Run,
  children: readonly Place[],
  purposes: readonly BasicPurpose[],
): Promise<Need[]> {
  if (!purposes.includes('plan') && !purposes.includes('deploy')) return [];
  const custom = await Promise.all(
    customNodes(run.graph).map(async (node) => ({ node, served: await kindOf(run, node) })),
  );
  const definitions = custom.flatMap(({ node, served }) =>
    served
      ? [definitionNeed({ group: groupOf(node.apiVersion), resource: served.plural, namespaced: served.namespaced })]
      : [],
  );
  const version = { optional: 'kro version', verbs: ['list'] } as const;
  return [
    ...children.filter(({ object }) => object).flatMap((place) => objectNeeds(place, ['get'])),
    ...definitions,
    { ...version, group: 'apps', resource: 'deployments' },
    { ...version, group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  ];
}

function nodesOf(graph: Graph): readonly GraphNode[] {
  return madeByKro(graph).flatMap((node) => (node.instanceOf ? nodesOf(node.instanceOf) : [node]));
}
