import { throwProblems } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { addressOf } from './item.ts';
import { statusWithKro } from './kro/status.ts';
import type { ObjectState, StatusResult, TargetOptions } from './options.ts';
import { readWorld } from './planning.ts';
import { judge } from './readiness/table.ts';
import { ruleContext } from './rule-context.ts';
import { startRun, subject, whileRunning } from './run.ts';
import type { Run } from './run.ts';

/** How a deployment does now, read once. */
export async function status(graph: Graph, options: TargetOptions): Promise<StatusResult> {
  const run = startRun(graph, options);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    return run.mode === 'kro' ? statusWithKro(run) : statusDirectly(run);
  });
}

async function statusDirectly(run: Run): Promise<StatusResult> {
  const world = await readWorld(run);
  throwProblems(subject(run), world.denied as never);
  const rules = await ruleContext(
    run,
    world.desired.map(({ object }) => object),
  );
  const objects = world.desired.map((desired): ObjectState => {
    const live = world.live.object(desired.key);
    if (!live) return { ...addressOf(desired), state: 'missing' };
    const verdict = judge(live, rules);
    return {
      ...addressOf(desired),
      state: verdict.state,
      ...(verdict.reason !== undefined && { reason: verdict.reason }),
    };
  });
  const { resolution, stored } = world;
  return {
    deployed: stored.record !== undefined || objects.some(({ state }) => state !== 'missing'),
    status: resolution.status,
    statusPending: resolution.statusPending,
    objects,
    pending: resolution.pending.map(({ path, reason }) => ({ path, reason })),
  };
}
