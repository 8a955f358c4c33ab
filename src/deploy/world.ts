import { isApiError } from '../cluster/api-error.ts';
import type { KubewrightError } from '../errors.ts';
import type { KubernetesObject, ListQuery, ObjectReference } from '../cluster/cluster.ts';
import type { ExternalRead, LabelSelector, Resolution } from '../resolve/resolution.ts';
import { isOurs } from './decide.ts';
import { toDesired, type Desired, type Wishes } from './desired.ts';
import { keys, keyOf, refOf } from './identity.ts';
import { Live } from './live.ts';
import { parseKind, type StoredRecord } from './record.ts';
import { kindOf, type Run } from './run.ts';
import { ServedKinds } from './served.ts';
import { byKey, readSnapshot, type RecordedObject } from './snapshot.ts';

/** Everything that was read about a deployment, and what its graph means for it. */
export interface World {
  readonly live: Live;
  /** Objects that have the address of one of ours and are not part of this deployment. */
  readonly foreign: Map<string, KubernetesObject>;
  readonly stored: StoredRecord;
  readonly wishes: Wishes;
  readonly namespace: KubernetesObject | undefined;
  /** Lists that were read. */
  readonly listed: Set<string>;
  /** Objects, by key and hash, of which a dry run said that applying them changes nothing. */
  readonly confirmed: Set<string>;
  /** Addresses that were looked for without our label. */
  readonly sought: Set<string>;
  /** Lists that the server refused: what is there is not known. */
  readonly denied: Error[];
  /** Kinds of the record that cannot be looked for although there may be objects of them, and why. */
  readonly unlisted: Map<string, string>;
  /** What the record knows of single objects, by key; read when there are objects that nobody wants any more. */
  inventory?: ReadonlyMap<string, RecordedObject>;
  /** Why it cannot be read. */
  damage?: Error;
  resolution: Resolution;
  /** Version of `live` that the resolution was made from. */
  resolvedAt?: number;
  desired: readonly Desired[];
}

/** Above this many namespaces of a kind, one list or watch of the whole cluster costs less. */
export const manyNamespaces = 8;
/** Up to this many objects are read one by one; above it, by a list of everything that is there. */
const fewObjects = 16;

/** Reads what resolving needs until nothing more comes into sight. */
export async function survey(world: World, run: Run): Promise<void> {
  for (;;) {
    resolveAgain(world, run);
    world.desired = await toDesired(run, world.resolution.objects, { ...world.wishes, before: world.desired });
    const found = world.live.place(world.desired);
    if (!(await look(run, world)) && !found) return;
  }
}

/** What the graph means for what is known by now. */
export function resolveAgain(world: World, run: Run): Resolution {
  const { version } = world.live;
  if (world.resolvedAt !== version) {
    // Who only reads wants to know how it is, whether it may become so or not.
    world.resolution = run.resolve(world.live, run.readOnly ? undefined : world.stored.record?.values);
    world.resolvedAt = version;
  }
  return world.resolution;
}

/** Reads lists and externals that are not known yet; says whether there were any. */
export async function look(run: Run, world: World): Promise<boolean> {
  const scopes = scopesOf(world.desired.filter(({ served, check }) => served && !check)).filter(
    (scope) => !isListed(world, scope),
  );
  const externals = world.resolution.externals.filter(({ path }) => !world.listed.has(`external ${path}`));
  const checked = world.desired.filter(({ check, key }) => check && !world.sought.has(key));
  await Promise.all([
    ...scopes.map((scope) => listScope(run, world, scope)),
    ...externals.map((external) => readExternal(run, world, external)),
    ...checked.map((desired) => readChecked(run, world, desired)),
  ]);
  return scopes.length + externals.length + checked.length > 0;
}

/** Lists what the record knows of and the graph does not name any more. */
export async function lookForOrphans(run: Run, world: World): Promise<void> {
  const { record } = world.stored;
  if (!record) return;
  const kinds = new ServedKinds(run);
  const unserved = await listKinds(run, world, { kinds, entries: record.kinds });
  // What was served when somebody asked last may not be any more.
  for (const entry of unserved) run.kinds.delete(entry);
  const left = unserved.length > 0 ? await listKinds(run, world, { kinds, entries: unserved }) : [];
  await Promise.all(
    left.map(async (entry) => {
      const reason = await kinds.mayExist(parseKind(entry));
      if (reason !== undefined) world.unlisted.set(entry, reason);
    }),
  );
}

