import { findOrphans, hasOrphans } from './decide.ts';
import { keyOf } from './identity.ts';
import type { DeployedObject, DeployOptions } from './options.ts';
import type { Planned } from './planning.ts';
import { removeInOrder, type Removal } from './remove.ts';
import { letGo } from './restoring.ts';
import type { Run } from './run.ts';
import { readInventory } from './world.ts';

/** Deletes what the graph does not name any more, once everything that it names is there and ready. */
export async function prune(run: Run, { world }: Planned, options: DeployOptions): Promise<readonly DeployedObject[]> {
  if (hasOrphans(run, world)) await readInventory(run, world);
  const { deletable, released } = findOrphans(run, world, options.pruneAll ?? false);
  const removals = deletable.map((object): Removal => {
    const {
      apiVersion,
      kind,
      metadata: { name, namespace },
    } = object;
    const address = { apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
    const known = world.inventory?.get(keyOf(address));
    return {
      object,
      address: { label: known?.label ?? `${kind} ${name}`, ...address },
      wave: known?.wave ?? Number.MAX_SAFE_INTEGER,
    };
  });
  await removeInOrder(run, removals);
  for (const object of released) await letGo(run, object);
  return removals.map(({ address }) => ({ ...address, action: 'deleted', ready: true }));
}
