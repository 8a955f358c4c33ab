import { KubewrightError } from '../errors.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Desired } from './desired.ts';
import { forgetRelease, helmReleaseOf, releaseText } from './helm.ts';
import { describe, keys } from './identity.ts';
import type { ChangeAction } from './options.ts';
import { ownsAll } from './ownership.ts';
import type { Run } from './run.ts';
import type { World } from './world.ts';

/** What has to happen to an object, from what was read: no request is needed to see that nothing has to. */
export function decide(desired: Desired, world: World): ChangeAction {
  if (desired.check) return 'check';
  const live = world.live.object(desired.key);
  if (!live) return world.foreign.has(desired.key) ? 'adopt' : 'create';
  // It goes away and has to come back.
  if (live.metadata.deletionTimestamp) return 'create';
  const same = isUnchanged(desired, live) || world.confirmed.has(`${desired.key} ${desired.hash}`);
  return same ? 'unchanged' : 'update';
}

/** Objects as they were read, of which it is known that they are as wanted. */
const unchanged = new WeakMap<KubernetesObject, Desired>();

function isUnchanged(desired: Desired, live: KubernetesObject): boolean {
  const { object, hash } = desired;
  if (unchanged.get(live) === desired) return true;
  if (live.metadata.annotations?.[keys.intent] !== hash || !ownsAll(object, live)) return false;
  unchanged.set(live, desired);
  return true;
}

export function isOurs(run: Run, object: KubernetesObject): boolean {
  return object.metadata.labels?.[keys.partOf] === run.identity.id;
}

/** Of what a deployment made everything goes with it that is not marked `keep`. */
export function goesWithAll(run: Run): (object: KubernetesObject) => boolean {
  return (object) => isOurs(run, object) && object.metadata.annotations?.[keys.keep] !== 'true';
}

/** Kinds whose deletion takes data or other objects along. */
const precious = new Set(['Namespace', 'CustomResourceDefinition', 'PersistentVolumeClaim', 'PersistentVolume']);

/** Objects of this deployment that its graph does not name any more. */
export interface Orphans {
  readonly deletable: readonly KubernetesObject[];
  /** Left alone: marked `keep`, of a kind whose deletion needs consent, or nobody knows for certain that we made it. */
  readonly kept: readonly { readonly object: KubernetesObject; readonly reason: string }[];
  /** Of a rollback: what existed before we took it over, and belongs to nobody from now on. */
  readonly released: readonly KubernetesObject[];
}

/** Whether there is something that the graph does not name any more. */
export function hasOrphans(run: Run, world: World): boolean {
  const { deletable, kept, released } = findOrphans(run, world, true);
  return deletable.length + kept.length + released.length > 0;
}

/** Objects of nodes that cannot be computed yet are no orphans. */
export function findOrphans(run: Run, world: World, pruneAll: boolean): Orphans {
  const wanted = new Set(world.desired.map(({ key }) => key));
  const pending = world.resolution.pending.map(({ path }) => path);
  const deletable: KubernetesObject[] = [];
  const kept: { object: KubernetesObject; reason: string }[] = [];
  const released: KubernetesObject[] = [];
  for (const [key, object] of world.live.all()) {
    const { metadata, kind } = object;
    if (wanted.has(key) || !isOurs(run, object) || metadata.deletionTimestamp) continue;
    if (kind === 'Namespace' && metadata.name === run.identity.namespace) continue;
    const known = world.inventory?.get(key);
    if (known && pending.some((other) => known.path === other || known.path.startsWith(`${other}/`))) continue;
    const reason = keepReason(run, world, { object, uid: known?.uid });
    if (reason !== undefined) kept.push({ object, reason });
    else if (run.rollbackTo !== undefined && metadata.annotations?.[keys.adopted] === 'true') released.push(object);
    else if (precious.has(kind) && !pruneAll)
      kept.push({ object, reason: `deleting a ${kind} needs consent (\`pruneAll\`)` });
    else deletable.push(object);
  }
  return { deletable, kept, released };
}

/** Nothing is deleted on the word of a record that is lost or damaged, and by a rollback only what we made. */
function keepReason(
  { rollbackTo }: Run,
  { stored: { record }, damage }: World,
  { object: { metadata }, uid }: { readonly object: KubernetesObject; readonly uid: string | undefined },
): string | undefined {
  if (metadata.annotations?.[keys.keep] === 'true') return 'it is marked `keep`';
  if (!record || record.salvaged) return 'there is no record of it';
  if (damage) return 'the record of it is damaged';
  const isAnother = rollbackTo !== undefined && uid !== undefined && uid !== metadata.uid;
  return isAnother ? 'somebody else made it anew' : undefined;
}

/** The refusal to take over what somebody else made. */
export function foreignError(
  { label, kind, namespace, name }: Pick<Desired, 'label' | 'kind' | 'namespace' | 'name'>,
  found: KubernetesObject,
): KubewrightError {
  const other = found.metadata.labels?.[keys.partOf];
  const writers = found.metadata.managedFields?.filter(({ manager, subresource }) => manager && !subresource) ?? [];
  const managers = [...new Set(writers.map(({ manager }) => manager))].join(', ');
  const release = helmReleaseOf(found);
  const owner = other
    ? `another deployment (${other})`
    : release
      ? `${releaseText(release)} (${managers})`
      : managers || 'somebody else';
  return new KubewrightError({
    code: 'NotOurs',
    resource: label,
    message: `${describe({ kind, namespace, name })} exists and belongs to ${owner}`,
    hint: `Take it over with --adopt${release ? `, and then ${forgetRelease(release)}` : ''}; or give it another name or namespace.`,
  });
}
