import type { Cluster } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import type { DeployOptions, Plan } from '../deploy/options.ts';
import type { Counting } from './counts.ts';
import { DeployView } from './deploy-view.ts';
import { clusterText } from './heading.ts';
import { planText } from './plan-text.ts';
import { withCluster } from './session.ts';
import type { Target } from './target.ts';
import type { Progress } from './terminal.ts';
import type { Call } from './verb.ts';

/** Work that changes a cluster, and how it is shown. */
export interface Working {
  readonly target: Target;
  readonly call: Call;
  readonly progress: Progress;
  readonly work: Counting['work'];
  /** Asked with the plan, where somebody sits in front of it and the cluster is not local: `Delete shop from`. */
  readonly question: string;
}

/** Shows the plan, asks, and shows what happens until the work is done. */
export async function working<T>(
  { target, call: { flags, terminal, signal }, progress, work, question }: Working,
  act: (cluster: Cluster, watching: Pick<DeployOptions, 'confirm' | 'onEvent'>) => Promise<T>,
): Promise<T> {
  const { colors } = terminal;
  const { cluster: source, mode } = target;
  const view = new DeployView(progress, { colors, graph: target.name, namespace: target.instance.namespace, work });
  // A plan that was saved has been agreed to.
  const asks = terminal.interactive && flags['yes'] !== true && flags['plan'] === undefined && source.kind !== 'local';
  const confirm = async (plan: Plan): Promise<boolean> => {
    view.pause();
    progress.line(planText(plan, colors, { mode, work }));
    return !asks || terminal.confirm(`${question} ${clusterText(source)}?`, signal);
  };
  try {
    return await withCluster(source, progress, (cluster) =>
      act(cluster, { confirm, onEvent: (event) => view.show(event) }),
    );
  } catch (error) {
    const done = view.soFar();
    // Who was undone has nothing left, and who was stopped is told by the error.
    const isLeft = error instanceof KubewrightError && !['RolledBack', 'Interrupted', 'Timeout'].includes(error.code);
    if (done !== '' && isLeft)
      progress.line(`  ${done}, then it failed: what was done stays, and the next run goes on from there`);
    throw error;
  } finally {
    view.end();
  }
}
