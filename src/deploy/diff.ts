import type { KubernetesObject } from '../cluster/cluster.ts';
import { canonical } from './intent.ts';
import { keys } from './identity.ts';
import type { FieldChange } from './options.ts';

const volatile = ['managedFields', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'selfLink'];
const ownKeys: readonly string[] = [keys.intent, keys.partOf, keys.adopted];

/** The fields in which two versions of an object differ; values of Secrets are masked, what the server keeps for itself is left out. */
export function diff(before: KubernetesObject, after: KubernetesObject): readonly FieldChange[] {
  const changes = differences('', normalise(before), normalise(after));
  return after.kind === 'Secret' ? changes.map(mask) : changes;
}

/** Where two values at a path differ, themselves or inside. */
export function differences(path: string, before: unknown, after: unknown): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  compare(before, after, { path, changes });
  return changes;
}

/** What people decide: without status, and without what the server keeps for itself. */
export function normalise({ status: _status, metadata, ...rest }: KubernetesObject): Record<string, unknown> {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([key]) => !volatile.includes(key)));
  for (const field of ['labels', 'annotations']) {
    const entries = Object.entries((kept[field] ?? {}) as Record<string, string>).filter(
      ([key]) => !ownKeys.includes(key),
    );
    kept[field] = entries.length > 0 ? Object.fromEntries(entries) : undefined;
  }
  return { ...rest, metadata: kept };
}

interface Place {
  readonly path: string;
  readonly changes: FieldChange[];
}

function compare(before: unknown, after: unknown, { path, changes }: Place): void {
  if (before === after || canonical(before) === canonical(after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      compare(before[index], after[index], { path: `${path}[${index}]`, changes });
    }
    return;
  }
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const name = /^[A-Za-z_$][\w$-]*$/.test(key) ? `${path ? '.' : ''}${key}` : `[${JSON.stringify(key)}]`;
      compare(before[key], after[key], { path: `${path}${name}`, changes });
    }
    return;
  }
  changes.push({ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mask(change: FieldChange): FieldChange {
  // kubectl keeps a copy of the whole object in an annotation.
  if (!/^(data|stringData)\b/.test(change.path) && !change.path.includes('last-applied-configuration')) return change;
  return {
    path: change.path,
    ...(change.before !== undefined && { before: '(secret)' }),
    ...(change.after !== undefined && { after: '(secret)' }),
  };
}
