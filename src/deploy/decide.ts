import { KubewrightError } from '../errors.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Desired } from './desired.ts';
import { forgetRelease, helmReleaseOf, releaseText } from './helm.ts';
import { describe, fieldManager, groupKind, keyOf, keys, refOf } from './identity.ts';
import type { ChangeAction } from './options.ts';
import { isCopy, ownsAll, wroteCopy } from './ownership.ts';
import { fields } from './readiness/verdict.ts';
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
  if (same) return 'unchanged';
  return isCopy(live) ? 'adopt' : 'update';
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

/** What the record knows of single objects, by key. */
type Inventory = World['inventory'];

/** Whether an object has our label from us: some controllers copy the labels of ours to what they make of them. */
export function isMade(run: Run, object: KubernetesObject, inventory: Inventory): boolean {
  return isOurs(run, object) && (isLabelledByUs(object) || inventory?.has(keyOf(refOf(object))) === true);
}

/** By an apply, or by the requests that create namespaces and move objects from one mode to the other. */
function isLabelledByUs({ metadata: { managedFields = [] } }: KubernetesObject): boolean {
  return managedFields.some(({ manager, subresource, fieldsV1 }) => {
    if (manager !== fieldManager || subresource) return false;
    const labels = fields(fields(fieldsV1?.['f:metadata'])['f:labels']);
    return labels[`f:${keys.partOf}`] !== undefined;
  });
}

/** Of what a deployment made everything goes with it that is not marked `keep`. */
export function goesWithAll(run: Run, inventory: Inventory): (object: KubernetesObject) => boolean {
  return (object) => isMade(run, object, inventory) && object.metadata.annotations?.[keys.keep] !== 'true';
}

/** Deleting one of these takes everything in it along, whoever made that. */
export const holderKinds: readonly string[] = ['CustomResourceDefinition.apiextensions.k8s.io', 'Namespace'];

/** Whether deleting an object takes data along: that of a volume, or of the volumes that a StatefulSet has deleted with it. */
export function losesData(object: KubernetesObject): boolean {
  const { persistentVolumeClaimRetentionPolicy: retention } = fields(object['spec']);
  if (groupKind(object) === 'StatefulSet.apps') return fields(retention)['whenDeleted'] === 'Delete';
  return ['PersistentVolumeClaim', 'PersistentVolume'].includes(groupKind(object));
}

/** Objects of this deployment that its graph does not name any more. */
export interface Orphans {
  readonly deletable: readonly KubernetesObject[];
  /** Left alone: marked `keep`, of a kind whose deletion needs consent, or nobody knows for certain that we made it. */
  readonly kept: readonly { readonly object: KubernetesObject; readonly reason: string }[];
  /** Of a rollback: what existed before we took it over, and belongs to nobody from now on. */
  readonly released: readonly KubernetesObject[];
  /** Objects of others that have our label all the same; no run touches or records them. */
  readonly copied: readonly KubernetesObject[];
}

export const noOrphans: Orphans = { deletable: [], kept: [], released: [], copied: [] };

/** Whether there is something that the graph does not name any more. */
export function hasOrphans(run: Run, world: World): boolean {
  const { deletable, kept, released, copied } = findOrphans(run, world, true);
  return deletable.length + kept.length + released.length + copied.length > 0;
}

/** Objects of nodes that cannot be computed yet are no orphans. */
export function findOrphans(run: Run, world: World, pruneAll: boolean): Orphans {
  const wanted = new Set(world.desired.map(({ key }) => key));
  const pending = world.resolution.pending.map(({ path }) => path);
  const deletable: KubernetesObject[] = [];
  const kept: { object: KubernetesObject; reason: string }[] = [];
  const released: KubernetesObject[] = [];
  const copied: KubernetesObject[] = [];
  for (const [key, object] of world.live.all()) {
    const { metadata, kind } = object;
    const isPrecious = holderKinds.includes(groupKind(object)) || losesData(object);
    if (wanted.has(key) || !isOurs(run, object) || metadata.deletionTimestamp) continue;
    if (kind === 'Namespace' && metadata.name === run.identity.namespace) continue;
    if (!isMade(run, object, world.inventory)) {
      copied.push(object);
      continue;
    }
    const known = world.inventory?.get(key);
    if (known && pending.some((other) => known.path === other || known.path.startsWith(`${other}/`))) continue;
    const reason = keepReason(run, world, { object, uid: known?.uid });
    if (reason !== undefined) kept.push({ object, reason });
    else if (run.rollbackTo !== undefined && metadata.annotations?.[keys.adopted] === 'true') released.push(object);
    else if (isPrecious && !pruneAll)
      kept.push({
        object,
        reason: `deleting a ${kind}${kind === 'StatefulSet' ? ' and its volumes' : ''} needs consent (\`pruneAll\`)`,
      });
    else deletable.push(object);
  }
  return { deletable, kept, released, copied };
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

const manyCopies = 12;

/** What somebody else labelled as ours; what has an owner follows from that, and is not worth a word. */
export function copiedWarnings(copied: Orphans['copied']): readonly string[] {
  const names = copied
    .filter(({ metadata }) => !metadata.ownerReferences?.length)
    .map((object) => `${describe(refOf(object))} (${managersOf(object) || 'somebody else'})`);
  if (names.length === 0) return [];
  const more = names.length > manyCopies ? ` and ${names.length - manyCopies} more` : '';
  const shown = names.slice(0, manyCopies).join(', ');
  return [`left alone, as somebody else gave them the label of this deployment: ${shown}${more}`];
}

function managersOf({ metadata: { managedFields = [] } }: KubernetesObject): string {
  const writers = managedFields.filter(({ manager, subresource }) => manager && !subresource);
  return [...new Set(writers.map(({ manager }) => manager))].join(', ');
}

/** The refusal to take over what somebody else made. */
export function foreignError(
  { label, kind, namespace, name }: Pick<Desired, 'label' | 'kind' | 'namespace' | 'name'>,
  found: KubernetesObject,
): KubewrightError {
  if (isCopy(found))
    return new KubewrightError({
      code: 'NotOurs',
      resource: label,
      message: `${describe({ kind, namespace, name })} ${copyText(found)}`,
      hint: 'Take it over with --adopt.',
    });
  const other = found.metadata.labels?.[keys.partOf];
  const managers = managersOf(found);
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

function copyText({ metadata: { managedFields = [] } }: KubernetesObject): string {
  const writers = managedFields.filter(wroteCopy).map(({ manager }) => manager);
  return writers.length > 0
    ? `was restored by ${writers.join(', ')} from a copy of what was deployed, and its fields belong to that`
    : 'has fields that belong to nobody any more: its managedFields were emptied';
}
