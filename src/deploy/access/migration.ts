import type { KindReference } from '../../cluster/cluster.ts';
import { splitSecretPaths } from '../../kro/secrets.ts';
import { groupOf, refOf } from '../identity.ts';
import { heldByKro, isInstance } from '../kro/claim.ts';
import { migrationOf } from '../mode.ts';
import type { StoredRecord } from '../record.ts';
import { kindOf, type Run } from '../run.ts';
import { directNeeds, objectNeeds } from './direct.ts';
import type { Footprint } from './footprint.ts';
import type { Need } from './need.ts';

/** What a change of the mode needs beside the deployment after it. */
export async function migrationNeeds(
  run: Run,
  stored: StoredRecord,
  { footprint, existing }: { readonly footprint: Footprint; readonly existing: ReadonlySet<string> },
): Promise<readonly Need[]> {
  const move = migrationOf(run, stored, { migrate: true });
  if (!move) return [];
  const claim = move.from ? await claimNeeds(run, move.from) : [];
  return run.mode === 'kro' ? [...claim, ...releaseNeeds(run, footprint, existing)] : claim;
}

/** kro is stopped, what it made is taken from it, and then the instance goes. */
async function claimNeeds(run: Run, from: KindReference): Promise<readonly Need[]> {
  const { instance, members, scopes } = await heldByKro(run, from);
  const needs: Need[] = [];
  for (const { apiVersion, kind, namespace } of scopes) {
    const resource = (await kindOf(run, { apiVersion, kind }))?.plural;
    if (resource) needs.push({ group: groupOf(apiVersion), resource, namespace, verbs: ['list'] });
  }
  for (const object of instance ? [instance, ...members] : []) {
    const { apiVersion, kind, namespace, name } = refOf(object);
    const resource = (await kindOf(run, { apiVersion, kind }))?.plural;
    if (!resource) continue;
    const whole = object === instance ? ['get', 'delete'] : [];
    const verbs = isInstance(object) ? [...whole, 'patch', 'list', 'watch'] : ['get', 'patch'];
    needs.push({ group: groupOf(apiVersion), resource, namespace, name, verbs });
  }
  return needs;
}

/** What kro makes from now on is looked for, and our label taken off it. */
function releaseNeeds(run: Run, footprint: Footprint, existing: ReadonlySet<string>): readonly Need[] {
  const split = new Set(splitSecretPaths(run.graph));
  const released = footprint.made.filter(({ path }) => path === undefined || !split.has(path));
  return [
    ...directNeeds(footprint, ['status'], existing),
    ...released.flatMap((place) => objectNeeds(place, ['get', 'patch'])),
  ];
}
