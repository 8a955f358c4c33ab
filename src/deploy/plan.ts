import type { Graph } from '../graph/graph.ts';
import { checkCluster } from './cluster-identity.ts';
import { planWithKro } from './kro/plan.ts';
import type { DeployOptions, Plan } from './options.ts';
import { makePlan } from './planning.ts';
import { startRun, whileRunning } from './run.ts';
import { checkPolicy } from './secrets.ts';

/**
 * What a deployment would do, by the server's own dry run. Nothing is written.
 *
 * @throws KubewrightError when the cluster cannot be read; why a deployment would be refused is in `problems`
 */
export async function plan(graph: Graph, options: DeployOptions): Promise<Plan> {
  const run = startRun(graph, options);
  checkPolicy(graph, run.secrets);
  return whileRunning(run, async () => {
    await checkCluster(run, options.clusterId);
    return run.mode === 'kro'
      ? (await planWithKro(run, options, true)).plan
      : (await makePlan(run, options, true)).plan;
  });
}
