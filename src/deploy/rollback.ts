import { KubewrightError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { deployDirectly } from './deploy.ts';
import { deployWithKro } from './kro/deploy.ts';
import { restoringWithKro } from './kro/restoring.ts';
import type { DeployOptions, DeployResult } from './options.ts';
import { readSoundRecord, type DeployRecord } from './record.ts';
import { restoringRun } from './restoring.ts';
import type { Revision } from './revisions.ts';
import { startRun, subject, whileRunning, type Run } from './run.ts';
import { readSnapshot, type SnapshotRef } from './snapshot.ts';

/** Options of `rollback`. */
export interface RollbackOptions
  extends Omit<DeployOptions, 'migrate' | 'rollbackOnFailure' | 'repairRecord' | 'saved'> {
  /** Number of the revision. @default the last good one before what is deployed now */
  readonly to?: number | undefined;
}

/** The end of a rollback. */
export interface RollbackResult extends Pick<DeployResult, 'objects' | 'createdNamespace' | 'writes' | 'duration'> {
  /** The revision that was restored. */
  readonly revision: number;
}

/**
 * Makes a deployment be what it was at a revision, by the objects as they were asked for then: neither the graph as it is now
 * nor its values are looked at. It is a run like any other, with a plan, the lock and a revision of its own. Objects that
 * the revision did not have are deleted when this deployment made them, and let go when it had taken them over. What runs of
 * Jobs did and the data of volumes stay as they are; the plan names them.
 *
 * @throws KubewrightError like `deploy`, and `NoSuchRevision`, `DamagedRecord`
 * @example
 * await rollback(app, { cluster, mode: 'direct', instance: { name: 'app', namespace: 'dev', spec }, to: 3 });
 */
export async function rollback(graph: Graph, { to, ...options }: RollbackOptions): Promise<RollbackResult> {
  const run = startRun(graph, options);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    const stored = await readSoundRecord(run);
    const { number, snapshot } = chooseRevision(run, stored.record, to);
    const then = await readSnapshot(run, snapshot);
    const done =
      run.mode === 'kro'
        ? await deployWithKro(restoringWithKro(run, then.objects, { rollbackTo: number }), options, stored)
        : // How much goes is what was asked for.
          await deployDirectly(restoringRun(run, then, number), { ...options, allowEmpty: true }, stored);
    const { status: _status, statusPending: _pending, ...result } = done;
    return { revision: number, ...result };
  });
}

type Restorable = Revision & { readonly snapshot: SnapshotRef };

function chooseRevision(run: Run, record: DeployRecord | undefined, to: number | undefined): Restorable {
  if (!record) throw notDeployed(run);
  const { revisions } = record;
  const restorable = revisions.filter((revision): revision is Restorable => revision.snapshot !== undefined);
  const found = to === undefined ? lastGood(record, restorable) : restorable.find(({ number }) => number === to);
  if (!found) throw noRevision(run, { revisions, restorable, to });
  if (found.mode !== run.mode || record.mode !== run.mode) throw otherMode(run, found, record);
  return found;
}

/** What is deployed now where a run failed, else what it was deployed over. */
function lastGood({ phase, inventory }: DeployRecord, restorable: readonly Restorable[]): Restorable | undefined {
  const now = restorable.find(({ number }) => number === inventory?.revision);
  const before = predecessors(restorable);
  let content = now && contentOf(now);
  if (phase === 'deployed' && content !== undefined) content = before.get(content);
  while (content !== undefined) {
    const same = restorable.filter((each) => contentOf(each) === content);
    if (same.length > 0) return same.find(({ number }) => number === content) ?? same.at(-1);
    content = before.get(content);
  }
  return undefined;
}

/**
 * By content, the content that it was deployed over: a rollback brings no new one, so that a second one goes further back, and
 * what was rolled back from is before nothing that is deployed later.
 */
function predecessors(restorable: readonly Restorable[]): ReadonlyMap<number, number | undefined> {
  const before = new Map<number, number | undefined>();
  let current: number | undefined;
  for (const revision of restorable) {
    const content = contentOf(revision);
    if (content === revision.number) before.set(content, current);
    current = content;
  }
  return before;
}

function contentOf({ content, number }: Revision): number {
  return content ?? number;
}

function notDeployed(run: Run): KubewrightError {
  return new KubewrightError({
    code: 'NoSuchRevision',
    resource: subject(run),
    message: 'it is not deployed, so there is nothing to go back to',
    hint: 'Revisions end with the deployment; deploy the stack as it was then.',
  });
}

interface Choice {
  readonly revisions: readonly Revision[];
  readonly restorable: readonly Revision[];
  readonly to: number | undefined;
}

function noRevision(run: Run, { revisions, restorable, to }: Choice): KubewrightError {
  const known = revisions.find(({ number }) => number === to);
  const message =
    to === undefined
      ? 'there is no good revision before what is deployed now'
      : known
        ? `revision ${to} ${known.result === 'running' ? 'did not end' : known.result}, so there is nothing to go back to`
        : `there is no revision ${to}`;
  const numbers = restorable.map(({ number }) => number).join(', ');
  return new KubewrightError({
    code: 'NoSuchRevision',
    resource: subject(run),
    message,
    hint: numbers ? `Revisions that can be restored: ${numbers}.` : 'No revision can be restored.',
  });
}

function otherMode(run: Run, { number, mode }: Revision, record: DeployRecord): KubewrightError {
  return new KubewrightError({
    code: 'ModeChange',
    resource: subject(run),
    message: `revision ${number} was deployed in mode ${mode}; the deployment is in mode ${record.mode}, and the environment says ${run.mode}`,
    hint: 'Choose a revision of the same mode, or deploy the stack as it was then, with --migrate.',
  });
}
