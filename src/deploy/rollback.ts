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
  const { revisions = [], phase, inventory } = record ?? {};
  const restorable = revisions.filter((revision): revision is Restorable => revision.snapshot !== undefined);
  const now = restorable.find(({ number }) => number === inventory?.revision);
  const isBefore = ({ content = 0 }: Revision): boolean => phase !== 'deployed' || content < (now?.content ?? Infinity);
  // Of revisions with the same content the last: a rollback after a rollback goes further back.
  const before = restorable.filter(isBefore).sort((left, right) => (left.content ?? 0) - (right.content ?? 0));
  const found = to === undefined ? before.at(-1) : restorable.find(({ number }) => number === to);
  if (!record) throw notDeployed(run);
  if (!found) throw noRevision(run, { revisions, restorable, to });
  if (found.mode !== run.mode || record.mode !== run.mode) throw otherMode(run, found, record);
  return found;
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
