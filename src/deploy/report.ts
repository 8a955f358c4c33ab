import type { Convergence } from './converge.ts';
import { addressOf } from './item.ts';
import { describe } from './identity.ts';
import type { DeployedObject, DeployResult } from './options.ts';
import type { Planned } from './planning.ts';
import type { Run } from './run.ts';
import { resolveAgain } from './world.ts';

/** What a call did, and the status of the instance by the objects as they are now. */
export function report(
  run: Run,
  { world }: Planned,
  { items }: Convergence,
  pruned: readonly DeployedObject[] = [],
): DeployResult {
  const { status, statusPending } = resolveAgain(world, run);
  for (const { desired, verdict } of items) {
    if (verdict?.state === 'waiting')
      run.emit({
        type: 'warning',
        message: `${describe(desired)}: ${verdict.reason}; nobody may ever report on it, so it counts as ready`,
      });
  }
  const made = items.map(({ desired, action }): DeployedObject => ({ ...addressOf(desired), action, ready: true }));
  return {
    status,
    statusPending,
    objects: [...made, ...pruned],
    writes: run.cluster.writes,
    duration: performance.now() - run.startedAt,
  };
}
