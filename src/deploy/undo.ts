import type { KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { applyTask } from './apply.ts';
import { decide, findOrphans, type Orphans } from './decide.ts';
import type { Convergence } from './converge.ts';
import type { Desired } from './desired.ts';
import { valueAt } from './field-path.ts';
import { Gates } from './gates.ts';
import { grownVolumes } from './grown.ts';
import { autoscaled } from './hand-over.ts';
import { isAmong, keptText, removeCarefully } from './holders.ts';
import { describe, groupKind, keyOf, keys, refOf } from './identity.ts';
import { extentOf, recordedObjects } from './inventory.ts';
import { addressOf, newItem, outcomeOf } from './item.ts';
import type { Journal } from './journal.ts';
import type { DeployOptions } from './options.ts';
import { readWorld, type Planned } from './planning.ts';
import type { Removal } from './remove.ts';
import { letGo, restoringRun } from './restoring.ts';
import { startRun, subject, type Run, type WrittenObject } from './run.ts';
import { readSnapshot, type RecordedObject, type Snapshot } from './snapshot.ts';
import type { World } from './world.ts';

/** UIDs of what existed before a run, and of that what was not ours. */
export interface Existed {
  readonly existed: ReadonlySet<string | undefined>;
  readonly foreign: ReadonlySet<string | undefined>;
}

/** What was there before a run, read before its first write: so that it can be restored. */
export interface RestorePoint extends Existed {
  /** The last good revision; absent when there is none. */
  readonly revision?: number | undefined;
  readonly snapshot: Snapshot;
  /** What was there, by key, as it was. */
  readonly found: ReadonlyMap<string, KubernetesObject>;
}

export function existedIn({ live, foreign }: World): Existed {
  return {
    existed: new Set([...live.all(), ...foreign].map(([, { metadata }]) => metadata.uid)),
    foreign: new Set([...foreign.values()].map(({ metadata }) => metadata.uid)),
  };
}

/** @throws KubewrightError `DamagedRecord` when what was there could not be restored */
export async function restorePoint(run: Run, world: World): Promise<RestorePoint> {
  const { inventory } = world.stored.record ?? {};
  return {
    revision: inventory?.revision,
    snapshot: inventory ? await readSnapshot(run, inventory) : { objects: [] },
    found: new Map([...world.live.all(), ...world.foreign]),
    ...existedIn(world),
  };
}

/** A run that failed, and how to go on from there. */
export interface Failed {
  readonly run: Run;
  readonly planned: Planned;
  readonly options: DeployOptions;
  readonly journal: Journal;
  readonly back: RestorePoint;
  readonly applyAndWait: (run: Run, planned: Planned, options: DeployOptions) => Promise<Convergence>;
}

/**
 * Restores what was there before a run that failed: objects that it changed, the last ones first, as the last good revision
 * had them; then what is missing; then what it created is deleted, and nothing else. Gives the error that says both.
 */
export async function undo(failure: Error, failed: Failed): Promise<KubewrightError> {
  const { run, options, journal, back } = failed;
  // The time of the run may be over; the lock may be lost still, and its cluster writes nothing then.
  const signal = AbortSignal.any([run.stopped, ...(options.signal ? [options.signal] : [])]);
  const again = startRun(run.graph, { ...options, cluster: run.cluster, signal, timeoutMs: run.timeoutMs });
  const restoring = restoringRun(again, back.snapshot, back.revision ?? 0);
  try {
    const { objects, left, refused } = await restore(restoring, failed);
    const extent = extentOf(run, failed.planned.world, objects);
    if (refused.size > 0) await journal.fail(partly(failure, refused));
    else await journal.undone(failure, { objects, extent, content: back.revision });
    return undone(run, failure, { revision: back.revision, written: restoring.written, left, refused });
  } catch (error) {
    await journal.fail(failure);
    return undoFailed(run, failure, error as Error);
  }
}

/** What cannot be restored, by label, and why. */
type Refused = Map<string, Error>;

/** As the history says it, which has room for few words. */
function partly({ message }: Error, refused: Refused): Error {
  return new Error(`it failed, and ${[...refused.keys()].join(', ')} could not be restored: ${message}`);
}

/** What is there again, and what is not as it was before. */
interface Restoration {
  readonly objects: readonly RecordedObject[];
  readonly left: readonly string[];
  readonly refused: Refused;
}

async function restore(run: Run, failed: Failed): Promise<Restoration> {
  const { back } = failed;
  const world = await readWorld(run);
  if (world.denied[0]) throw world.denied[0];
  const grown = grownVolumes(world);
  const asFound = notChanged(failed, world);
  const others = new Set(asFound.map(({ label }) => label));
  const refused: Refused = new Map();
  await applyInReverse(run, world, { failed, refused, others });
  const orphans = whatToUndo(findOrphans(run, world, true), back);
  const { planned, outcome } = await restoreRest(
    run,
    { ...failed.planned, world, orphans },
    { failed, refused, others },
  );
  const goes = isAmong(orphans.deletable);
  const { kept } = await removeCarefully(run, removals(failed, orphans), { goes });
  for (const object of orphans.released) await letGo(run, object);
  const all = { ...orphans, kept: [...orphans.kept, ...kept] };
  const recorded = recordedObjects(run, { ...planned, orphans: all }, outcome);
  const restored = world.desired.filter(({ label }) => !refused.has(label));
  const left = [
    ...grown,
    ...differedBefore(restored, failed, others),
    ...notKnown(orphans, failed),
    ...leftBefore(orphans, failed),
    ...readdressed(planned, back),
  ];
  const unrestored = back.snapshot.objects.filter(({ label }) => refused.has(label) || others.has(label));
  return { objects: [...recorded, ...unrestored], left: [...left, ...kept.map(keptText)], refused };
}

/** What is not as it was at the revision, and was so before the run: it stays. */
function notChanged({ run, back }: Failed, world: World): readonly Desired[] {
  const written = new Set(run.written.map(keyOf));
  return world.desired.filter((desired) => {
    const { key } = desired;
    const before = back.found.get(key)?.metadata;
    const now = (world.live.object(key) ?? world.foreign.get(key))?.metadata;
    if (!before || !now || written.has(key) || decide(desired, world) === 'unchanged') return false;
    // The answer to a write may have been lost.
    const isSame = before.annotations?.[keys.intent] === now.annotations?.[keys.intent];
    return isSame && before.uid === now.uid && before.deletionTimestamp === now.deletionTimestamp;
  });
}

/** What a run before left that did not end: the record knows no more than the last good revision. */
function differedBefore(
  desired: readonly Desired[],
  { run, back: { found, revision } }: Failed,
  others: ReadonlySet<string>,
): readonly string[] {
  const written = new Set(run.written.map(keyOf));
  return desired.flatMap(({ key, label, hash }) => {
    const before = found.get(key);
    // What others have taken over of an object makes no other intent.
    if (!before || before.metadata.annotations?.[keys.intent] === hash) return [];
    if (others.has(label))
      return `${label}: it differed from revision ${revision} before this run, which did not change it`;
    return written.has(key)
      ? `${label}: it differed from revision ${revision} before this run, and is as then again`
      : [];
  });
}

/** What the run changed and no good revision knows. */
function notKnown({ kept }: Orphans, { run }: Failed): readonly string[] {
  const changed = new Map(run.written.map((each) => [keyOf(each), each.label]));
  return kept.flatMap(({ object }) => {
    const label = changed.get(keyOf(refOf(object)));
    return label === undefined ? [] : [`${label}: no good revision says what it was, so it stays as this run left it`];
  });
}

const wasThere = 'it was there before';

/** What a run before created that did not end. */
function leftBefore({ kept }: Orphans, { run, back: { revision } }: Failed): readonly string[] {
  const changed = new Set(run.written.map(keyOf));
  const unknown = revision === undefined ? 'no good revision has it' : `revision ${revision} does not have it`;
  return kept
    .filter(({ object, reason }) => reason === wasThere && !changed.has(keyOf(refOf(object))))
    .map(({ object }) => `${describe(refOf(object))}: ${unknown}, and it was there before this run`);
}

/** Services that were made anew: who still has the old address does not reach them. */
function readdressed({ world }: Planned, { found }: RestorePoint): readonly string[] {
  return world.desired.flatMap((desired) => {
    const [before, now] = [found.get(desired.key), world.live.object(desired.key)].map((object) =>
      groupKind(desired) === 'Service' ? (valueAt(object, 'spec.clusterIP') as string | undefined) : undefined,
    );
    return before !== undefined && now !== undefined && before !== now
      ? [`${desired.label}: its clusterIP is ${now} (it was ${before})`]
      : [];
  });
}

interface Undoing {
  readonly failed: Failed;
  readonly refused: Refused;
  /** Labels of what the run did not change, and so stays. */
  readonly others: ReadonlySet<string>;
}

/** Applies what is missing, and waits. What cannot be is left out, so that it keeps no other from being restored. */
async function restoreRest(
  run: Run,
  planned: Planned,
  undoing: Undoing,
): Promise<{ readonly planned: Planned; readonly outcome: Convergence }> {
  const { failed, refused, others } = undoing;
  const { snapshot, revision = 0 } = failed.back;
  const objects = snapshot.objects.filter(({ label }) => !refused.has(label) && !others.has(label));
  const rest = restoringRun(run, { ...snapshot, objects }, revision);
  const current = objects.length < snapshot.objects.length ? { ...planned, world: await readWorld(rest) } : planned;
  try {
    const outcome = await failed.applyAndWait(rest, current, { ...failed.options, replace: true, pruneAll: false });
    return { planned: current, outcome };
  } catch (error) {
    const labels = new Set(objects.map(({ label }) => label));
    const { problems = [] } = error as Partial<KubewrightError>;
    const found = [error as KubewrightError, ...problems].filter(({ resource = '' }) => labels.has(resource));
    if (run.signal.aborted || found.length === 0) throw error;
    for (const each of found) refused.set(each.resource ?? '', each);
    return restoreRest(run, planned, undoing);
  }
}

/** Of what nobody wants any more: what the run created goes, what it took over is let go, and the rest stays what it was. */
export function whatToUndo({ deletable, released, kept, copied }: Orphans, { existed, foreign }: Existed): Orphans {
  const unwanted = [...deletable, ...released];
  const isNew = ({ metadata }: KubernetesObject): boolean => !existed.has(metadata.uid);
  const wasTaken = ({ metadata }: KubernetesObject): boolean => foreign.has(metadata.uid);
  const before = unwanted.filter((object) => !isNew(object) && !wasTaken(object));
  return {
    deletable: unwanted.filter(isNew),
    kept: [...kept, ...before.map((object) => ({ object, reason: wasThere }))],
    released: unwanted.filter(wasTaken),
    copied,
  };
}

/** Each state on the way back is one that was there on the way. */
async function applyInReverse(run: Run, world: World, { failed, refused, others }: Undoing): Promise<void> {
  const { snapshot } = failed.back;
  const waves = new Map(snapshot.objects.map(({ object, wave }) => [keyOf(refOf(object)), wave]));
  const changed = world.desired.filter((each) => !others.has(each.label) && decide(each, world) === 'update');
  const groups = Map.groupBy(changed, ({ key }) => waves.get(key) ?? 0);
  const restoreOne = async (desired: Desired): Promise<void> => {
    const live = world.live.object(desired.key);
    const object = await applyTask(run, {
      desired,
      action: 'update',
      live,
      // A volume that was there before has data of before in it.
      options: { replace: true, pruneAll: !failed.back.existed.has(live?.metadata.uid) },
      autoscaled: autoscaled(world.desired).has(desired.key),
    });
    const action = object.metadata.uid === live?.metadata.uid ? 'update' : 'replace';
    world.live.set(object);
    run.emit({ type: 'object', object: addressOf(desired), action: outcomeOf(action) });
  };
  const tryOne = async (desired: Desired): Promise<void> => {
    try {
      await restoreOne(desired);
    } catch (error) {
      run.signal.throwIfAborted();
      refused.set(desired.label, error as Error);
    }
  };
  for (const wave of [...groups.keys()].sort((left, right) => right - left))
    await Promise.all((groups.get(wave) ?? []).map(tryOne));
}

/** What the run created, in the reverse of the order in which it did. */
function removals({ run, planned }: Failed, { deletable }: Orphans): readonly Removal[] {
  const { desired } = planned.world;
  const waves = new Gates(run.graph, desired.map(newItem)).waves();
  const labels = new Map(desired.map(({ key, label }) => [key, label]));
  return deletable.map((object) => {
    const ref = refOf(object);
    const key = keyOf(ref);
    return { object, address: { label: labels.get(key) ?? describe(ref), ...ref }, wave: waves.get(key) ?? 0 };
  });
}

interface Restored {
  /** The revision that is there again; absent when there was none. */
  readonly revision: number | undefined;
  readonly written: readonly WrittenObject[];
  /** What is not as it was before, and why. */
  readonly left?: readonly string[];
  /** What could not be restored, and why. */
  readonly refused?: ReadonlyMap<string, Error>;
}

const words: Partial<Record<WrittenObject['action'], string>> = {
  deleted: 'deleted',
  created: 'made anew',
  replaced: 'made anew',
};

/** The error of a run that failed and was undone, as far as that could be. */
export function undone(
  run: Run,
  failure: Error,
  { revision, written, left = [], refused = new Map() }: Restored,
): KubewrightError {
  const isWhole = refused.size === 0;
  const groups = Map.groupBy(written, ({ action }) => words[action] ?? 'restored');
  const lines = [...groups].map(
    ([what, group]) => `  - ${what}: ${[...new Set(group.map(({ label }) => label))].join(', ')}`,
  );
  const where =
    run.written.length === 0 && written.length === 0
      ? 'it had changed nothing, so there was nothing to restore'
      : revision === undefined
        ? 'nothing was deployed before, so what it created is deleted'
        : isWhole
          ? `what was there before is restored (revision ${revision})`
          : `not all that was there before could be restored (revision ${revision})`;
  const jobs = written.filter(({ kind }) => kind === 'Job').map((job) => `what ${describe(job)} did`);
  const reasons = [...refused.values()];
  const rest = [...jobs, ...left, ...reasons.map(({ message }) => message)].map((text) => `  - not undone: ${text}`);
  return new KubewrightError({
    code: isWhole ? 'RolledBack' : 'RollbackFailed',
    message: `${failure.message}\n${subject(run)}: ${[`it failed, and ${where}`, ...lines, ...rest].join('\n')}`,
    ...(!isWhole && { hint: 'Look at what is not undone, and deploy again or roll back.' }),
    cause: failure,
    problems: [failure, ...reasons].filter((each) => each instanceof KubewrightError),
  });
}

/** The error of a run that failed, and so did restoring. */
export function undoFailed(run: Run, failure: Error, error: Error): KubewrightError {
  return new KubewrightError({
    code: 'RollbackFailed',
    message: `${failure.message}\n${subject(run)}: it failed, and so did restoring what was there before: ${error.message}`,
    hint: 'Look at both, and deploy again or roll back.',
    cause: failure,
    problems: [failure, error].filter((each) => each instanceof KubewrightError),
  });
}
