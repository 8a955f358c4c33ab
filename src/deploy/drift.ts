import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import type { Desired } from './desired.ts';
import { goesByItself, mayHaveEnded } from './ended.ts';
import { pathOf, stepOf, valueOf } from './field-steps.ts';
import { isHandedOver } from './hand-over.ts';
import { addressOf } from './item.ts';
import { fieldManager, keyOf, keys, refOf } from './identity.ts';
import { canonical, intentHash } from './intent.ts';
import type { Drift, ObjectAddress } from './options.ts';
import { lostValues } from './lost-values.ts';
import { isCopy, ownFields, ownsStep, unowned, type FieldStep } from './ownership.ts';
import type { RecordedObject } from './snapshot.ts';
import type { World } from './world.ts';

/**
 * What happened to a deployment since it was made, by others: objects that are gone, fields that are not ours any more.
 * Compared is with what was asked for then, so changes of the graph are no drift. Call after `readInventory`.
 */
export function driftOf(world: World): readonly Drift[] {
  const { desired, live, inventory = new Map<string, RecordedObject>() } = world;
  const wanted = new Map(desired.map((each) => [each.key, each]));
  const recorded = [...inventory].flatMap(([key, entry]): readonly Drift[] => {
    const address = addressOf(wanted.get(key) ?? { label: entry.label, ...refOf(entry.object) });
    const now = live.object(key);
    return now ? changed(world, { address, entry, now, wanted: wanted.get(key) }) : absent(world, address, entry);
  });
  const unrecorded = desired.flatMap((each): readonly Drift[] => {
    const now = each.check || inventory.has(each.key) ? undefined : live.object(each.key);
    return now ? changed(world, { address: addressOf(each), now, wanted: each }) : [];
  });
  return [...recorded, ...unrecorded];
}

/** What an object of the graph that is not there is: only what the record names can be missing. */
export function absence({ stored, inventory }: World, { check, key }: Desired): 'missing' | 'undeployed' {
  const isKnown = check || !inventory || !stored.record || inventory.has(key);
  return isKnown ? 'missing' : 'undeployed';
}

function absent({ stored, foreign }: World, address: ObjectAddress, entry: RecordedObject): readonly Drift[] {
  const { record, salt } = stored;
  if (record?.phase !== 'deployed')
    return [unknown(address, `it is not there, and revision ${record?.revision} did not end`)];
  const found = foreign.get(keyOf(refOf(entry.object)));
  if (!found) {
    const reason = goesByItself(entry.object) ? mayHaveEnded : 'somebody deleted it';
    return [{ ...address, change: 'deleted', reason }];
  }
  if (isAnother(entry, found)) return [madeAnew(address)];
  const other = found.metadata.labels?.[keys.partOf];
  const reason = other
    ? `it belongs to another deployment now (${other})`
    : 'it does not carry the label of this deployment any more';
  return [{ ...address, change: 'released', reason }, ...fieldDrifts(address, { entry, now: found, salt })];
}

function isAnother({ uid }: RecordedObject, { metadata }: KubernetesObject): boolean {
  return uid !== undefined && uid !== metadata.uid;
}

function madeAnew(address: ObjectAddress): Drift {
  return { ...address, change: 'deleted', reason: 'somebody deleted it and made another one' };
}

interface Comparison {
  readonly address: ObjectAddress;
  readonly entry?: RecordedObject;
  readonly now: KubernetesObject;
  readonly wanted: Desired | undefined;
}

function changed(world: World, { address, entry, now, wanted }: Comparison): readonly Drift[] {
  if (now.metadata.deletionTimestamp) return [{ ...address, change: 'deleted', reason: 'it is being deleted' }];
  const { record, salt } = world.stored;
  const applied = now.metadata.annotations?.[keys.intent];
  if (entry && (record?.phase === 'deployed' || applied === intentHash(entry.object, salt))) {
    // What was restored with its owners is as it was.
    const anew = record?.phase === 'deployed' && isAnother(entry, now) && isCopy(now) ? [madeAnew(address)] : [];
    return [...anew, ...fieldDrifts(address, { entry, now, salt })];
  }
  // A run that did not end may have applied it.
  if (wanted && applied === wanted.hash) return comparedFields(address, wanted.object, now);
  const [missing] = wanted?.missing ?? [];
  if (missing !== undefined) return [unknown(address, missing)];
  return [unknown(address, record ? `revision ${record.revision} did not end` : 'there is no record of it')];
}

/** Of `apiVersion`, `kind` and `metadata` nothing can be compared. */
const bareFields = 3;

function unknown(address: ObjectAddress, reason: string): Drift {
  return { ...address, change: 'unknown', reason: `not compared: ${reason}` };
}

interface Applied {
  readonly entry: RecordedObject;
  readonly now: KubernetesObject;
  readonly salt: string;
}

/** What became of an object since it was applied. */
function fieldDrifts(address: ObjectAddress, { entry, now, salt }: Applied): readonly Drift[] {
  const { object, keep, left } = entry;
  if (left && Object.keys(object).length === bareFields) return [unknown(address, 'the record only names it')];
  const { metadata } = object;
  const kept = { ...metadata, annotations: { ...metadata.annotations, [keys.keep]: 'true' } };
  const intent = keep ? { ...object, metadata: kept } : object;
  // All deployments own fields by the same name, so another one's are told by their values. The server rewrites some
  // values of ours (`1000m`), but never those of what kro defines.
  const isOthers = isOfKro(now) || now.metadata.annotations?.[keys.intent] !== intentHash(object, salt);
  return [...comparedFields(address, intent, now), ...(isOthers ? rewritten(address, intent, now) : [])];
}

