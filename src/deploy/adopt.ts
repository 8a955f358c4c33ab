import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import { isItem } from './hand-over.ts';
import { describe, fieldManager } from './identity.ts';
import { immutableError, isImmutable } from './immutable.ts';
import { canonical } from './intent.ts';
import { wroteCopy } from './ownership.ts';
import type { Run } from './run.ts';
import type { Task } from './apply.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Tools that a person runs: what they wrote once is ours from the adoption on. Controllers keep what they own. */
const oneShot = /^(kubectl.*|helm|before-first-apply|Terraform|pulumi.*|node-fetch|kubernetes-client)$/i;

/**
 * Makes us the owner of the fields that tools wrote, so that our apply can change and remove them. Without it both would
 * own them for ever. Gives the object as it is then, where that took a write.
 */
export async function migrateManagers(run: Run, { desired, live }: Task): Promise<KubernetesObject | undefined> {
  const { managedFields = [], resourceVersion } = (live && (await withManagers(run, live)))?.metadata ?? {};
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

/** To fields that nobody owned the server gives an owner with the first apply, whatever that says. */
async function withManagers(run: Run, live: KubernetesObject): Promise<KubernetesObject> {
  const { apiVersion, kind, metadata } = live;
  if (metadata.managedFields?.length) return live;
  const { name, namespace, uid, resourceVersion } = metadata;
  const nothing = { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } };
  return (await run.cluster.apply(nothing as KubernetesObject, { fieldManager })).object;
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

function isOneShot(entry: ManagedFields): boolean {
  const { manager = '', subresource } = entry;
  return !subresource && (oneShot.test(manager) || wroteCopy(entry));
}

/** Whether a manager loses its fields by an adoption. */
export function givesWay(live: KubernetesObject | undefined, manager = ''): boolean {
  const { managedFields = [] } = live?.metadata ?? {};
  return oneShot.test(manager) || managedFields.some((entry) => entry.manager === manager && wroteCopy(entry));
}

/**
 * What an adoption makes of an object, by dry run.
 *
 * @param after as the server would store it, were the fields of tools still theirs
 */
export async function withoutTools(
  run: Run,
  { desired, live }: Task,
  after: KubernetesObject,
): Promise<KubernetesObject> {
  const merge = (entries: readonly ManagedFields[]): Fields =>
    entries.reduce<Fields>((all, { fieldsV1 = {} }) => union(all, fieldsV1), {});
  const isTheirs = ({ manager, subresource }: ManagedFields): boolean => !subresource && givesWay(live, manager);
  const { managedFields: managers = [] } = after.metadata;
  const theirs = [...(live?.metadata.managedFields ?? []), ...managers].filter(isTheirs);
  const left = drop(after, merge(theirs), merge(managers.filter((entry) => !isTheirs(entry))));
  const body = mergePatch(plain(after), plain(left as KubernetesObject));
  if (!live || Object.keys(body).length === 0) return after;
  try {
    // What goes may have a default.
    const patch = mergePatch(plain(live), plain(left as KubernetesObject));
    return await run.cluster.patch(desired, { type: 'merge', body: patch }, { fieldManager, dryRun: true });
  } catch (error) {
    throw isImmutable(error) ? immutableError(desired, live, error) : error;
  }
}

/** The value without what one set of fields has and the other has not. */
function drop(value: unknown, gone: Fields, kept: Fields): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(kept).length === 0) return value;
  if (Array.isArray(value))
    return value.flatMap((item: Fields) => {
      const key = Object.keys(gone).find(
        (name) => name === `v:${JSON.stringify(item)}` || (name.startsWith('k:') && isItem(item, name)),
      );
      if (key === undefined) return [item];
      return kept[key] ? [drop(item, gone[key] as Fields, kept[key] as Fields)] : [];
    });
  const fields = Object.entries(value).flatMap(([name, child]) => {
    const [inner, others] = [gone[`f:${name}`], kept[`f:${name}`]];
    if (!inner) return [[name, child]];
    return others ? [[name, drop(child, inner as Fields, others as Fields)]] : [];
  });
  return Object.fromEntries(fields) as unknown;
}

/** What is asked of the server: without what it keeps for itself. */
function plain({ status: _status, metadata, ...rest }: KubernetesObject): Fields {
  const { labels, annotations, finalizers } = metadata;
  return { ...rest, metadata: { labels, annotations, finalizers } };
}

/** The JSON merge patch that makes one value of another. */
function mergePatch(before: Fields, after: Fields): Fields {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = names.flatMap((name) => {
    const [from, to] = [before[name], after[name]];
    if (canonical(from) === canonical(to)) return [];
    if (to === undefined) return [[name, null]];
    return [[name, isFields(from) && isFields(to) ? mergePatch(from, to) : to]];
  });
  return Object.fromEntries(changes) as Fields;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function union(left: Record<string, unknown>, right: Record<string, unknown>): Record<string, unknown> {
  const result = { ...left };
  for (const [key, value] of Object.entries(right)) {
    result[key] = union((result[key] ?? {}) as Record<string, unknown>, value as Record<string, unknown>);
  }
  return result;
}
