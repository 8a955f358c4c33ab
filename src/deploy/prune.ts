import { findOrphans, hasOrphans, type Orphans } from './decide.ts';
import { isAmong, removeCarefully } from './holders.ts';
import { keyOf, refOf } from './identity.ts';
import type { DeployedObject, DeployOptions } from './options.ts';
import { orphanAddress, type Planned } from './planning.ts';
import type { Removal } from './remove.ts';
import { letGo } from './restoring.ts';
import type { Run } from './run.ts';
import { readInventory } from './world.ts';

/** What became of what the graph does not name any more. */
export interface Pruned {
  readonly deleted: readonly DeployedObject[];
  readonly orphans: Orphans;
}

/** Deletes what the graph does not name any more, once everything that it names is there and ready. */
export async function prune(run: Run, planned: Planned, options: DeployOptions): Promise<Pruned> {
  const { world } = planned;
  if (hasOrphans(run, world)) await readInventory(run, world);
  const orphans = findOrphans(run, world, options.pruneAll ?? false);
  const { deletable, released } = orphans;
  // What the plan says stays does so, also when it could go by now.
  const promised = new Map(planned.orphans.kept.map(({ object, reason }) => [object.metadata.uid, reason]));
  const staying = deletable.flatMap((object) => {
    const reason = promised.get(object.metadata.uid);
    return reason === undefined ? [] : [{ object, reason }];
  });
  const going = deletable.filter(({ metadata }) => !promised.has(metadata.uid));
  const removals = going.map((object): Removal => {
    const known = world.inventory?.get(keyOf(refOf(object)));
    return { object, address: orphanAddress(world, object), wave: known?.wave ?? Number.MAX_SAFE_INTEGER };
  });
  const { removed, kept } = await removeCarefully(run, removals, { goes: isAmong(going) });
  for (const object of released) await letGo(run, object);
  return {
    deleted: removed.map(({ address }) => ({ ...address, action: 'deleted', ready: true })),
    orphans: { ...orphans, kept: [...orphans.kept, ...staying, ...kept] },
  };
}
