import type { KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import { applyTask } from './apply.ts';
import { decide, findOrphans, type Orphans } from './decide.ts';
import type { Convergence } from './converge.ts';
import { Gates } from './gates.ts';
import { describe, keyOf, refOf } from './identity.ts';
import { extentOf, recordedObjects } from './inventory.ts';
import { addressOf, newItem, outcomeOf } from './item.ts';
import type { Journal } from './journal.ts';
import type { DeployOptions } from './options.ts';
import { readWorld, type Planned } from './planning.ts';
import { removeInOrder, type Removal } from './remove.ts';
import { letGo, restoringRun } from './restoring.ts';
import { startRun, subject, type Run, type WrittenObject } from './run.ts';
import { readSnapshot, type RecordedObject, type Snapshot } from './snapshot.ts';
import type { World } from './world.ts';

/** What was there before a run, read before its first write: so that it can be restored. */
export interface RestorePoint {
  /** The last good revision; absent when there is none. */
  readonly revision?: number | undefined;
  readonly snapshot: Snapshot;
  /** UIDs of what existed, and of that what was not ours. */
  readonly existed: ReadonlySet<string | undefined>;
  readonly foreign: ReadonlySet<string | undefined>;
}

/** @throws KubewrightError `DamagedRecord` when what was there could not be restored */
export async function restorePoint(run: Run, { stored: { record }, live, foreign }: World): Promise<RestorePoint> {
  const { inventory } = record ?? {};
  return {
    revision: inventory?.revision,
    snapshot: inventory ? await readSnapshot(run, inventory) : { objects: [] },
    existed: new Set([...live.all(), ...foreign].map(([, { metadata }]) => metadata.uid)),
    foreign: new Set([...foreign.values()].map(({ metadata }) => metadata.uid)),
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
 * Restores what was there before a run that failed: objects that it changed, the last ones first; then what is missing; then
 * what it created is deleted, and nothing else. Gives the error that says both.
 */
export async function undo(failure: Error, failed: Failed): Promise<KubewrightError> {
  const { run, options, journal, back } = failed;
  // The time of the run may be over; the lock may be lost still.
  const signal = AbortSignal.any([run.stopped, ...(options.signal ? [options.signal] : [])]);
  const again = startRun(run.graph, { ...options, signal, timeoutMs: run.timeoutMs });
  const restoring = restoringRun(again, back.snapshot, back.revision ?? 0);
  try {
    const objects = await restore(restoring, failed);
    await journal.undone(failure, { objects, extent: extentOf(run, objects), content: back.revision });
  } catch (error) {
    await journal.fail(failure);
    return undoFailed(run, failure, error as Error);
  }
  return undone(run, failure, { back, written: restoring.written });
}

async function restore(run: Run, failed: Failed): Promise<readonly RecordedObject[]> {
  const { back, applyAndWait, options } = failed;
  const world = await readWorld(run);
  if (world.denied[0]) throw world.denied[0];
  await applyInReverse(run, world, back);
  const found = findOrphans(run, world, true);
  const unwanted = [...found.deletable, ...found.released];
  const isNew = ({ metadata }: KubernetesObject): boolean => !back.existed.has(metadata.uid);
  const wasTaken = ({ metadata }: KubernetesObject): boolean => back.foreign.has(metadata.uid);
  // What was ours before and belongs to no revision stays what it was.
  const before = unwanted.filter((object) => !isNew(object) && !wasTaken(object));
  const orphans: Orphans = {
    deletable: unwanted.filter(isNew),
    kept: [...found.kept, ...before.map((object) => ({ object, reason: 'it was there before' }))],
    released: unwanted.filter(wasTaken),
  };
  const planned = { ...failed.planned, world, orphans };
  const outcome = await applyAndWait(run, planned, { ...options, replace: true });
  await removeInOrder(run, removals(failed, orphans));
  for (const object of orphans.released) await letGo(run, object);
  return recordedObjects(run, planned, outcome);
}

/** Each state on the way back is one that was there on the way. */
async function applyInReverse(run: Run, world: World, { snapshot }: RestorePoint): Promise<void> {
  const waves = new Map(snapshot.objects.map(({ object, wave }) => [keyOf(refOf(object)), wave]));
  const changed = world.desired.filter((desired) => decide(desired, world) === 'update');
  const groups = Map.groupBy(changed, ({ key }) => waves.get(key) ?? 0);
  for (const wave of [...groups.keys()].sort((left, right) => right - left))
    await Promise.all(
      (groups.get(wave) ?? []).map(async (desired) => {
        const live = world.live.object(desired.key);
        const object = await applyTask(run, { desired, action: 'update', live, options: { replace: true } });
        const action = object.metadata.uid === live?.metadata.uid ? 'update' : 'replace';
        world.live.set(object);
        run.emit({ type: 'object', object: addressOf(desired), action: outcomeOf(action) });
      }),
    );
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
  readonly back: RestorePoint;
  readonly written: readonly WrittenObject[];
}

function undone(run: Run, failure: Error, { back, written }: Restored): KubewrightError {
  const groups = Map.groupBy(written, ({ action }) => (action === 'deleted' ? 'deleted' : 'restored'));
  const lines = [...groups].map(
    ([what, group]) => `  - ${what}: ${[...new Set(group.map(({ label }) => label))].join(', ')}`,
  );
  const where =
    back.revision === undefined
      ? 'nothing was deployed before, so what it created is deleted'
      : `what was there before is restored (revision ${back.revision})`;
  const jobs = written.filter(({ kind }) => kind === 'Job').map((job) => `  - not undone: what ${describe(job)} did`);
  return new KubewrightError({
    code: 'RolledBack',
    message: `${failure.message}\n${subject(run)}: ${[`it failed, and ${where}`, ...lines, ...jobs].join('\n')}`,
    cause: failure,
    problems: failure instanceof KubewrightError ? [failure] : [],
  });
}

function undoFailed(run: Run, failure: Error, error: Error): KubewrightError {
  return new KubewrightError({
    code: 'RollbackFailed',
    message: `${failure.message}\n${subject(run)}: it failed, and so did restoring what was there before: ${error.message}`,
    hint: 'Look at both, and deploy again or roll back.',
    cause: failure,
    problems: [failure, error].filter((each) => each instanceof KubewrightError),
  });
}
