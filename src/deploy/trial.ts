import { randomBytes } from 'node:crypto';
import { isApiError, type ApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { KubewrightError } from '../errors.ts';
import type { Desired } from './desired.ts';
import { describe, fieldManager, groupKind } from './identity.ts';
import type { Run } from './run.ts';

/** A kind whose name says what it is, so that no other name will do. */
const named = 'APIService.apiregistration.k8s.io';

/** Fields that no two objects have alike at the same time. */
const exclusive: Readonly<Record<string, readonly string[]>> = {
  Service: ['clusterIP', 'clusterIPs', 'healthCheckNodePort', 'ports.*.nodePort'],
};

/**
 * Asks, before an object is deleted to be made anew, whether the server would make it.
 *
 * @returns it as the server would store it, where that can be said
 * @throws KubewrightError with the reason when it would not
 */
export async function tryCreation(run: Run, desired: Desired): Promise<KubernetesObject | undefined> {
  const made = await madeAnew(run, desired);
  // Of what was left out the server says something that will not be.
  return groupKind(desired) in exclusive ? undefined : made;
}

/** What the server would store of a new object, without what no two have alike: by a dry run under another name, as its own is taken. */
export async function madeAnew(run: Run, desired: Desired): Promise<KubernetesObject | undefined> {
  if (groupKind(desired) === named) return undefined;
  const { metadata } = desired.object;
  const start = metadata.name.slice(0, 30).replace(/[^a-z0-9]+$/i, '');
  const name = `${start}-${randomBytes(4).toString('hex')}`;
  const object = { ...withoutExclusive(desired.object), metadata: { ...metadata, name } };
  try {
    const made = await run.cluster.create(object, { fieldManager, dryRun: true });
    // Some controllers repeat the name.
    return replaced(made, name, desired.name);
  } catch (error) {
    if (!isApiError(error, 'Invalid', 'Forbidden')) throw error;
    throw refusal(desired, error, name);
  }
}

/** The object with another text wherever one is. */
export function replaced(object: KubernetesObject, text: string, by: string): KubernetesObject {
  return JSON.parse(JSON.stringify(object).replaceAll(text, by)) as KubernetesObject;
}

function refusal(desired: Desired, error: ApiError, name: string): KubewrightError {
  const reason = error.message.replace(/^[\s\S]*? was refused: /, '').replaceAll(name, desired.name);
  return new KubewrightError({
    code: error.code,
    resource: desired.label,
    message: `${describe(desired)} cannot be made anew, so it stays as it is: ${reason}`,
    hint: 'Correct what is refused, or leave the fields that cannot change as they are.',
    cause: error,
  });
}

function withoutExclusive(object: KubernetesObject): KubernetesObject {
  const paths = exclusive[groupKind(object)] ?? [];
  const spec = paths.reduce<unknown>((value, path) => without(value, path.split('.')), object['spec']);
  return paths.length > 0 ? { ...object, spec } : object;
}

function without(value: unknown, [head = '', ...rest]: readonly string[]): unknown {
  if (head === '*') return Array.isArray(value) ? value.map((item) => without(item, rest)) : value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, head)) return value;
  const { [head]: child, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [head]: without(child, rest) };
}
