import { fields } from '../readiness/verdict.ts';
import type { Identity } from '../identity.ts';
import type { Footprint } from './footprint.ts';
import { verbsFor, type BasicPurpose, type Need, type VerbTable } from './need.ts';

interface Bookkeeping {
  readonly clusterId: boolean;
  readonly createNamespace: boolean;
  /** Names of the Secrets that parts of the record are in. */
  readonly parts: readonly string[];
}

const recordTable: VerbTable = {
  plan: ['get'],
  deploy: ['get', 'create', 'patch'],
  destroy: ['get', 'patch', 'delete'],
  status: ['get'],
  history: ['get'],
};
const partTable: VerbTable = {
  plan: ['get'],
  deploy: ['get', 'create', 'patch', 'delete'],
  destroy: ['get', 'delete'],
};

/** Record, lock and namespace: the same in both modes. */
export function bookkeepingNeeds(
  { namespace, name }: Identity,
  purposes: readonly BasicPurpose[],
  { clusterId, createNamespace, parts }: Bookkeeping,
): readonly Need[] {
  const core = { group: '', namespace };
  const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace };
  const locks = purposes.includes('deploy') || purposes.includes('destroy');
  const partVerbs = verbsFor(partTable, purposes);
  const needs: Need[] = [{ ...core, resource: 'secrets', name, verbs: verbsFor(recordTable, purposes) }];
  if (partVerbs.length > 0)
    needs.push(...parts.map((each) => ({ ...core, resource: 'secrets', name: each, verbs: partVerbs })));
  if (purposes.some((purpose) => purpose !== 'history'))
    needs.push({ ...core, resource: 'namespaces', name: namespace, verbs: ['get'] });
  // A lock is created by a request whose address holds no name.
  if (locks) needs.push({ ...lease, verbs: ['create'] }, { ...lease, name, verbs: ['get', 'update', 'delete'] });
  else if (purposes.includes('history')) needs.push({ ...lease, name, verbs: ['get'] });
  if (clusterId) needs.push({ group: '', resource: 'namespaces', name: 'kube-system', verbs: ['get'] });
  if (createNamespace && purposes.includes('deploy'))
    needs.push({ group: '', resource: 'namespaces', verbs: ['create'] });
  if (createNamespace && purposes.includes('destroy'))
    needs.push({ group: '', resource: 'namespaces', name: namespace, verbs: ['delete', 'list', 'watch'] });
  return needs;
}

/** Without these a command does its work, and says less about it or leaves a namespace behind. */
export function optionalNeeds(
  { made, recorded, namespaces, parts }: Footprint,
  purposes: readonly BasicPurpose[],
  { removable, namespace }: { readonly removable: readonly string[]; readonly namespace: string },
): readonly Need[] {
  const needs: Need[] = [];
  if (purposes.includes('status')) {
    const optional = { optional: 'drift', verbs: ['get'] } as const;
    needs.push(
      ...parts.map((name): Need => ({ ...optional, group: '', resource: 'secrets', namespace, name })),
      ...recorded.flatMap(({ served: { group, resource }, ...place }) => ({
        ...optional,
        group,
        resource,
        namespace: place.namespace,
        name: place.name,
      })),
    );
  }
  if (purposes.includes('deploy') || purposes.includes('status'))
    for (const namespace of namespaces) {
      const inside = made.filter((place) => place.namespace === namespace);
      if (inside.length === 0) continue;
      const optional = { namespace, optional: 'diagnosis' as const };
      needs.push({ ...optional, group: '', resource: 'events', verbs: ['list'] });
      if (!inside.some(({ kind, object }) => kind === 'Pod' || runsPods(object))) continue;
      needs.push(
        { ...optional, group: '', resource: 'pods', verbs: ['list', 'watch'] },
        { ...optional, group: '', resource: 'pods/log', verbs: ['get'] },
        { ...optional, group: 'apps', resource: 'replicasets', verbs: ['list'] },
        { ...optional, group: 'batch', resource: 'jobs', verbs: ['list'] },
      );
    }
  // Only an empty namespace is deleted, so all that it may hold is looked at.
  if (purposes.includes('destroy'))
    for (const namespace of removable)
      needs.push({ group: '*', resource: '*', namespace, verbs: ['list'], optional: 'namespace removal' });
  if (purposes.includes('destroy')) needs.push(...[...made, ...recorded].flatMap(contentNeed));
  return needs;
}

/** A definition goes only when nobody else has objects of its kind, which its name tells. */
function contentNeed({ kind, name }: Footprint['made'][number]): Need[] {
  if (kind !== 'CustomResourceDefinition' || name === undefined) return [];
  const [resource = '', ...group] = name.split('.');
  return [{ group: group.join('.'), resource, verbs: ['list'], optional: 'definition removal' }];
}

function runsPods(object: unknown): boolean {
  const spec = fields(fields(object)['spec']);
  return spec['template'] !== undefined || spec['jobTemplate'] !== undefined;
}
