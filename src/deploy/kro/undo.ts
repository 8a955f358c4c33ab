import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { KubewrightError, throwProblems } from '../../errors.ts';
import { findOrphans, type Orphans } from '../decide.ts';
import { fieldManager, keyOf } from '../identity.ts';
import { canonical } from '../intent.ts';
import type { Extent } from '../inventory.ts';
import type { Journal } from '../journal.ts';
import type { DeployOptions } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { orphanAddress } from '../planning.ts';
import { fields } from '../readiness/verdict.ts';
import { removeInOrder } from '../remove.ts';
import { letGo, notRestored } from '../restoring.ts';
import { startRun, subject, type Run } from '../run.ts';
import { readSnapshot, type RecordedObject } from '../snapshot.ts';
import { existedIn, undone, undoFailed, whatToUndo, type Existed } from '../undo.ts';
import type { World } from '../world.ts';
import { makeDefinition, planDefinition, type PlannedDefinition } from './definition.ts';
import { definitionKind } from './installed.ts';
import { addressOfInstance, makeInstance, planInstance, readInstance } from './instance.ts';
import { finalExtent, makeAll, recordedObjects } from './make.ts';
import { keptKinds, obsoleteDefinitions, removeDefinitions, type Obsolete } from './obsolete.ts';
import { planWithKro, type PlannedWithKro } from './plan.ts';
import { byName, graphsOf, isDefinition, restoringWithKro, type Restored } from './restoring.ts';
import { readSecrets } from './secrets.ts';

/** What was there before a run, read before its first write. */
export interface RestorePointWithKro extends Existed {
  /** The last good revision; absent when there is none. */
  readonly revision?: number | undefined;
  /** What the deployment consisted of; empty when there was no instance. */
  readonly objects: readonly RecordedObject[];
  readonly restored: Restored;
}

/** @throws KubewrightError `DamagedRecord`, or what else is wrong with it, when what was there could not be restored */
export async function restorePointWithKro(run: Run, planned: PlannedWithKro): Promise<RestorePointWithKro> {
  const { world, definitions, instance } = planned;
  const { inventory } = world.stored.record ?? {};
  const snapshot = inventory ? (await readSnapshot(run, inventory)).objects : [];
  const planning = new Set(definitions.map(({ graph }) => graph.name));
  const names = snapshot
    .map(({ object }) => object)
    .filter(isDefinition)
    .map(({ metadata }) => metadata.name);
  const untouched = names.filter((name) => !planning.has(name));
  const reading = untouched.map((name) => run.cluster.get({ ...definitionKind, name }, { signal: run.signal }));
  const standing = [...definitions.map(({ live }) => live), ...(await Promise.all(reading))];
  const before = byName(standing.flatMap((live) => (live ? asAsked(live) : [])));
  const restored: Restored = {
    definitions: before,
    secrets: [],
    othersBefore: new Map(definitions.map(({ graph, others }) => [graph.name, others])),
  };
  const objects = withDefinitions(snapshot.length > 0 ? snapshot : unrecorded(instance.live), before);
  const back = { ...existedIn(world), revision: inventory?.revision, objects, restored };
  // What cannot be read as a definition is found before anything depends on it.
  if (objects.length > 0) restoring(run, back);
  else graphsOf([...before.values()]);
  return back;
}

/** An instance that no good revision tells of. */
function unrecorded(live: KubernetesObject | undefined): readonly RecordedObject[] {
  return live ? [{ path: '', label: `instance ${live.metadata.name}`, wave: 2, object: asAsked(live) }] : [];
}

