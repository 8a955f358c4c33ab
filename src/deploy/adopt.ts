import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import { describe, fieldManager } from './identity.ts';
import type { Run } from './run.ts';
import type { Task } from './apply.ts';

/** Tools that a person runs: what they wrote once is ours from the adoption on. Controllers keep what they own. */
const oneShot = /^(kubectl.*|helm|before-first-apply|Terraform|pulumi.*|node-fetch|kubernetes-client)$/i;

/**
 * Makes us the owner of the fields that tools wrote, so that our apply can change and remove them. Without it both would
 * own them for ever. Gives the object as it is then, where that took a write.
 */
export async function migrateManagers(run: Run, { desired, live }: Task): Promise<KubernetesObject | undefined> {
  const { managedFields = [], resourceVersion } = live?.metadata ?? {};
  const migrated = migrate(managedFields);
  if (!migrated) return undefined;
  const operations = [
    { op: 'replace', path: '/metadata/managedFields', value: migrated },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ] as const;
  run.emit({
    type: 'warning',
    message: `${describe(desired)}: taking over from ${[...new Set(managedFields.filter(isOneShot).map(({ manager }) => manager))].join(', ')}`,
  });
  return run.cluster.patch(desired, { type: 'json', body: operations });
}

/** One entry of ours in place of those of the tools; `undefined` when there is none of theirs. */
export function migrate(
  entries: readonly ManagedFields[],
  isTheirs: (entry: ManagedFields) => boolean = isOneShot,
): readonly ManagedFields[] | undefined {
  const theirs = entries.filter(isTheirs);
  const [first] = theirs;
  if (!first) return undefined;
  const isOurs = ({ manager, operation, subresource }: ManagedFields): boolean =>
    manager === fieldManager && operation === 'Apply' && !subresource;
  const ours = entries.find(isOurs);
  const fieldsV1 = [ours, ...theirs].reduce<Record<string, unknown>>(
    (all, entry) => union(all, entry?.fieldsV1 ?? {}),
    {},
  );
  const { apiVersion } = ours ?? first;
  const merged: ManagedFields = {
    ...(apiVersion !== undefined && { apiVersion }),
    manager: fieldManager,
    operation: 'Apply',
    fieldsType: 'FieldsV1',
    fieldsV1,
  };
  return [merged, ...entries.filter((entry) => !isTheirs(entry) && !isOurs(entry))];
}

function isOneShot({ manager = '', subresource }: ManagedFields): boolean {
  return !subresource && oneShot.test(manager);
}

function union(left: Record<string, unknown>, right: Record<string, unknown>): Record<string, unknown> {
  const result = { ...left };
  for (const [key, value] of Object.entries(right)) {
    result[key] = union((result[key] ?? {}) as Record<string, unknown>, value as Record<string, unknown>);
  }
  return result;
}
