import type { KubernetesObject } from '../../cluster/cluster.ts';
import { findOrphans, noOrphans, type Orphans } from '../decide.ts';
import { isElsewhere, migrationOf } from '../mode.ts';
import type { DeployOptions } from '../options.ts';
import { moveText } from '../planning.ts';
import { planRelease } from '../release.ts';
import type { Run } from '../run.ts';
import { readInventory, type World } from '../world.ts';
import { heldByKro, nothingClaimed, planClaim, type Claim } from './claim.ts';
import type { PlannedInstance } from './instance.ts';

/** What a deployment has before this run, in kro's hands or in ours. */
export interface Arrival {
  /** Keys of what the record knows, while it changes hands. */
  readonly handed?: ReadonlySet<string>;
  /** Of what we made ourselves. */
  readonly orphans: Orphans;
  /** What another instance of kro's gives up. */
  readonly claim: Claim;
  /** Objects that kro makes, as they are. */
  readonly members: () => Promise<readonly KubernetesObject[]>;
  readonly warnings: readonly string[];
}

/** What there is of a deployment, and what of it changes hands: from direct mode, or from another definition. */
export async function arrivalOf(
  run: Run,
  world: World,
  { options, instance }: { readonly options: DeployOptions; readonly instance: PlannedInstance },
): Promise<Arrival> {
  const { record } = world.stored;
  const migration = migrationOf(run, world.stored, options);
  if (!migration && record?.migrating?.from !== 'direct')
    return {
      orphans: isElsewhere(run, world.stored, options) ? noOrphans : findOrphans(run, world, false),
      claim: nothingClaimed,
      members: async () => (instance.live ? (await heldByKro(run, instance.live)).members : []),
      warnings: [],
    };
  await readInventory(run, world);
  const [{ released, world: ours }, claim] = await Promise.all([
    planRelease(run),
    migration?.from ? planClaim(run, migration.from) : nothingClaimed,
  ]);
  const orphans = findOrphans(run, ours, false);
  return {
    handed: new Set(world.inventory?.keys()),
    orphans,
    claim,
    members: () => Promise.resolve([...released, ...orphans.deletable, ...claim.objects]),
    warnings: [
      ...(released.length > 0 ? [moveText('direct', 'kro', released.length)] : []),
      ...(claim.objects.length > 0 ? [moveText('kro', 'kro', claim.objects.length)] : []),
    ],
  };
}