/** Gives the kinds that no server serves. */
async function listKinds(
  run: Run,
  world: World,
  { kinds, entries }: { readonly kinds: ServedKinds; readonly entries: readonly string[] },
): Promise<readonly string[]> {
  const { namespaces: known = [] } = world.stored.record ?? {};
  const found = await Promise.all(
    entries.map(async (entry) => ({ entry, served: await kinds.find(parseKind(entry)) })),
  );
  const unserved = found.filter(({ served }) => !served).map(({ entry }) => entry);
  const scopes = new Map<string, { readonly entry: string; readonly query: ListQuery }>();
  for (const { entry, served } of found) {
    if (!served) continue;
    const { apiVersion, kind } = served;
    const namespaces = served.namespaced ? known : [undefined];
    for (const namespace of namespaces.length > manyNamespaces ? [undefined] : namespaces) {
      const query = { apiVersion, kind, namespace };
      if (!isListed(world, query)) scopes.set(scopeKey(query), { entry, query });
    }
  }
  await Promise.all(
    [...scopes.values()].map(async ({ entry, query }) => {
      if (!(await listScope(run, world, query))) unserved.push(entry);
    }),
  );
  return [...new Set(unserved)];
}

/** Reads what the record knows of single objects, once. */
export async function readInventory(run: Run, world: World): Promise<void> {
  const { record } = world.stored;
  if (world.inventory || world.damage) return;
  try {
    world.inventory = byKey(record?.inventory ? (await readSnapshot(run, record.inventory)).objects : []);
  } catch (error) {
    if ((error as KubewrightError).code !== 'DamagedRecord') throw error;
    world.damage = error as KubewrightError;
  }
}

/** Looks for objects that have our addresses without our label, so that nothing is taken over silently. */
export async function lookForForeign(run: Run, world: World): Promise<void> {
  const missing = world.desired.filter(
    ({ served, check, key, namespace }) =>
      served &&
      !check &&
      world.denied.length === 0 &&
      !world.live.object(key) &&
      !world.sought.has(key) &&
      !(namespace === run.identity.namespace && !world.namespace),
  );
  const byScope = Map.groupBy(missing, ({ apiVersion, kind, namespace }) => scopeKey({ apiVersion, kind, namespace }));
  const late = await Promise.all([...byScope.values()].map((group) => seek(run, world, group)));
  if (!late.includes(true)) return;
  await survey(world, run);
  await lookForForeign(run, world);
}

/** What is in the namespace of the instance while that goes away is as good as gone: it has to be made again. */
export async function leaveOutGoing(run: Run, world: World): Promise<void> {
  const { name, deletionTimestamp } = world.namespace?.metadata ?? {};
  if (!deletionTimestamp) return;
  const goes = (object: KubernetesObject): boolean => object.metadata.namespace === name;
  for (const [key, object] of world.live.all()) if (goes(object)) world.live.delete(key);
  for (const [key, object] of world.foreign) if (goes(object)) world.foreign.delete(key);
  await survey(world, run);
}

/** Looks for what the record knows and nobody wants any more, where it does not carry our label. Call after `readInventory`. */
export async function lookForReleased(run: Run, world: World): Promise<void> {
  const missing = [...(world.inventory ?? [])]
    .filter(([key]) => !world.live.object(key) && !world.sought.has(key))
    .map(([key, { object }]): Address => ({ ...refOf(object), key }));
  const served = await Promise.all(missing.map((each) => kindOf(run, each)));
  const reachable = missing.filter((_, index) => served[index]);
  const byScope = Map.groupBy(reachable, scopeKey);
  await Promise.all([...byScope.values()].map((group) => seek(run, world, group)));
}

type Address = ObjectReference & Pick<Desired, 'key'>;

/** Says whether one was ours after all: a request of a run that was killed arrived after our list. */
async function seek(run: Run, world: World, group: readonly Address[]): Promise<boolean> {
  const [first] = group as [Address];
  const wanted = new Set(group.map(({ key }) => key));
  for (const key of wanted) world.sought.add(key);
  let late = false;
  const note = (found: KubernetesObject | undefined): void => {
    if (!found) return;
    if (isOurs(run, found)) late = world.live.set(found) || late;
    else if (wanted.has(keyOf(refOf(found)))) {
      run.secretValues.learn(found);
      world.foreign.set(keyOf(refOf(found)), found);
    }
  };
  if (group.length <= fewObjects) {
    await Promise.all(
      group.map(async (desired) => note(await run.pool.run(() => run.cluster.get(desired, { signal: run.signal })))),
    );
    return late;
  }
  const { apiVersion, kind, namespace } = first;
  const { items } = await run.cluster.list({ apiVersion, kind, namespace }, { signal: run.signal });
  for (const item of items) note(item);
  return late;
}

