import { isApiError } from '../../cluster/api-error.ts';
import type {
  KindReference,
  KubernetesObject,
  ListQuery,
  ManagedFields,
  ObjectReference,
} from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import { migrate } from '../adopt.ts';
import { describe, groupKind, keys, keyOf, refOf } from '../identity.ts';
import type { PlannedChange } from '../options.ts';
import { condition, subjectOf } from '../readiness/verdict.ts';
import { removeInOrder } from '../remove.ts';
import { retrying } from '../retry.ts';
import type { Run } from '../run.ts';
import type { RecordedObject } from '../snapshot.ts';
import { watchOne } from '../watch-one.ts';

/** The field manager with which kro writes what it makes. */
const kroManager = 'kro.run/applyset';
const suspend = { annotation: 'kro.run/reconcile', value: 'suspended', reason: 'ReconciliationSuspended' } as const;

/** The instance that kro works on, and everything that it made. */
export interface Held {
  readonly instance: KubernetesObject | undefined;
  readonly members: readonly KubernetesObject[];
  /** Where they were looked for. */
  readonly scopes: readonly ListQuery[];
}

function instanceOfKind(run: Run, { apiVersion, kind }: KindReference): ObjectReference {
  const { name, namespace } = run.instance;
  return { apiVersion, kind, name, namespace };
}

/** What kro holds for an instance, the objects of instances in it included. */
export async function heldByKro(run: Run, kind: KindReference): Promise<Held> {
  const instance = await run.cluster.get(instanceOfKind(run, kind), { signal: run.signal });
  return { instance, ...(instance ? await membersOf(run, instance) : { members: [], scopes: [] }) };
}

/** What becomes of what kro holds when it lets go. */
export interface Claim {
  /** They change hands. */
  readonly objects: readonly KubernetesObject[];
  /** The instance, which is deleted. */
  readonly instance: readonly PlannedChange[];
  /** The instances inside of it, which kro deletes with it. */
  readonly inner: readonly PlannedChange[];
}

export const nothingClaimed: Claim = { objects: [], instance: [], inner: [] };

export async function planClaim(run: Run, kind: KindReference): Promise<Claim> {
  const { instance, members } = await heldByKro(run, kind);
  const deletion = (label: string, object: KubernetesObject): PlannedChange => ({
    label,
    ...refOf(object),
    action: 'delete',
    fields: [],
  });
  return {
    objects: members.filter((each) => !isInstance(each)),
    instance: instance ? [deletion(`instance ${run.instance.name}`, instance)] : [],
    inner: members.filter(isInstance).map((each) => deletion(nodeIdOf(each) ?? each.metadata.name, each)),
  };
}

/** The id of the resource that kro made an object for. */
export function nodeIdOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.labels?.['kro.run/node-id'];
}

/** By kro's own inventory: the kinds and namespaces that it says, and its label. */
async function membersOf(run: Run, instance: KubernetesObject): Promise<Pick<Held, 'members' | 'scopes'>> {
  const { labels = {}, annotations = {}, namespace } = instance.metadata;
  const id = labels[keys.id];
  if (id === undefined) return { members: [], scopes: [] };
  const wanted = new Set(entries(annotations[keys.groupKinds]));
  const namespaces = [...new Set([namespace, ...entries(annotations[keys.namespaces])])];
  const kinds = (await run.cluster.resources({ signal: run.signal })).filter((each) => wanted.has(groupKind(each)));
  const scopes = kinds.flatMap(({ apiVersion, kind, namespaced }) =>
    (namespaced ? namespaces : [undefined]).map((place) => ({ apiVersion, kind, namespace: place })),
  );
  const lists = await Promise.all(
    scopes.map((scope) =>
      run.cluster.list({ ...scope, labelSelector: `${keys.partOf}=${id}` }, { signal: run.signal }),
    ),
  );
  const found = lists.flatMap(({ items }) => items);
  const inner = await Promise.all(found.filter(isInstance).map((each) => membersOf(run, each)));
  return {
    members: [...found, ...inner.flatMap(({ members }) => members)],
    scopes: [...scopes, ...inner.flatMap((each) => each.scopes)],
  };
}

function entries(annotation = ''): readonly string[] {
  return annotation.split(',').filter(Boolean);
}