/** Others may have changed a definition since the revision was deployed: it is theirs too, so it stays as it was found. */
function withDefinitions(
  objects: readonly RecordedObject[],
  before: ReadonlyMap<string, KubernetesObject>,
): readonly RecordedObject[] {
  if (objects.length === 0) return [];
  const known = objects.map((entry) =>
    isDefinition(entry.object) ? { ...entry, object: before.get(entry.object.metadata.name) ?? entry.object } : entry,
  );
  const names = new Set(known.filter(({ object }) => isDefinition(object)).map(({ object }) => object.metadata.name));
  const more = [...before].filter(([name]) => !names.has(name));
  return [...more.map(([name, object]) => ({ path: '', label: `definition ${name}`, wave: 0, object })), ...known];
}

/** An object as we asked for it, or whoever wrote it. */
function asAsked(live: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, spec } = live;
  const { name, namespace } = metadata;
  const own = fields(ownFields(live)?.['f:metadata']);
  const ours = (field: 'labels' | 'annotations'): Readonly<Record<string, string>> => {
    const fieldsOfIt = fields(own[`f:${field}`]);
    return Object.fromEntries(Object.entries(metadata[field] ?? {}).filter(([key]) => fieldsOfIt[`f:${key}`]));
  };
  const [labels, annotations] = [ours('labels'), ours('annotations')];
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec,
  };
}

/** A run that failed, and how to go on from there. */
export interface FailedWithKro {
  readonly run: Run;
  readonly planned: PlannedWithKro;
  readonly options: DeployOptions;
  readonly journal: Journal;
  readonly back: RestorePointWithKro;
}

/** What is there again after a run was undone. */
interface Outcome {
  readonly objects: readonly RecordedObject[];
  readonly extent: Extent;
  /** What stays as the failed run left it, and why. */
  readonly left: readonly string[];
}

/**
 * Restores what was there before a run that failed: instance, definitions and Secrets that it changed; then what it created is
 * deleted, and nothing else. Gives the error that says both.
 */
export async function undoWithKro(failure: Error, failed: FailedWithKro): Promise<KubewrightError> {
  const { run, options, journal, back } = failed;
  // The time of the run may be over; the lock may be lost still, and its cluster writes nothing then.
  const signal = AbortSignal.any([run.stopped, ...(options.signal ? [options.signal] : [])]);
  const again = startRun(run.graph, { ...options, cluster: run.cluster, signal, timeoutMs: run.timeoutMs });
  try {
    const { objects, extent, left } = await (back.objects.length > 0 ? restore : clear)(again, failed);
    await journal.undone(failure, { objects, extent, content: back.revision });
    return undone(run, failure, { revision: back.revision, written: again.written, left });
  } catch (error) {
    await journal.fail(failure);
    return undoFailed(run, failure, error as Error);
  }
}

function restoring(run: Run, { objects, revision, restored: { othersBefore } }: RestorePointWithKro): Run {
  return restoringWithKro(run, objects, { rollbackTo: revision ?? 0, othersBefore });
}

async function restore(run: Run, failed: FailedWithKro): Promise<Outcome> {
  const { planned: was, options, back } = failed;
  const target = restoring(run, back);
  await refuseMoved(target, was.definitions);
  await restoreInstance(target, options);
  const planned = await planWithKro(target, options);
  throwProblems(subject(run), planned.plan.problems as never);
  const settled = await makeAll(target, planned, options);
  const orphans = await removeSecrets(target, planned.world, failed);
  const removed = await removeCreated(target, was);
  const restored = { ...planned, orphans };
  return {
    objects: recordedObjects(restored, settled),
    extent: finalExtent(target, restored, removed),
    left: leftOf(was, { removed, lines: notRestored(planned.plan.changes, orphans) }),
  };
}

/** New definition with old values: that is how it was on the way, and a definition is restored for values that fit it. */
async function restoreInstance(target: Run, { take }: DeployOptions): Promise<void> {
  const planned = await planInstance(target, { take } as DeployOptions, { newDefinition: true, recorded: true });
  if (planned.problems.length > 0 || !planned.live) return;
  try {
    await makeInstance(target, planned, { again: false, take });
  } catch (error) {
    if (!isApiError(error, 'Invalid')) throw error;
  }
}

