import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import { isHandedOver } from './hand-over.ts';
import { addressOf } from './item.ts';
import { fieldManager, refOf } from './identity.ts';
import type { Drift, ObjectAddress } from './options.ts';
import { ownFields, ownsStep, unowned, type FieldStep } from './ownership.ts';
import type { World } from './world.ts';

/**
 * What happened to a deployment since it was made, by others: objects that are gone, fields that are not ours any more.
 * Changes of the graph are no drift.
 */
export function driftOf(world: World): readonly Drift[] {
  const { stored, desired, live, foreign } = world;
  const wanted = new Map(desired.map((each) => [each.key, each]));
  const recorded = [...(world.inventory ?? [])].map(([key, { label, path, object }]) => ({
    key,
    path,
    address: { label, ...refOf(object) },
  }));
  const gone = (stored.record?.phase === 'deployed' ? recorded : [])
    .filter(({ key }) => !live.object(key))
    .map(({ key, address: before }): Drift => {
      const address: ObjectAddress = addressOf(wanted.get(key) ?? before);
      return foreign.has(key)
        ? { ...address, change: 'released', reason: 'it does not carry the label of this deployment any more' }
        : { ...address, change: 'deleted', reason: 'somebody deleted it' };
    });
  const unknown = recorded
    .filter(({ key }) => live.object(key) && !wanted.has(key))
    .flatMap(({ path: known, address }): readonly Drift[] => {
      const wait = world.resolution.pending.find(({ path }) => path === known);
      return wait ? [{ ...address, change: 'unknown', reason: `not compared: ${wait.reason}` }] : [];
    });
  const changed = desired.flatMap((each): readonly Drift[] => {
    const now = live.object(each.key);
    if (!now || each.check) return [];
    if (now.metadata.deletionTimestamp)
      return [{ ...addressOf(each), change: 'deleted', reason: 'it is being deleted' }];
    return fieldDrifts(each, now);
  });
  return [...gone, ...unknown, ...changed];
}

function fieldDrifts(
  desired: ObjectAddress & { readonly object: KubernetesObject },
  live: KubernetesObject,
): readonly Drift[] {
  const fields = ownFields(live) ?? {};
  return [...unowned(desired.object, fields)].map((steps): Drift => {
    const owner = live.metadata.managedFields?.find(
      (entry) => entry.manager !== fieldManager && ownsStep(entry.fieldsV1 ?? {}, steps),
    );
    const isSecret = desired.kind === 'Secret' && (steps[0] === 'data' || steps[0] === 'stringData');
    const [before, after] = [valueOf(desired.object, steps), valueOf(live, steps)].map((value) =>
      isSecret && value !== undefined ? '(secret)' : value,
    );
    return {
      ...addressOf(desired),
      change: 'field',
      path: pathOf(steps),
      ...(owner?.manager !== undefined && { manager: owner.manager }),
      ...(before !== undefined && { wanted: before }),
      ...(after !== undefined && { found: after }),
      reason: reasonOf(live, owner),
    };
  });
}

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
