import type { KubernetesObject } from '../../cluster/cluster.ts';
import { conflictFields, isFieldConflict } from '../conflict.ts';
import { fieldManager } from '../identity.ts';
import type { Run } from '../run.ts';

/** How an object of kro's is written. */
export interface Taking {
  readonly dryRun?: boolean | undefined;
  /** Takes every field. */
  readonly force?: boolean | undefined;
  /** Takes these fields. */
  readonly take?: readonly string[] | undefined;
}

/** Applies an object; a conflict about nothing but fields that may be taken is won. */
export async function applyTaking(run: Run, object: KubernetesObject, options: Taking): Promise<KubernetesObject> {
  const { dryRun, force = false, take = [] } = options;
  try {
    return (await run.cluster.apply(object, { fieldManager, dryRun, force })).object;
  } catch (error) {
    if (force || !isFieldConflict(error) || !conflictFields(error).every(({ path }) => take.includes(path)))
      throw error;
    return applyTaking(run, object, { dryRun, force: true });
  }
}
