import type { KubernetesObject } from '../../cluster/cluster.ts';
import type { ApiError } from '../../cluster/api-error.ts';
import { conflictFields, isFieldConflict, type Conflict } from '../conflict.ts';
import { fieldManager } from '../identity.ts';
import type { Run } from '../run.ts';
import { isTaken } from '../take.ts';

/** How an object of kro's is written. */
export interface Taking {
  readonly dryRun?: boolean | undefined;
  /** Takes every field. */
  readonly force?: boolean | undefined;
  /** What the object is called, and the fields that are taken. */
  readonly label: string;
  readonly take?: readonly string[] | undefined;
}

/** Applies an object; a conflict about nothing but fields that may be taken is won. */
export async function applyTaking(run: Run, object: KubernetesObject, options: Taking): Promise<KubernetesObject> {
  const { dryRun, force = false } = options;
  try {
    return (await run.cluster.apply(object, { fieldManager, dryRun, force })).object;
  } catch (error) {
    if (force || !isFieldConflict(error) || untaken(error, object, options).length > 0) throw error;
    return applyTaking(run, object, { ...options, force: true });
  }
}

/** Fields of a conflict that nobody said to take. */
export function untaken(
  error: ApiError,
  object: KubernetesObject,
  { label, take }: Pick<Taking, 'label' | 'take'>,
): readonly Conflict[] {
  return conflictFields(error).filter(({ path }) => !isTaken(take, { label, object }, path));
}
