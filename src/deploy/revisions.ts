import { hostname, userInfo } from 'node:os';
import { keyOf } from './identity.ts';
import { intentHash } from './intent.ts';
import type { Mode } from './options.ts';
import type { Run } from './run.ts';
import type { SnapshotRef } from './snapshot.ts';

/** How a run ended. `running`: it has not, or it was killed on another machine a moment ago. `rolledBack`: it failed, and what was there before was restored. */
export type RevisionResult = 'running' | 'deployed' | 'failed' | 'interrupted' | 'rolledBack';

/** What happened to objects, by the ids that the graph gives them. */
export type RevisionChanges = Partial<
  Record<
    'created' | 'updated' | 'replaced' | 'adopted' | 'deleted',
    { readonly count: number; readonly ids: readonly string[] }
  >
>;

/** The commit that a stack was run from. */
export interface Commit {
  readonly id: string;
  /** Whether files differed from it. */
  readonly dirty: boolean;
}

/** One run that changed something, as the record keeps it. */
export interface Revision {
  /** Counts up from 1; what orders revisions, as clocks differ. */
  readonly number: number;
  /** ISO 8601, by the clock of the machine that ran it. */
  readonly at: string;
  /** `user@host` of the machine that ran it. */
  readonly by: string;
  /** Who it was to the API server. */
  readonly user?: string;
  readonly commit?: Commit;
  /** Keyed hash of the values: equal where they were. */
  readonly values: string;
  readonly mode: Mode;
  readonly result: RevisionResult;
  /** Why it failed. */
  readonly reason?: string;
  /** The revision that it restored, of a rollback. */
  readonly rollbackTo?: number;
  readonly changes: RevisionChanges;
  /** The revision whose content was there afterwards: its own number, or that of the revision that was restored. */
  readonly content?: number;
  /** What was there afterwards; absent when it did not end well. */
  readonly snapshot?: SnapshotRef;
}

export const defaultHistoryMax = 10;
const shownIds = 100;
const shownReason = 500;

/** Who deploys, and from where. */
export type Author = Pick<Revision, 'by' | 'user' | 'commit'>;

export async function authorOf(run: Run): Promise<Author> {
  const [user, commit] = await Promise.all([whoAmI(run), run.commit?.()]);
  return { by: userAndHost(), ...(user !== undefined && { user }), ...(commit && { commit }) };
}

/** The entry of a run that begins. */
export function newRevision(run: Run, number: number, { salt, author }: { salt: string; author: Author }): Revision {
  return {
    number,
    at: new Date().toISOString(),
    ...author,
    values: intentHash(run.instance.spec, salt).slice(0, 12),
    mode: run.mode,
    result: 'running',
    ...(run.rollbackTo !== undefined && { rollbackTo: run.rollbackTo }),
    changes: {},
  };
}

/** Entries that stay beside a new one: as many that can be restored as there is room for, and as many others. */
export function retained(
  revisions: readonly Revision[],
  inventory: SnapshotRef | undefined,
  max: number,
): readonly Revision[] {
  const room = Math.max(1, max - 1);
  const newest = (of: readonly Revision[]): readonly Revision[] => of.slice(-room);
  const kept = new Set([
    ...newest(revisions.filter(({ snapshot }) => snapshot)),
    ...newest(revisions.filter(({ snapshot }) => !snapshot)),
    ...revisions.filter(({ snapshot }) => snapshot && snapshot.revision === inventory?.revision),
  ]);
  return revisions
    .filter((revision) => kept.has(revision))
    .map((revision) => (revision.result === 'running' ? { ...revision, result: 'interrupted' } : revision));
}

/** What a run did, in as many words as a record has room for. What was created and then updated was created. */
export function changesOf(written: Run['written']): RevisionChanges {
  const first = new Map(written.toReversed().map((each) => [keyOf(each), each]));
  const changes: { -readonly [Action in keyof RevisionChanges]: RevisionChanges[Action] } = {};
  for (const [action, group] of Map.groupBy(first.values(), (each) => each.action)) {
    if (action === 'unchanged' || action === 'checked') continue;
    changes[action] = {
      count: group.length,
      ids: group
        .slice(0, shownIds)
        .map(({ label }) => label)
        .sort(),
    };
  }
  return changes;
}

/** The reason of a failure; messages never hold values of Secrets. */
export function reasonOf({ secretValues }: Run, error: unknown): string {
  // Before anything is cut: half a value is a value too.
  const text = secretValues.hideIn(error instanceof Error ? error.message : String(error));
  return text.length > shownReason ? `${text.slice(0, shownReason)}…` : text;
}

/** Who the server takes us for; `undefined` where it does not say. */
async function whoAmI(run: Run): Promise<string | undefined> {
  try {
    const review = await run.cluster.create(
      { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      { signal: run.signal },
    );
    return (review['status'] as { readonly userInfo?: { readonly username?: string } } | undefined)?.userInfo?.username;
  } catch {
    return undefined;
  }
}

function userAndHost(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
}
