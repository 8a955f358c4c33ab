import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { describe, groupKind } from './identity.ts';
import type { PlannedChange } from './options.ts';
import { condition, fields, subjectOf } from './readiness/verdict.ts';
import type { Run } from './run.ts';
import { readInventory, type World } from './world.ts';

/** Whether an object did what it was made for, so that nobody misses it when it goes by itself. */
export function hasEnded(object: KubernetesObject): boolean {
  if (groupKind(object) === 'Pod') return fields(object['status'])['phase'] === 'Succeeded';
  return goesByItself(object) && condition(subjectOf(object), 'Complete')?.status === 'True';
}

/** A Job that is deleted some time after its end. */
export function goesByItself(object: KubernetesObject): boolean {
  return groupKind(object) === 'Job.batch' && typeof fields(object['spec'])['ttlSecondsAfterFinished'] === 'number';
}

/** Why nobody has to be blamed for one that is gone. */
export const mayHaveEnded = 'it is gone; it may have been removed after it finished (ttlSecondsAfterFinished)';

/** Jobs that were there, went by themselves as it seems, and are made again. */
export async function runsAgain(run: Run, world: World, changes: readonly PlannedChange[]): Promise<readonly string[]> {
  const created = new Set(changes.filter(({ action }) => action === 'create').map(({ label }) => label));
  const jobs = world.desired.filter(({ label, object }) => created.has(label) && goesByItself(object));
  if (jobs.length === 0 || !world.stored.record) return [];
  try {
    await readInventory(run, world);
  } catch (error) {
    // Who only plans may not see what was deployed.
    if (!isApiError(error, 'Forbidden')) throw error;
  }
  const { inventory } = world;
  return jobs
    .filter(({ key }) => !inventory || inventory.has(key))
    .map((job) => `${describe(job)}: ${inventory ? mayHaveEnded : 'if it ran before'}, and it runs once more`);
}

/** Whether a Job that is gone had succeeded, by the event that outlives it. Who may not read events does not know. */
export async function succeededByEvents(run: Run, { metadata }: KubernetesObject): Promise<boolean> {
  const fieldSelector = `involvedObject.uid=${String(metadata.uid)},reason=Completed`;
  try {
    const { items } = await run.cluster.list(
      { apiVersion: 'v1', kind: 'Event', namespace: metadata.namespace, fieldSelector },
      { signal: run.signal },
    );
    return items.length > 0;
  } catch (error) {
    if (isApiError(error, 'Forbidden') || run.signal.aborted) return false;
    throw error;
  }
}

/** What is gone as it is remembered: done, and not on its way out. */
export function asEnded(object: KubernetesObject): KubernetesObject {
  const { deletionTimestamp: _gone, ...metadata } = object.metadata;
  if (groupKind(object) === 'Pod') return { ...object, metadata };
  return {
    ...object,
    metadata,
    status: { ...fields(object['status']), conditions: [{ type: 'Complete', status: 'True' }] },
  };
}
