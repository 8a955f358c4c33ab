import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { splitSecretPaths } from '../kro/secrets.ts';
import { findOrphans, isOurs } from './decide.ts';
import { fieldManager, keyOf, refOf } from './identity.ts';
import { asKros, moveObject } from './kro/claim.ts';
import { readWorld } from './planning.ts';
import { retrying } from './retry.ts';
import type { Run } from './run.ts';
import type { World } from './world.ts';

/** What a change from direct mode to kro means for the objects that are there. */
export interface HandOver {
  /** Objects that kro will make its own. */
  readonly released: readonly KubernetesObject[];
  readonly world: World;
}

/** Everything of ours that kro makes from now on: not the Secrets that stay with us, nor what the graph no longer names. */
export async function planRelease(run: Run): Promise<HandOver> {
  const world = await readWorld(run);
  const { deletable, kept, copied } = findOrphans(run, world, false);
  const split = new Set(splitSecretPaths(run.graph));
  const staying = new Set([
    ...[...deletable, ...copied, ...kept.map(({ object }) => object)].map((object) => keyOf(refOf(object))),
    ...world.desired.filter(({ path }) => split.has(path)).map(({ key }) => key),
    keyOf({ apiVersion: 'v1', kind: 'Namespace', name: run.identity.namespace }),
  ]);
  const released = [...world.live.all()]
    .filter(([key, object]) => isOurs(run, object) && !staying.has(key))
    .map(([, object]) => object);
  return { released, world };
}

/** Takes our label off what kro makes from now on; kro refuses what carries another set's. */
export async function release(run: Run): Promise<number> {
  const { released } = await planRelease(run);
  await Promise.all(released.map((object) => run.pool.run(() => releaseOne(run, object))));
  return released.length;
}

async function releaseOne(run: Run, object: KubernetesObject): Promise<void> {
  await retrying(
    async () => {
      const live = await run.cluster.get(refOf(object), { signal: run.signal });
      if (!live || !isOurs(run, live)) return;
      const isOwn = ({
        manager,
        operation,
        subresource,
      }: {
        manager?: string;
        operation?: string;
        subresource?: string;
      }): boolean => manager === fieldManager && operation === 'Apply' && !subresource;
      await moveObject(run, live, { label: undefined, fields: asKros(live.metadata.managedFields, isOwn) });
    },
    {
      signal: run.signal,
      heals: (error) => isApiError(error, 'Conflict', 'TooManyRequests', 'ServerError', 'Unreachable'),
    },
  );
}