/** `false` when the kind is not served. */
async function listScope(run: Run, world: World, scope: ListQuery): Promise<boolean> {
  world.listed.add(scopeKey(scope));
  try {
    const unknown = neverSeen(world, scope);
    if (unknown.length > fewObjects) {
      await seek(run, world, unknown);
      return true;
    }
    const { items } = await run.cluster.list(
      { ...scope, labelSelector: `${keys.partOf}=${run.identity.id}` },
      { signal: run.signal },
    );
    for (const item of items) world.live.set(item);
  } catch (error) {
    if (isApiError(error, 'KindNotServed')) return false;
    if (!isApiError(error, 'Forbidden')) throw error;
    world.denied.push(error);
  }
  return true;
}

/** What is wanted in one namespace without a record: all of it would be looked for without our label too. */
function neverSeen({ stored, desired }: World, { apiVersion, kind, namespace }: ListQuery): readonly Desired[] {
  if (stored.record) return [];
  return desired.filter(
    (each) => each.apiVersion === apiVersion && each.kind === kind && each.namespace === namespace && !each.check,
  );
}

async function readChecked(run: Run, world: World, desired: Desired): Promise<void> {
  world.sought.add(desired.key);
  const found = await run.cluster.get(desired, { signal: run.signal });
  if (found) world.live.set(found);
}

async function readExternal(run: Run, world: World, external: ExternalRead): Promise<void> {
  world.listed.add(`external ${external.path}`);
  const query = externalQuery(external);
  try {
    const { items } = await run.cluster.list(query, { signal: run.signal });
    world.live.setExternal(external.path, 'name' in external.by ? items[0] : items);
  } catch (error) {
    if (!isApiError(error, 'KindNotServed')) throw error;
    world.live.setExternal(external.path, undefined);
  }
}

/** What to list, and to watch, for an object or objects that are not ours. */
export function externalQuery({ apiVersion, kind, namespace, by }: ExternalRead): ListQuery {
  const filter =
    'name' in by ? { fieldSelector: `metadata.name=${by.name}` } : { labelSelector: selectorText(by.selector) };
  return { apiVersion, kind, namespace, ...filter };
}

function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equals = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...equals, ...others].join(',');
}

/** One list per kind and namespace, or one per kind where there are many namespaces. */
export function scopesOf(
  objects: readonly { readonly apiVersion: string; readonly kind: string; readonly namespace?: string | undefined }[],
): readonly ListQuery[] {
  const byKind = Map.groupBy(objects, ({ apiVersion, kind }) => `${apiVersion}/${kind}`);
  return [...byKind.values()].flatMap((group) => {
    const [{ apiVersion, kind }] = group as [Desired];
    const namespaces = [...new Set(group.map(({ namespace }) => namespace))];
    return (namespaces.length > manyNamespaces ? [undefined] : namespaces).map((namespace) => ({
      apiVersion,
      kind,
      namespace,
    }));
  });
}

export function scopeKey({ apiVersion, kind, namespace }: ListQuery): string {
  return `${apiVersion}/${kind} ${namespace ?? '*'}`;
}

function isListed({ listed }: World, scope: ListQuery): boolean {
  return listed.has(scopeKey(scope)) || listed.has(scopeKey({ ...scope, namespace: undefined }));
}

/** Before the graph was looked at. */
const unresolved: Resolution = {
  values: {},
  objects: [],
  externals: [],
  skipped: [],
  pending: [],
  waiting: [],
  ready: new Set(),
  status: {},
  statusPending: [],
};

/** A world of which nothing was read but the record and the namespace. */
export function newWorld(
  { secretValues }: Run,
  read: {
    readonly stored: StoredRecord;
    readonly namespace: KubernetesObject | undefined;
    readonly existing: ReadonlySet<string>;
  },
): World {
  const { stored, namespace, existing } = read;
  return {
    live: new Live((object) => secretValues.learn(object)),
    stored,
    namespace,
    foreign: new Map(),
    listed: new Set(),
    denied: [],
    unlisted: new Map(),
    sought: new Set(),
    confirmed: new Set(),
    wishes: { salt: stored.salt, existing },
    resolution: unresolved,
    desired: [],
  };
}
