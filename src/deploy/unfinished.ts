import { isApiError } from '../cluster/api-error.ts';
import { lockHolder } from './lock.ts';
import { subject, type Run } from './run.ts';
import type { World } from './world.ts';

interface Situation {
  /** Whether an object changes, so that there is more to write than the record. */
  readonly changed: boolean;
  /** Whether the lock is looked at: a deployment tells by itself that it waits for one. */
  readonly looksAtLock: boolean;
}

/** What a plan says of a run that works, or that did not end well. */
export async function unfinishedWarnings(
  run: Run,
  { stored: { record } }: World,
  { changed, looksAtLock }: Situation,
): Promise<readonly string[]> {
  if (!record || record.phase === 'deployed') return [];
  const isDestruction = record.phase === 'destroying';
  const who = isDestruction ? 'a destruction' : `run ${record.revision}`;
  const isOpen = isDestruction || record.revisions.at(-1)?.result === 'running';
  const working = isOpen && looksAtLock ? await holderAsSeen(run) : undefined;
  if (working?.holder !== undefined)
    return [`${subject(run)}: ${who} is still working: ${working.holder} holds the lock. A deployment waits for it`];
  if (changed) return [];
  const end = working?.isHidden ? 'did not end, or is still working' : 'did not end well';
  return [`${subject(run)}: no object changes; what is written is the record, as ${who} ${end}`];
}

/** Who only plans need not be allowed to read the lock. */
async function holderAsSeen(run: Run): Promise<{ readonly holder?: string | undefined; readonly isHidden: boolean }> {
  try {
    return { holder: await lockHolder(run), isHidden: false };
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    return { isHidden: true };
  }
}