function comparedFields(address: ObjectAddress, intent: KubernetesObject, live: KubernetesObject): readonly Drift[] {
  const fields = ownFields(live);
  const lost = fields
    ? [...unowned(intent, fields)].map((steps) => ({ steps, isCertain: true }))
    : [...lostValues(intent, live)];
  // Of an instance and a definition the whole spec is ours; other objects have controllers that fill it.
  const paths = new Set(lost.map(({ steps }) => pathOf(steps)));
  const foreign = isOfKro(live) ? [...foreignSpec(live, fields ?? {})] : [];
  const added = foreign.filter((steps) => !paths.has(pathOf(steps))).map((steps) => ({ steps, isCertain: true }));
  return [...lost, ...added].map(({ steps, isCertain }): Drift => {
    const owner = live.metadata.managedFields?.find(
      (entry) => entry.manager !== fieldManager && ownsStep(entry.fieldsV1 ?? {}, steps),
    );
    const reason = reasonOf(live, owner, valueOf(live, steps));
    const drift = fieldDrift(address, { steps, intent, live }, { manager: owner?.manager, reason });
    return isCertain ? drift : { ...drift, ...unknown(address, `${pathOf(steps)} may be the same in another form`) };
  });
}

/** Fields that we own, by name, and that are not as they were asked for. */
function rewritten(address: ObjectAddress, intent: KubernetesObject, live: KubernetesObject): readonly Drift[] {
  const fields = ownFields(live);
  const steps = fields ? [...differing(fields, [intent, live], [])] : [];
  return steps.map((each) =>
    fieldDrift(address, { steps: each, intent, live }, { manager: fieldManager, reason: 'another deployment set it' }),
  );
}

const marks: readonly FieldStep[] = Object.values(keys);

/** The leaves of an owned set at which two values differ; what marks the deployment itself does so always. */
function* differing(
  fields: Fields,
  values: readonly [unknown, unknown],
  steps: readonly FieldStep[],
): Iterable<readonly FieldStep[]> {
  if (canonical(values[0]) === canonical(values[1])) return;
  const children = Object.entries(fields).filter(([name]) => name !== '.');
  if (children.length === 0) yield steps;
  for (const [name, child] of children) {
    const step = stepOf(name);
    if (marks.includes(step)) continue;
    const inner = [valueOf(values[0], [step]), valueOf(values[1], [step])] as const;
    yield* differing(child as Fields, inner, [...steps, step]);
  }
}

interface Field {
  readonly steps: readonly FieldStep[];
  readonly intent: KubernetesObject;
  readonly live: KubernetesObject;
}

function fieldDrift(
  address: ObjectAddress,
  { steps, intent, live }: Field,
  { manager, reason }: { readonly manager: string | undefined; readonly reason: string },
): Drift {
  const isSecret = address.kind === 'Secret' && (steps[0] === 'data' || steps[0] === 'stringData');
  const [before, after] = [valueOf(intent, steps), valueOf(live, steps)].map((value) =>
    isSecret && value !== undefined ? '(secret)' : value,
  );
  return {
    ...address,
    change: 'field',
    path: pathOf(steps),
    ...(manager !== undefined && { manager }),
    ...(before !== undefined && { wanted: before }),
    ...(after !== undefined && { found: after }),
    reason,
  };
}

/** kro labels what it makes and the instances that it makes it for; a definition is of its group. */
function isOfKro({ apiVersion, metadata }: KubernetesObject): boolean {
  return apiVersion.startsWith('kro.run/') || metadata.finalizers?.some((name) => name.startsWith('kro.run/')) === true;
}

/** Leaves of the spec that others wrote and we do not own. */
function* foreignSpec(live: KubernetesObject, own: Fields): Iterable<readonly FieldStep[]> {
  for (const { manager, subresource, fieldsV1 } of live.metadata.managedFields ?? []) {
    if (manager === fieldManager || subresource) continue;
    const spec = fieldsV1?.['f:spec'] as Fields | undefined;
    if (spec) yield* foreignLeaves(spec, own['f:spec'] as Fields | undefined, ['spec']);
  }
}

function* foreignLeaves(
  fields: Fields,
  own: Fields | undefined,
  steps: readonly FieldStep[],
): Iterable<readonly FieldStep[]> {
  const children = Object.entries(fields).filter(([name]) => name !== '.');
  if (children.length === 0 && !own) yield steps;
  if (own && Object.keys(own).length === 0) return;
  for (const [name, child] of children) {
    yield* foreignLeaves(child as Fields, own?.[name] as Fields | undefined, [...steps, stepOf(name)]);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function reasonOf(live: KubernetesObject, owner: ManagedFields | undefined, found: unknown): string {
  if (!owner) return found === undefined ? 'somebody removed it' : 'somebody changed it';
  return isHandedOver(live, owner) ? `${owner.manager} has it, as it should` : `${owner.manager} set it`;
}
