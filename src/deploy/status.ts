import { throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { explainExpressions } from '../resolve/explain.ts';
import { checkCluster } from './cluster-identity.ts';
import { diagnose } from './diagnose.ts';
import type { Desired } from './desired.ts';
import { absence, driftOf } from './drift.ts';
import { goesByItself, mayHaveEnded } from './ended.ts';
import { addressOf } from './item.ts';
import { statusWithKro } from './kro/status.ts';
import type { Drift, ObjectState, StatusOptions, StatusResult } from './options.ts';
import { readWorld } from './planning.ts';
import { rulesNow } from './rule-context.ts';
import { startRun, subject, whileRunning } from './run.ts';
import type { Run } from './run.ts';
import { withoutScaled } from './scalers.ts';
import { unmetAround, verdictOf } from './verdict-of.ts';
import { expressionReasons } from './why.ts';
import { lookForReleased, readInventory, type World } from './world.ts';

/** How a deployment does now, read once. */
export async function status(graph: Graph, options: StatusOptions): Promise<StatusResult> {
  const run = startRun(graph, options);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    const reading = { ...run, readOnly: true };
    const { drift, ...found } = await (run.mode === 'kro' ? statusWithKro : statusDirectly)(reading, options);
    return { ...found, ...(drift && { drift: run.secretValues.hideInAll(drift) as readonly Drift[] }) };
  });
}

async function statusDirectly(run: Run, { why, drift }: StatusOptions): Promise<StatusResult> {
  const world = await readWorld(run);
  throwProblems(subject(run), world.denied as never);
  if (drift) {
    await readInventory(run, world);
    if (world.damage) throw world.damage;
    await lookForReleased(run, world);
  }
  const wanted = world.desired.map(({ object }) => object);
  const rules = await rulesNow(run, wanted, (key) => world.live.object(key));
  const { hide } = run.secretValues;
  const objects = await Promise.all(
    world.desired.map(async (desired): Promise<ObjectState> => {
      const live = world.live.object(desired.key);
      if (!live) return absentState(world, desired);
      const { state, reason } = verdictOf(run.graph, { path: desired.path, object: live }, rules);
      const details = why && state !== 'ready' ? await run.pool.run(() => diagnose(run, live)) : [];
      return {
        ...addressOf(desired),
        state,
        ...(reason !== undefined && { reason: hide(reason) }),
        ...(details.length > 0 && { details: details.map(hide) }),
      };
    }),
  );
  const { resolution, stored } = world;
  return {
    deployed: stored.record !== undefined || objects.some(({ state }) => state !== 'missing'),
    status: resolution.status,
    statusPending: resolution.statusPending,
    objects,
    pending: [...resolution.pending, ...unmetAround(run.graph, resolution)].map(({ path, reason }) => ({
      path,
      reason,
    })),
    ...(why && { expressions: expressionReasons(explainExpressions(run.graph, run.instance, world.live), hide) }),
    ...(drift && { drift: await withoutScaled(run, world, driftOf(world)) }),
  };
}

function absentState(world: World, desired: Desired): ObjectState {
  const state = absence(world, desired);
  const isKnown = world.inventory?.has(desired.key) === true;
  const reason = isKnown && goesByItself(desired.object) ? mayHaveEnded : undefined;
  return { ...addressOf(desired), state, ...(reason !== undefined && { reason }) };
}
