import { fields } from '../readiness/verdict.ts';
import type { Identity } from '../identity.ts';
import type { Footprint } from './footprint.ts';
import { verbsFor, type Need, type Purpose } from './need.ts';

interface Bookkeeping {
  readonly clusterId: boolean;
  readonly createNamespace: boolean;
  /** Names of the Secrets that parts of the record are in. */
  readonly parts: readonly string[];
}

/** Record, lock and namespace: the same in both modes. */
export function bookkeepingNeeds(
  { namespace, name }: Identity,
  purposes: readonly Purpose[],
  { clusterId, createNamespace, parts }: Bookkeeping,
): readonly Need[] {
  const core = { group: '', namespace };
  const record = { plan: ['get'], deploy: ['get', 'create', 'patch'], destroy: ['get', 'patch', 'delete'] };
  const writes = purposes.some((purpose) => purpose !== 'plan');
  const lease = { group: 'coordination.k8s.io', resource: 'leases', namespace };
  const part = { plan: ['get'], deploy: ['get', 'create', 'patch', 'delete'], destroy: ['get', 'delete'] };
  const needs: Need[] = [
    { ...core, resource: 'secrets', name, verbs: verbsFor(record, purposes) },
    ...parts.map((each): Need => ({ ...core, resource: 'secrets', name: each, verbs: verbsFor(part, purposes) })),
    { ...core, resource: 'namespaces', name: namespace, verbs: ['get'] },
  ];
  // A lock is created by a request whose address holds no name.
  if (writes) needs.push({ ...lease, verbs: ['create'] }, { ...lease, name, verbs: ['get', 'update', 'delete'] });
  if (clusterId) needs.push({ group: '', resource: 'namespaces', name: 'kube-system', verbs: ['get'] });
  if (createNamespace && purposes.includes('deploy'))
    needs.push({ group: '', resource: 'namespaces', verbs: ['create'] });
  if (createNamespace && purposes.includes('destroy'))
    needs.push({ group: '', resource: 'namespaces', name: namespace, verbs: ['delete', 'list', 'watch'] });
  return needs;
}

/** Without these a command does its work, and says less about it or leaves a namespace behind. */
export function optionalNeeds(
  { made, namespaces }: Footprint,
  purposes: readonly Purpose[],
  removable: readonly string[],
): readonly Need[] {
  const needs: Need[] = [];
  if (purposes.includes('deploy'))
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
  return needs;
}

function runsPods(object: unknown): boolean {
  const spec = fields(fields(object)['spec']);
  return spec['template'] !== undefined || spec['jobTemplate'] !== undefined;
}
