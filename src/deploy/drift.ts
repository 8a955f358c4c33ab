import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import type { Desired } from './desired.ts';
import { isHandedOver } from './hand-over.ts';
import { addressOf } from './item.ts';
import { fieldManager, keys, refOf } from './identity.ts';
import { intentHash } from './intent.ts';
import type { Drift, ObjectAddress } from './options.ts';
import { ownFields, ownsStep, unowned, type FieldStep } from './ownership.ts';
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
    return now ? changed(world, { address, entry, now, wanted: wanted.get(key) }) : absent(world, address, key);
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

function absent({ stored, foreign }: World, address: ObjectAddress, key: string): readonly Drift[] {
  if (foreign.has(key))
    return [{ ...address, change: 'released', reason: 'it does not carry the label of this deployment any more' }];
  const { record } = stored;
  if (record?.phase === 'deployed') return [{ ...address, change: 'deleted', reason: 'somebody deleted it' }];
  return [unknown(address, `it is not there, and revision ${record?.revision} did not end`)];
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
    const isBare = entry.left && Object.keys(entry.object).length === bareFields;
    return isBare ? [unknown(address, 'the record only names it')] : fieldDrifts(address, intentOf(entry), now);
  }
  // A run that did not end may have applied it.
  if (wanted && applied === wanted.hash) return fieldDrifts(address, wanted.object, now);
  const [missing] = wanted?.missing ?? [];
  if (missing !== undefined) return [unknown(address, missing)];
  return [unknown(address, record ? `revision ${record.revision} did not end` : 'there is no record of it')];
}

/** Of `apiVersion`, `kind` and `metadata` nothing can be compared. */
const bareFields = 3;

function unknown(address: ObjectAddress, reason: string): Drift {
  return { ...address, change: 'unknown', reason: `not compared: ${reason}` };
}

function intentOf({ object, keep }: RecordedObject): KubernetesObject {
  const { metadata } = object;
  if (!keep) return object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, [keys.keep]: 'true' } } };
}

function fieldDrifts(address: ObjectAddress, intent: KubernetesObject, live: KubernetesObject): readonly Drift[] {
  const fields = ownFields(live) ?? {};
  const lost = [...unowned(intent, fields)];
  // Of an instance and a definition the whole spec is ours; other objects have controllers that fill it.
  const paths = new Set(lost.map(pathOf));
  const added = isOfKro(live) ? [...foreignSpec(live, fields)].filter((steps) => !paths.has(pathOf(steps))) : [];
  return [...lost, ...added].map((steps): Drift => {
    const owner = live.metadata.managedFields?.find(
      (entry) => entry.manager !== fieldManager && ownsStep(entry.fieldsV1 ?? {}, steps),
    );
    const isSecret = address.kind === 'Secret' && (steps[0] === 'data' || steps[0] === 'stringData');
    const [before, after] = [valueOf(intent, steps), valueOf(live, steps)].map((value) =>
      isSecret && value !== undefined ? '(secret)' : value,
    );
    return {
      ...address,
      change: 'field',
      path: pathOf(steps),
      ...(owner?.manager !== undefined && { manager: owner.manager }),
      ...(before !== undefined && { wanted: before }),
      ...(after !== undefined && { found: after }),
      reason: reasonOf(live, owner),
    };
  });
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
    const step = name.startsWith('f:') ? name.slice(2) : { item: JSON.parse(name.slice(2)) as unknown };
    yield* foreignLeaves(child as Fields, own?.[name] as Fields | undefined, [...steps, step]);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function reasonOf(live: KubernetesObject, owner: ManagedFields | undefined): string {
  if (!owner) return 'somebody removed it';
  return isHandedOver(live, owner) ? `${owner.manager} has it, as it should` : `${owner.manager} set it`;
}

function valueOf(value: unknown, steps: readonly FieldStep[]): unknown {
  let current = value;
  for (const step of steps) {
    if (typeof current !== 'object' || current === null) return undefined;
    if (typeof step === 'string') current = (current as Record<string, unknown>)[step];
    else current = (current as readonly unknown[]).find?.((item) => isItem(item, step.item));
  }
  return current;
}

function isItem(item: unknown, wanted: unknown): boolean {
  if (typeof item !== 'object' || item === null || typeof wanted !== 'object' || wanted === null)
    return item === wanted;
  const [left, right] = [item, wanted] as Readonly<Record<string, unknown>>[];
  const key = ['name', 'containerPort', 'port', 'mountPath', 'uid', 'type', 'key', 'ip', 'topologyKey'].find(
    (name) => right?.[name] !== undefined,
  );
  return key !== undefined && left?.[key] === right?.[key];
}

function pathOf(steps: readonly FieldStep[]): string {
  return steps
    .map((step, index) => {
      if (typeof step !== 'string') return `[${itemName(step.item)}]`;
      if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

function itemName(item: unknown): string {
  if (typeof item !== 'object' || item === null) return `=${JSON.stringify(item)}`;
  const [key, value] = Object.entries(item).find(([name]) =>
    ['name', 'containerPort', 'port', 'mountPath'].includes(name),
  ) ??
    Object.entries(item)[0] ?? ['', ''];
  return `${key}=${JSON.stringify(value)}`;
}
