import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { lockHolder } from './lock.ts';
import type { TargetOptions } from './options.ts';
import { readSoundRecord } from './record.ts';
import type { Revision } from './revisions.ts';
import { startRun, whileRunning } from './run.ts';

/** One run of a deployment that changed something. */
export interface HistoryEntry extends Omit<Revision, 'snapshot' | 'content'> {
  /** Whether `rollback` can restore what was there after it. */
  readonly restorable: boolean;
  /** Whether what it left is what is deployed now. */
  readonly current: boolean;
  /** How many objects there were after it; absent where it did not end well. */
  readonly objects?: number;
  /** While it is still working: who holds the lock, as `user@host/pid`. */
  readonly holder?: string;
}

/** What happened to a deployment, newest first. */
export interface History {
  /** `false` when there is no record. */
  readonly deployed: boolean;
  readonly revisions: readonly HistoryEntry[];
}

/**
 * Who deployed what and when, as the record of the deployment says. Objects are not looked at. Revisions are ordered by
 * their numbers: their times come from the clocks of the machines that ran them.
 *
 * @throws KubewrightError `DamagedRecord` when the record cannot be read
 * @example
 * const { revisions } = await history(app, { cluster, mode: 'direct', instance: { name: 'app', namespace: 'dev', spec } });
 */
export async function history(graph: Graph, options: TargetOptions): Promise<History> {
  const run = startRun(graph, options);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    const { record } = await readSoundRecord(run);
    if (!record) return { deployed: false, revisions: [] };
    const { revisions, inventory, phase } = record;
    const holder = revisions.at(-1)?.result === 'running' ? await lockHolder(run) : undefined;
    const entries = revisions.map(({ snapshot, content: _content, ...revision }): HistoryEntry => {
      const killed = revision.result === 'running' && holder === undefined;
      return {
        ...revision,
        ...(killed && { result: 'interrupted' }),
        ...(revision.result === 'running' && holder !== undefined && { holder }),
        restorable: snapshot !== undefined,
        current: phase === 'deployed' && snapshot !== undefined && snapshot.revision === inventory?.revision,
        ...(snapshot && { objects: snapshot.objects }),
      };
    });
    return { deployed: true, revisions: entries.reverse() };
  });
}
