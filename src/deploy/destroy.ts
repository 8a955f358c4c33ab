import type { KubernetesObject } from '../cluster/cluster.ts';
import { throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { declined } from './declined.ts';
import { copiedWarnings, goesWithAll, isMade, isOurs } from './decide.ts';
import { endingWarnings } from './ending-namespace.ts';
import { removeCarefully } from './holders.ts';
import { groupOf, keys } from './identity.ts';
import { removeRecord } from './journal.ts';
import { destroyWithKro } from './kro/destroy.ts';
import { isLocked } from './lock.ts';
import { deletedWith, readNamespace, removeNamespace, removing } from './namespace.ts';
import { unfinishedMove } from './migrate.ts';
import { modeProblems } from './mode.ts';
import type { DeployedObject, DestroyOptions, Plan } from './options.ts';
import { refuseWithoutPermissions } from './permissions.ts';
import { readSoundRecord, writeRecord, type StoredRecord } from './record.ts';
import type { Removal, RemoveOptions } from './remove.ts';
import { startRun, subject, whileRunning, type Run } from './run.ts';
import { unlistedProblems } from './served.ts';
import { lookForOrphans, newWorld, readInventory, survey, type World } from './world.ts';

/** The end of a destruction. */
export interface DestroyResult {
  readonly objects: readonly DeployedObject[];
  /** Set when the namespace of the instance was deleted too. */
  readonly deletedNamespace?: string;
  /** Objects that stay, and why. */
  readonly kept: readonly string[];
  readonly writes: number;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Deletes everything that a deployment made, in reverse order, and waits until it is gone; then its record and, when the
 * deployment made it and nothing else is in it, its namespace. Objects marked `keep` stay, and so does what holds objects of
 * others. Where the namespace is gone with the record, what the graph names elsewhere is deleted.
 *
 * @throws KubewrightError: `NotOurs` (kro mode: somebody else made the instance), `KindNotServed` (objects may be there that
 *   cannot be looked for)
 */
export async function destroy(graph: Graph, options: DestroyOptions): Promise<DestroyResult> {
  const run = startRun(graph, options);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    return run.mode === 'kro' ? destroyWithKro(run, options) : destroyDirectly(run, options);
  });
}

async function destroyDirectly(run: Run, options: DestroyOptions): Promise<DestroyResult> {
  const [stored, namespace] = await Promise.all([readSoundRecord(run), readNamespace(run)]);
  throwProblems(subject(run), [...modeProblems(run, stored, {}), ...unfinishedMove(run, stored)]);
  const found = await findRemovals(run, stored);
  const known = stored.resourceVersion !== undefined || found.removals.length > 0 || (await isLocked(run));
  if (!known && !(namespace && isOurs(run, namespace))) return finish(run, nothing);
  const planned = planOf(found);
  const warnings = [...endingWarnings(namespace, 'destroy'), ...planned.warnings];
  const plan = { ...planned, warnings, ...deletedWith(run, namespace) };
  run.emit({ type: 'plan', plan });
  await refuseWithoutPermissions(run, plan);
  if (options.confirm && !(await options.confirm(plan))) throw declined(run);
  const { removed, lockOnly } = await removing(run, namespace, async (hasRecord) =>
    removeAll(run, await findAgainIfMoved(run, found), { ...options, hasRecord }),
  );
  const end = await removeNamespace(run, goesWithAll(run, removed.inventory), { lockOnly });
  const objects = removed.removals.map(
    ({ address }): DeployedObject => ({ ...address, action: 'deleted', ready: true }),
  );
  return finish(run, {
    ...nothing,
    ...end,
    objects,
    kept: [...removed.kept, ...end.kept],
  });
}

/** What is to go, and the record that it was found by. */
interface Found {
  readonly stored: StoredRecord;
  readonly removals: readonly Removal[];
  readonly kept: readonly string[];
  /** What has our label from somebody else. */
  readonly copied: readonly KubernetesObject[];
  readonly inventory: World['inventory'];
}

/** Another run may have worked between our look and our lock: what it made has to go too. */
async function findAgainIfMoved(run: Run, found: Found): Promise<Found> {
  const stored = await readSoundRecord(run);
  // Gone with its namespace, or with all that another run destroyed: nothing else can be left than what was found by it.
  if (stored.resourceVersion === undefined) return { ...found, stored };
  return stored.resourceVersion === found.stored.resourceVersion ? found : findRemovals(run, stored);
}

