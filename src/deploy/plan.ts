import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { basisOf, planWithKro } from './kro/plan.ts';
import type { DeployOptions, Plan } from './options.ts';
import { makePlan } from './planning.ts';
import { startRun, whileRunning } from './run.ts';
import { savePlan, type SavedPlan } from './saved-plan.ts';
import { checkPolicy } from './secrets.ts';

/**
 * What a deployment would do, by the server's own dry run. Nothing is written.
 *
 * @throws KubewrightError when the cluster cannot be read; why a deployment would be refused is in `problems`
 */
export async function plan(graph: Graph, options: DeployOptions): Promise<Plan> {
  return (await planToSave(graph, options)).plan;
}

/**
 * The same, with what it takes to deploy exactly this plan later: `deploy(graph, { …, ...saved.options, saved })` is refused when
 * the cluster, the graph, its values or its Secrets moved since then. What is saved holds no values of Secrets.
 */
export async function planToSave(
  graph: Graph,
  options: DeployOptions,
): Promise<{ readonly plan: Plan; readonly save: () => Promise<SavedPlan> }> {
  const run = startRun(graph, options);
  checkPolicy(graph, run.secrets);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    if (run.mode === 'kro') {
      const planned = await planWithKro(run, options, { thorough: true });
      return { plan: planned.plan, save: () => savePlan(run, basisOf(planned), options) };
    }
    const { plan: made, world } = await makePlan(run, options, { thorough: true });
    return { plan: made, save: () => savePlan(run, { world }, options) };
  });
}