/** There was no instance: everything that the run made goes, and what it changed of definitions is restored. */
async function clear(run: Run, failed: FailedWithKro): Promise<Outcome> {
  const { planned: was, options, back } = failed;
  const target = { ...run, rollbackTo: 0, restored: back.restored };
  await refuseMoved(target, was.definitions);
  const instance = await readInstance(run);
  if (instance) await removeInOrder(run, [{ object: instance, address: addressOfInstance(run), wave: 0 }]);
  const changed = new Set(changedOnes(was.definitions).map(({ graph }) => graph.name));
  const graphs = graphsOf([...back.restored.definitions.values()]);
  for (const graph of graphs.filter(({ name }) => changed.has(name))) {
    const planned = await planDefinition(target, graph, options);
    throwProblems(subject(run), planned.problems as never);
    await makeDefinition(target, planned, options);
  }
  const world = await readSecrets(target, { secrets: [], objects: [], problems: [] });
  const orphans = await removeSecrets(target, world, failed);
  const removed = await removeCreated(target, was);
  return {
    objects: [],
    extent: finalExtent(target, { ...was, world, orphans }, removed),
    left: leftOf(was, { removed, lines: notRestored([], orphans) }),
  };
}

/** What the failed run calls its Secrets they are called here. */
async function removeSecrets(run: Run, world: World, { planned, back }: FailedWithKro): Promise<Orphans> {
  const orphans = whatToUndo(findOrphans(run, world, true), back);
  const labels = new Map(planned.world.desired.map(({ key, label }) => [key, label]));
  const removals = orphans.deletable.map((object) => {
    const address = orphanAddress(world, object);
    return { object, address: { ...address, label: labels.get(keyOf(address)) ?? address.label }, wave: 0 };
  });
  await removeInOrder(run, removals);
  for (const object of orphans.released) await letGo(run, object);
  return orphans;
}

async function removeCreated(run: Run, { definitions }: PlannedWithKro): Promise<Obsolete> {
  const created = definitions.filter(({ change }) => change.action === 'create').map(({ graph }) => graph.name);
  const found = await obsoleteDefinitions(run, created);
  const removed = await removeDefinitions(run, found);
  return { removals: removed.removals, kept: [...found.kept, ...removed.kept] };
}

function changedOnes(definitions: readonly PlannedDefinition[]): readonly PlannedDefinition[] {
  return definitions.filter(({ live, change }) => live && change.action !== 'unchanged');
}

/** A definition is shared: what another deployment wrote in the meantime is not ours to undo. */
async function refuseMoved(run: Run, definitions: readonly PlannedDefinition[]): Promise<void> {
  for (const { graph, object, live } of changedOnes(definitions)) {
    const now = await run.cluster.get({ ...definitionKind, name: graph.name }, { signal: run.signal });
    if (!now || canonical(now['spec']) === canonical(live?.['spec'])) continue;
    const { object: asWritten } = await run.cluster.apply(object, { fieldManager, dryRun: true, force: true });
    if (canonical(now['spec']) === canonical(asWritten['spec'])) continue;
    throw new KubewrightError({
      code: 'NotOurs',
      resource: `definition ${graph.name}`,
      message: `somebody else changed ResourceGraphDefinition ${graph.name} in the meantime, so it is not restored`,
      hint: 'Look at who deploys it too, and deploy again.',
    });
  }
}

/** What is not as it was. */
function leftOf(
  { plan: { changes } }: PlannedWithKro,
  { removed, lines }: { readonly removed: Obsolete; readonly lines: readonly string[] },
): readonly string[] {
  const taken = changes
    .filter(({ action, kind }) => action === 'adopt' && kind !== 'Secret')
    .map(({ label }) => `${label}: it was taken over, and that stays so`);
  return [...taken, ...removed.kept, ...keptKinds(removed), ...lines];
}