async function removeAll(
  run: Run,
  found: Found,
  { hasRecord, ...options }: RemoveOptions & { readonly hasRecord: boolean },
): Promise<Found> {
  const { stored } = found;
  const { record } = stored;
  const written = record && hasRecord ? await writeRecord(run, stored, { ...record, phase: 'destroying' }) : stored;
  const all = [await removeFound(run, found, options)];
  // Requests of a run that was killed may have arrived while we deleted.
  if (record?.phase !== 'deployed') all.push(await removeFound(run, await findRemovals(run, stored), options));
  if (hasRecord) await removeRecord(run, stored, written);
  const kept = new Set(all.flatMap((each) => each.kept));
  return { ...found, removals: all.flatMap(({ removals }) => removals), kept: [...kept] };
}

async function removeFound(run: Run, found: Found, options: RemoveOptions): Promise<Found> {
  const end = await removeCarefully(run, found.removals, { ...options, goes: goesWithAll(run, found.inventory) });
  const reasons = end.kept.map(({ object: { kind, metadata }, reason }) => `${kind} ${metadata.name}: ${reason}`);
  return { ...found, removals: end.removed, kept: [...found.kept, ...reasons] };
}

const nothing: DestroyResult = { objects: [], kept: [], writes: 0, duration: 0 };

function finish(run: Run, result: DestroyResult): DestroyResult {
  return { ...result, writes: run.cluster.writes, duration: performance.now() - run.startedAt };
}

/** Everything with our label, wherever the record or the graph says that it may be. */
async function findRemovals(run: Run, stored: StoredRecord): Promise<Found> {
  const world = newWorld(run, { stored, namespace: undefined, existing: new Set() });
  await lookForOrphans(run, world);
  // The record of a deployment that is complete names everything; of others the graph may know more.
  if (stored.record?.phase !== 'deployed') await surveyIfPossible(run, world);
  throwProblems(subject(run), [...(world.denied as never[]), ...unlistedProblems(run, world)]);
  await readInventory(run, world);
  // Which objects are ours their labels say; in which order they may go, only the record.
  if (world.damage) throw world.damage;
  const removals: Removal[] = [];
  const kept: string[] = [];
  const copied: KubernetesObject[] = [];
  for (const [key, object] of world.live.all()) {
    const {
      apiVersion,
      kind,
      metadata: { name, namespace, annotations },
    } = object;
    if (!isOurs(run, object) || (kind === 'Namespace' && name === run.identity.namespace)) continue;
    if (!isMade(run, object, world.inventory)) {
      copied.push(object);
      continue;
    }
    if (annotations?.[keys.keep] === 'true') {
      kept.push(`${kind} ${name}`);
      continue;
    }
    const entry = world.inventory?.get(key);
    const label = entry?.label ?? world.desired.find((desired) => desired.key === key)?.label ?? `${kind} ${name}`;
    removals.push({
      object,
      address: { label, apiVersion, kind, ...(namespace !== undefined && { namespace }), name },
      wave: entry?.wave ?? fallbackWave(object),
    });
  }
  return { stored, removals, kept, copied, inventory: world.inventory };
}

/** Values may not be readable any more (a Secret's environment variable); what the record knows is deleted all the same. */
async function surveyIfPossible(run: Run, world: World): Promise<void> {
  try {
    await survey(world, run);
  } catch (error) {
    if (run.signal.aborted) throw error;
    run.emit({
      type: 'warning',
      message: `the graph cannot be resolved, so only what the record names is deleted: ${(error as Error).message}`,
    });
  }
}

const lateKinds = new Set(['ConfigMap', 'Secret', 'ServiceAccount', 'PersistentVolumeClaim']);

/** Of a run that was killed, the order is not known: what others need goes last, and before its controllers what they made. */
function fallbackWave({ apiVersion, kind }: KubernetesObject): number {
  const group = groupOf(apiVersion);
  if (lateKinds.has(kind) || group === 'rbac.authorization.k8s.io') return -1;
  const isCustom = group.includes('.') && !group.endsWith('.k8s.io');
  return isCustom ? Number.MAX_SAFE_INTEGER : Number.MAX_SAFE_INTEGER - 1;
}

function planOf({ removals, kept, copied }: Found): Plan {
  return {
    changes: removals.map(({ address }) => ({ ...address, action: 'delete', fields: [] })),
    pending: [],
    changed: true,
    warnings: [...kept.map((name) => `${name} is marked \`keep\` and stays`), ...copiedWarnings(copied)],
    problems: [],
  };
}
