import { throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { converge, type Convergence, type ConvergeOptions } from './converge.ts';
import { askFor, type Asking } from './consent.ts';
import { failureOf } from './failure.ts';
import { extentOf, intendedExtent, liesOutside, recordedObjects } from './inventory.ts';
import { Journal } from './journal.ts';
import { deployWithKro } from './kro/deploy.ts';
import { withLock } from './lock.ts';
import { migrate, takingOver, withMove } from './migrate.ts';
import { ensureNamespace } from './namespace.ts';
import type { DeployOptions, DeployResult } from './options.ts';
import { makePlan, type Planned } from './planning.ts';
import { prune } from './prune.ts';
import { readRecord, type StoredRecord } from './record.ts';
import { report } from './report.ts';
import { authorOf } from './revisions.ts';
import { startRun, subject, whileRunning, type Run } from './run.ts';
import { checkSaved } from './saved-plan.ts';
import { checkPolicy } from './secrets.ts';
import { restorePoint, undo } from './undo.ts';
import { valuesOf } from './update-rules.ts';

/**
 * Makes the cluster be what a graph says for an instance, and waits until everything is ready. Killed at any moment, the
 * next call continues. When nothing has to change, nothing is written.
 *
 * @throws KubewrightError: `NotOurs` (objects exist that belong to somebody else), `FieldConflict`, `ModeChange`, `NotReady`
 *   (with the reason), `Timeout`, `Interrupted` (what is left), `Declined`
 * @example
 * const { status, writes } = await deploy(app, { cluster, mode: 'direct', instance: { name: 'app', namespace: 'dev', spec } });
 */
export async function deploy(graph: Graph, options: DeployOptions): Promise<DeployResult> {
  const run = startRun(graph, options);
  checkPolicy(graph, run.secrets);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    const stored = await readRecord(run);
    const work = run.mode === 'kro' ? deployWithKro : deployDirectly;
    const claim = await migrate(run, stored, options);
    if (!claim) return work(run, options, stored);
    // Asked once is enough.
    const asked = { ...options, migrate: false, confirm: undefined, saved: undefined };
    return withMove(run, await work(takingOver(run, claim), asked), claim);
  });
}

/**
 * Applies what the run wants, and waits for it; then deletes the rest.
 *
 * @param stored the record, where it was read a moment ago
 */
export async function deployDirectly(run: Run, options: DeployOptions, stored?: StoredRecord): Promise<DeployResult> {
  let planned = await makePlan(run, options, { stored });
  await agree(run, planned, options);
  for (;;) {
    const done = await (planned.plan.changed ? deployPlanned : onlyWait)(run, planned, options);
    if (done) return done;
    const agreed = planned.plan;
    planned = await makePlan(run, options);
    await agree(run, planned, { ...options, agreed });
  }
}

/**
 * Does what a plan says, under the lock and with a record of it; `undefined` when another run had done everything by the time
 * the lock was had.
 */
async function deployPlanned(run: Run, planned: Planned, options: DeployOptions): Promise<DeployResult | undefined> {
  const made = await ensureNamespace(run, planned.world.namespace);
  return withLock(run, async () => {
    const [current, author] = await Promise.all([planAgainIfMoved(run, planned, options), authorOf(run)]);
    if (!current.plan.changed) return undefined;
    const { world } = current;
    const back = options.rollbackOnFailure ? await restorePoint(run, world) : undefined;
    const extent = intendedExtent(run, world.stored, { desired: world.desired, skipped: world.resolution.skipped });
    const journal = await Journal.begin(run, world.stored, { ...extent, values: valuesOf(world) }, author);
    try {
      const outcome = await applyAndWait(run, current, { ...options, journal });
      const pruned = await prune(run, current, options);
      const objects = recordedObjects(run, { ...current, orphans: pruned.orphans }, outcome);
      await journal.succeed(extentOf(run, world, objects), { objects, values: valuesOf(world) });
      return { ...report(run, current, outcome, pruned.deleted), ...made };
    } catch (error) {
      // Who stops a run wants no more of it, and without the lock it may not.
      if (back && !options.signal?.aborted && !run.stopped.aborted)
        throw await undo(error as Error, { run, planned: current, options, journal, back, applyAndWait });
      await journal.fail(error);
      throw error;
    }
  });
}

async function agree(
  run: Run,
  { plan, world }: Planned,
  { saved, ...asking }: Asking & Pick<DeployOptions, 'saved'>,
): Promise<void> {
  run.emit({ type: 'plan', plan });
  await checkSaved(run, { world }, saved);
  throwProblems(subject(run), plan.problems as never);
  await askFor(run, plan, asking);
}

/** Another run may have worked between our plan and our lock, or the namespace gone with all that was planned for it. */
async function planAgainIfMoved(run: Run, planned: Planned, options: DeployOptions): Promise<Planned> {
  const { stored, namespace } = planned.world;
  const { resourceVersion } = await readRecord(run);
  if (resourceVersion === stored.resourceVersion && !namespace?.metadata.deletionTimestamp) return planned;
  const again = await makePlan(run, options);
  await agree(run, again, { ...options, agreed: planned.plan });
  return again;
}

/**
 * Waits without writing anything, as there is neither lock nor record: `undefined` when there is something to do after all,
 * since an object is gone or what the graph means moved.
 */
async function onlyWait(run: Run, planned: Planned, options: DeployOptions): Promise<DeployResult | undefined> {
  const { world } = planned;
  const before = world.desired;
  const outcome = await applyAndWait(run, planned, { ...options, watchOnly: true });
  const wanted = new Set(world.desired.map(({ key }) => key));
  if (outcome.moved || before.some(({ key }) => !wanted.has(key))) return undefined;
  return report(run, planned, outcome);
}

type Applying = DeployOptions & Pick<ConvergeOptions, 'watchOnly'> & { readonly journal?: Journal };

async function applyAndWait(
  run: Run,
  { world }: Planned,
  { adopt, take, replace, pruneAll, watchOnly, journal }: Applying,
): Promise<Convergence> {
  const outcome = await converge(run, world, {
    adopt,
    take,
    replace,
    pruneAll,
    watchOnly,
    onDiscovered: async (desired) => {
      if (journal && liesOutside(journal.stored, desired))
        await journal.extend(intendedExtent(run, journal.stored, { desired }));
    },
  });
  const failure = outcome.moved ? undefined : await failureOf(run, world, outcome);
  if (failure) throw failure;
  return outcome;
}
