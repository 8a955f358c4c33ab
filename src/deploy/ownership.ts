import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import { canonical } from './intent.ts';
import { fieldManager, keys } from './identity.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an apply says and nobody owns, and metadata, of which some can be owned. */
const notOwned: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);
const ownedMetadata = ['labels', 'annotations', 'finalizers'];
const noFields: Fields = {};

/** The fields that our applies own on a live object. */
export function ownFields(live: KubernetesObject): Fields | undefined {
  const own = (entry: ManagedFields): boolean =>
    entry.manager === fieldManager && entry.operation === 'Apply' && !entry.subresource;
  return live.metadata.managedFields?.find(own)?.fieldsV1;
}

/**
 * Whether an object came from a copy of what we applied, such as a dump: its fields belong to who wrote it, our mark as
 * well, or to nobody.
 */
export function isCopy({ metadata: { annotations, managedFields = [] } }: KubernetesObject): boolean {
  return annotations?.[keys.intent] !== undefined && (managedFields.length === 0 || managedFields.some(wroteCopy));
}

/** Whoever changes fields owns these alone; only who wrote the whole of it has our mark. */
export function wroteCopy({ manager, subresource, fieldsV1 = {} }: ManagedFields): boolean {
  return manager !== fieldManager && !subresource && ownsStep(fieldsV1, ['metadata', 'annotations', keys.intent]);
}

/**
 * Whether we still own every field of `intent`. Whoever changes a field that we applied becomes its owner, so this finds
 * drift without comparing values, which the server may have normalised (`1000m` ► `1`).
 */
export function ownsAll(intent: KubernetesObject, live: KubernetesObject): boolean {
  const fields = ownFields(live);
  if (!fields) return false;
  const ofMetadata = fields['f:metadata'] as Fields | undefined;
  return (
    Object.keys(intent).every((key) => notOwned.has(key) || coversField(intent, key, fields)) &&
    ownedMetadata.every((key) => coversField(intent.metadata, key, ofMetadata ?? noFields))
  );
}

/** Whether an owned set has every leaf of a value. A set without children owns all below it (atomic fields). */
function covers(value: unknown, fields: Fields): boolean {
  if (hasNoFields(fields) || typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every((item) => coversItem(item, fields));
  return Object.keys(value).every((key) => coversField(value as Fields, key, fields));
}

function coversField(value: object, key: string, fields: Fields): boolean {
  const item = (value as Fields)[key];
  if (isEmpty(item)) return true;
  const child = fields[`f:${key}`];
  return child !== undefined && covers(item, child as Fields);
}

/** A field name, or an item of a list by its content. */
export type FieldStep = string | { readonly item: unknown };

/** The leaves of an intent that an owned set lacks. */
export function* unowned(intent: KubernetesObject, fields: Fields): Iterable<readonly FieldStep[]> {
  const { apiVersion: _version, kind: _kind, metadata, status: _status, ...rest } = intent;
  const { labels, annotations, finalizers } = metadata;
  yield* lost({ ...rest, metadata: { labels, annotations, finalizers } }, fields, []);
}

/** Without owned fields every leaf is lost; an owned set without children has all below it. */
function* lost(
  value: unknown,
  fields: Fields | undefined,
  steps: readonly FieldStep[],
): Iterable<readonly FieldStep[]> {
  if (fields && (hasNoFields(fields) || typeof value !== 'object' || value === null)) return;
  if (typeof value !== 'object' || value === null || (!fields && Array.isArray(value))) {
    yield steps;
    return;
  }
  const children: readonly (readonly [FieldStep, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown) => [{ item }, item])
    : Object.entries(value);
  for (const [step, item] of children) {
    if (typeof step === 'string' && isEmpty(item)) continue;
    const child = fields && ownedChild(fields, step);
    if (!child && typeof step !== 'string') yield [...steps, step];
    else yield* lost(item, child, [...steps, step]);
  }
}

function ownedChild(fields: Fields, step: FieldStep): Fields | undefined {
  if (typeof step === 'string') return fields[`f:${step}`] as Fields | undefined;
  const { item } = step;
  const key =
    typeof item === 'object' && item !== null
      ? Object.keys(fields).find(
          (name) => name.startsWith('k:') && fitsKey(item as Fields, JSON.parse(name.slice(2)) as Fields),
        )
      : undefined;
  return fields[key ?? `v:${JSON.stringify(item)}`] as Fields | undefined;
}

/** A field that an owned set has. */
export interface OwnedField {
  /** As field managers write it. */
  readonly path: string;
  /** As their sets have it. */
  readonly keys: readonly string[];
}

/** The leaves that an owned set has and a later one lacks. */
export function givenUp(before: Fields, after: Fields | undefined, keys: readonly string[] = []): OwnedField[] {
  return Object.entries(before).flatMap(([key, child]) => {
    if (key === '.') return [];
    const [place, left] = [[...keys, key], after?.[key] as Fields | undefined];
    if (Object.keys(child as Fields).some((name) => name !== '.')) return givenUp(child as Fields, left, place);
    return left === undefined ? [{ path: place.map(stepText).join('').replace(/^\./, ''), keys: place }] : [];
  });
}

/** Whether somebody owns a field of an object, or all that it is in. */
export function isOwned({ metadata: { managedFields = [] } }: KubernetesObject, { keys }: OwnedField): boolean {
  return managedFields.some(({ fieldsV1 }) => {
    let fields: Fields | undefined = fieldsV1;
    for (const key of keys) {
      if (!fields || hasNoFields(fields)) break;
      fields = fields[key] as Fields | undefined;
    }
    return fields !== undefined;
  });
}

function stepText(key: string): string {
  const name = key.slice(2);
  if (key.startsWith('f:')) return `.${name}`;
  if (key.startsWith('v:')) return `[=${name}]`;
  const keys = Object.entries(JSON.parse(name) as Fields);
  return `[${keys.map(([field, value]) => `${field}=${JSON.stringify(value)}`).join(',')}]`;
}

/** Whether an owned set has a field. */
export function ownsStep(fields: Fields, steps: readonly FieldStep[]): boolean {
  let current: Fields | undefined = fields;
  for (const step of steps) {
    current = ownedChild(current, step);
    if (!current) return false;
  }
  return true;
}

// The server keeps no trace of empty values in some kinds.
function isEmpty(item: unknown): boolean {
  return item === null || item === undefined || (typeof item === 'object' && hasNoFields(item));
}

function hasNoFields(object: object): boolean {
  for (const name in object) if ((object as Fields)[name] !== undefined) return false;
  return true;
}

function coversItem(item: unknown, fields: Fields): boolean {
  if (typeof item !== 'object' || item === null) return fields[`v:${JSON.stringify(item)}`] !== undefined;
  for (const [name, child] of Object.entries(fields)) {
    if (name.startsWith('k:') && fitsKey(item as Fields, JSON.parse(name.slice(2)) as Fields))
      return covers(item, child as Fields);
  }
  return fields[`v:${JSON.stringify(item)}`] !== undefined;
}

/** Key fields that the item leaves out were filled in by the server (`protocol: TCP`). */
function fitsKey(item: Fields, key: Fields): boolean {
  return Object.entries(key).every(
    ([name, wanted]) => item[name] === undefined || canonical(item[name]) === canonical(wanted),
  );
}