/** An instance has an inventory of its own. */
export function isInstance({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[keys.tooling]?.startsWith('kro/') === true && metadata.labels?.[keys.id] !== undefined;
}

/**
 * Takes everything that kro made out of its hands, and deletes the instance: kro is suspended first, then finds nothing left
 * that it could delete. The objects stay as they are. Killed at any moment, the next call continues.
 */
export async function claimFromKro(run: Run, kind: KindReference): Promise<number> {
  const { instance, members } = await heldByKro(run, kind);
  if (!instance) return 0;
  const instances = [instance, ...members.filter(isInstance)];
  for (const each of instances) await suspendInstance(run, each);
  // Nothing new comes now, and what came in the meantime is seen.
  const { members: all } = await heldByKro(run, kind);
  const objects = all.filter((each) => !isInstance(each));
  await Promise.all(objects.map((object) => run.pool.run(() => claim(run, object))));
  const { members: left } = await heldByKro(run, kind);
  const [stuck] = left.filter((each) => !isInstance(each));
  if (stuck) throw stillHeld(stuck);
  await removeInOrder(run, [
    { object: instance, address: { label: `instance ${run.instance.name}`, ...refOf(instance) }, wave: 0 },
  ]);
  return objects.length;
}

async function suspendInstance(run: Run, instance: KubernetesObject): Promise<void> {
  if (instance.metadata.deletionTimestamp) return;
  const ref = refOf(instance);
  await retrying(
    () =>
      run.cluster.patch(ref, {
        type: 'merge',
        body: { metadata: { annotations: { [suspend.annotation]: suspend.value } } },
      }),
    { signal: run.signal },
  );
  run.emit({ type: 'waiting', object: { label: `instance ${ref.name}`, ...ref }, reason: 'kro lets go of it' });
  await watchOne(run, ref, (live) => {
    if (!live) return true;
    return condition(subjectOf(live), 'ResourcesReady')?.reason === suspend.reason ? true : undefined;
  });
}

/** Our label in the place of kro's, and our name on the fields that kro wrote: the next apply removes what is not ours. */
async function claim(run: Run, object: KubernetesObject): Promise<void> {
  const ref = refOf(object);
  const theirs = object.metadata.labels?.[keys.partOf];
  await retrying(
    async () => {
      const live = await run.cluster.get(ref, { signal: run.signal });
      if (!live || live.metadata.labels?.[keys.partOf] !== theirs) return;
      await moveObject(run, live, {
        label: run.identity.id,
        fields: migrate(live.metadata.managedFields ?? [], isKro),
      });
    },
    {
      signal: run.signal,
      heals: (error) => isApiError(error, 'Conflict', 'TooManyRequests', 'ServerError', 'Unreachable'),
    },
  );
}

/** An object of kro's as it is when kro has let go of it. */
export function asClaimed({ identity }: Run, object: KubernetesObject): KubernetesObject {
  const { labels, managedFields = [], ...metadata } = object.metadata;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...labels, [keys.partOf]: identity.id },
      managedFields: [...(migrate(managedFields, isKro) ?? managedFields)],
    },
  };
}

/** What is written down of it then; as kro asked for it, and not we, no rollback makes it again. */
export function claimedEntry(object: KubernetesObject): RecordedObject {
  const { apiVersion, kind, ...metadata } = refOf(object);
  const { annotations, uid } = object.metadata;
  const path = nodeIdOf(object) ?? metadata.name;
  const wave = Number(annotations?.['internal.kro.run/apply-order'] ?? 0);
  const bare = { apiVersion, kind, metadata } as KubernetesObject;
  return { path, label: path, wave, left: true, ...(uid !== undefined && { uid }), object: bare };
}

function isKro({ manager, subresource }: ManagedFields): boolean {
  return manager === kroManager && !subresource;
}

/** Where an object belongs from now on, and who owns its fields. */
interface Move {
  /** `undefined` takes the label away. */
  readonly label: string | undefined;
  readonly fields: readonly ManagedFields[] | undefined;
}

/** Changes whose an object is, in one request, if it is still the version that was read. */
export async function moveObject(run: Run, live: KubernetesObject, { label, fields }: Move): Promise<void> {
  const path = `/metadata/labels/${keys.partOf.replaceAll('/', '~1')}`;
  await run.cluster.patch(refOf(live), {
    type: 'json',
    body: [
      { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
      label === undefined ? { op: 'remove', path } : { op: 'replace', path, value: label },
      ...(fields ? ([{ op: 'replace', path: '/metadata/managedFields', value: fields }] as const) : []),
    ],
  });
}

/** The entry with which we own fields, as kro's: the next apply of kro removes what is not in its template. */
export function asKros(
  managedFields: readonly ManagedFields[] = [],
  isOurs: (entry: ManagedFields) => boolean,
): readonly ManagedFields[] {
  return managedFields.map((entry) => (isOurs(entry) ? { ...entry, manager: kroManager } : entry));
}

function stillHeld(object: KubernetesObject): KubewrightError {
  return new KubewrightError({
    code: 'StillHeld',
    resource: describe({ kind: object.kind, ...object.metadata }),
    message: 'kro still counts it among its objects, and would delete it with the instance',
    hint: `Nothing was deleted. Run it again; if it stays so, look at its label ${keys.partOf} (${keyOf(refOf(object))}).`,
  });
}
