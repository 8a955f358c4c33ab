import { throwProblems } from '../../errors.ts';
import { askFor, type Asking } from '../consent.ts';
import { outcomeOf } from '../item.ts';
import { Journal } from '../journal.ts';
import { withLock } from '../lock.ts';
import { ensureNamespace } from '../namespace.ts';
import type { DeployedObject, DeployOptions, DeployResult } from '../options.ts';
import { orphanAddress } from '../planning.ts';
import { readRecord, type StoredRecord } from '../record.ts';
import { removeInOrder } from '../remove.ts';
import { letGo } from '../restoring.ts';
import { subject, type Run } from '../run.ts';
import { finalExtent, intendedExtent, makeAll, recordedObjects } from './make.ts';
import { removeDefinitions, type Obsolete } from './obsolete.ts';
import { checkSaved } from '../saved-plan.ts';
import { basisOf, planWithKro, type PlannedWithKro } from './plan.ts';
import { restorePointWithKro, undoWithKro } from './undo.ts';
import { settleInstance, type SettledInstance } from './wait.ts';

/** Lets kro make the objects: definitions, then the Secrets that must not be in them, then the instance. */
export async function deployWithKro(run: Run, options: DeployOptions, stored?: StoredRecord): Promise<DeployResult> {
  const planned = await planWithKro(run, options, { stored });
  await agree(run, planned, options);
  if (!planned.plan.changed)
    return report(
      run,
      planned,
      await settleInstance(run, planned.world, { generation: generationOf(planned), newDefinition: false }),
    );
  const made = await ensureNamespace(run, planned.world.namespace);
  return withLock(run, async () => {
    const current = await planAgainIfMoved(run, planned, options);
    const back = options.rollbackOnFailure ? await restorePointWithKro(run, current) : undefined;
    const values = { '': run.instance.spec };
    const journal = await Journal.begin(run, current.world.stored, { ...intendedExtent(run, current), values });
    try {
      const settled = await makeAll(run, current, options);
      const { orphans, obsolete, world } = current;
      await removeInOrder(
        run,
        orphans.deletable.map((object) => ({ object, address: orphanAddress(world, object), wave: 0 })),
      );
      for (const object of orphans.released) await letGo(run, object);
      const removed = await removeDefinitions(run, obsolete);
      await journal.succeed(finalExtent(run, current, removed), { objects: recordedObjects(current, settled), values });
      return { ...report(run, current, settled, removed), ...made };
    } catch (error) {
      // Who stops a run wants no more of it, and without the lock it may not.
      if (back && !options.signal?.aborted && !run.stopped.aborted)
        throw await undoWithKro(error as Error, { run, planned: current, options, journal, back });
      await journal.fail(error);
      throw error;
    }
  });
}

async function agree(
  run: Run,
  planned: PlannedWithKro,
  { saved, ...asking }: Asking & Pick<DeployOptions, 'saved'>,
): Promise<void> {
  const { plan } = planned;
  run.emit({ type: 'plan', plan });
  await checkSaved(run, basisOf(planned), saved);
  throwProblems(subject(run), plan.problems as never);
  await askFor(run, plan, asking);
}

async function planAgainIfMoved(run: Run, planned: PlannedWithKro, options: DeployOptions): Promise<PlannedWithKro> {
  const { resourceVersion } = await readRecord(run);
  if (resourceVersion === planned.world.stored.resourceVersion) return planned;
  const again = await planWithKro(run, options);
  await agree(run, again, { ...options, agreed: planned.plan });
  return again;
}

function generationOf({ instance }: PlannedWithKro): number {
  return instance.live?.metadata.generation ?? 0;
}

function report(
  run: Run,
  { plan, obsolete }: PlannedWithKro,
  { children, status, resolution }: SettledInstance,
  removed: Obsolete = obsolete,
): DeployResult {
  const stayed = new Set(
    obsolete.removals.filter((each) => !removed.removals.includes(each)).map(({ address }) => address.label),
  );
  const own = plan.changes
    .filter(({ label }) => !stayed.has(label))
    .map(
      ({ fields: _fields, action, ...address }): DeployedObject => ({
        ...address,
        action: outcomeOf(action),
        ready: true,
      }),
    );
  const adopted = new Set(own.map(({ label }) => label));
  const others = children.filter(({ desired }) => !adopted.has(desired.label));
  const made = others.map(
    ({ desired: { label, apiVersion, kind, namespace, name } }): DeployedObject => ({
      label,
      apiVersion,
      kind,
      ...(namespace !== undefined && { namespace }),
      name,
      action: 'checked',
      ready: true,
      by: 'kro',
    }),
  );
  return {
    status,
    statusPending: resolution.statusPending,
    objects: [...own, ...made],
    writes: run.cluster.writes,
    duration: performance.now() - run.startedAt,
  };
}
