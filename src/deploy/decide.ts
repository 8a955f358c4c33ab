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

/** Kinds whose deletion takes data or other objects along. */
const precious = new Set(['Namespace', 'CustomResourceDefinition', 'PersistentVolumeClaim', 'PersistentVolume']);

/** Objects of this deployment that its graph does not name any more. */
export interface Orphans {
  readonly deletable: readonly KubernetesObject[];
  /** Left alone: marked `keep`, or of a kind whose deletion needs consent. */
  readonly kept: readonly { readonly object: KubernetesObject; readonly reason: string }[];
}

/** Objects of nodes that cannot be computed yet are no orphans. */
export function findOrphans(run: Run, world: World, pruneAll: boolean): Orphans {
  const wanted = new Set(world.desired.map(({ key }) => key));
  const pending = world.resolution.pending.map(({ path }) => path);
  const pathOf = new Map(
    world.stored.record?.objects.map((entry) => [`${entry.kind}/${entry.namespace ?? ''}/${entry.name}`, entry.path]),
  );
  const deletable: KubernetesObject[] = [];
  const kept: { object: KubernetesObject; reason: string }[] = [];
  for (const [key, object] of world.live.all()) {
    const { metadata, kind } = object;
    if (wanted.has(key) || !isOurs(run, object) || metadata.deletionTimestamp) continue;
    if (kind === 'Namespace' && metadata.name === run.identity.namespace) continue;
    const path = pathOf.get(`${kind}/${metadata.namespace ?? ''}/${metadata.name}`);
    if (path !== undefined && pending.some((other) => path === other || path.startsWith(`${other}/`))) continue;
    if (metadata.annotations?.[keys.keep] === 'true') kept.push({ object, reason: 'it is marked `keep`' });
    else if (precious.has(kind) && !pruneAll)
      kept.push({ object, reason: `deleting a ${kind} needs consent (\`pruneAll\`)` });
    else deletable.push(object);
  }
  return { deletable, kept };
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
