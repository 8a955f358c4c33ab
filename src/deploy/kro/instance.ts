import { isApiError, type ApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../../cluster/cluster.ts';
import { KubewrightError } from '../../errors.ts';
import { toInstance } from '../../kro/instance.ts';
import { conflictError, isFieldConflict } from '../conflict.ts';
import { diff } from '../diff.ts';
import { describe, fieldManager } from '../identity.ts';
import type { DeployOptions, ObjectAddress, PlannedChange } from '../options.ts';
import { ownFields } from '../ownership.ts';
import { isPassing, retrying } from '../retry.ts';
import type { Run } from '../run.ts';
import { emptying } from './emptied.ts';
import { ownerOf } from './owner.ts';
import { applyTaking, untaken } from './take.ts';

/** The instance as it is and as it is wanted. */
export interface PlannedInstance {
  readonly object: KubernetesObject;
  readonly live: KubernetesObject | undefined;
  readonly change: PlannedChange;
  readonly problems: readonly Error[];
}

export function instanceRef({ graph, instance }: Run): ObjectReference {
  return {
    apiVersion: `${graph.group}/${graph.version}`,
    kind: graph.kind,
    name: instance.name,
    ...(graph.scope === 'Namespaced' && { namespace: instance.namespace }),
  };
}

export function addressOfInstance(run: Run): ObjectAddress {
  return { label: `instance ${run.instance.name}`, ...instanceRef(run) };
}

/** What is known before the instance is compared. */
export interface InstanceContext {
  /** Its kind is about to change. */
  readonly newDefinition: boolean;
  /** The record says that we made it, whoever has its fields now. */
  readonly recorded: boolean;
}

const maxTries = 3;
const adoptionHint = 'Take it over with --adopt, or give the instance another name or namespace.';

/** Compares the instance with the one that is there. */
export async function planInstance(
  run: Run,
  options: DeployOptions,
  context: InstanceContext,
): Promise<PlannedInstance> {
  // kro writes its own part at any time: what it changed between two readings is no change of ours.
  for (let tries = 1; ; tries++) {
    const planned = await compareInstance(run, options, context);
    if (planned.isCurrent || tries === maxTries) return planned;
  }
}

async function compareInstance(
  run: Run,
  { adopt, take }: DeployOptions,
  { newDefinition, recorded }: InstanceContext,
): Promise<PlannedInstance & { readonly isCurrent?: boolean }> {
  const object = toInstance(run.graph, run.instance) as unknown as KubernetesObject;
  const address = addressOfInstance(run);
  const live = await readInstance(run);
  const read = { object, live, isCurrent: true };
  if (!live) return { ...read, change: { ...address, action: 'create', fields: [] }, problems: [] };
  if (!recorded && !ownFields(live))
    return {
      ...read,
      change: { ...address, action: 'adopt', fields: [] },
      problems: adopt ? [] : [foreignInstance(run, live, adoptionHint)],
    };
  const written = diff(live, { ...live, spec: object['spec'] });
  if (emptying(object, live))
    return { ...read, change: { ...address, action: 'update', fields: written }, problems: [] };
  try {
    const after = await applyTaking(run, object, { dryRun: true, label: address.label, take });
    const fields = diff(live, after);
    return {
      object,
      live,
      change: { ...address, action: fields.length > 0 ? 'update' : 'unchanged', fields },
      problems: [],
      isCurrent: fields.length === 0 || after.metadata.resourceVersion === live.metadata.resourceVersion,
    };
  } catch (error) {
    if (isFieldConflict(error))
      return {
        ...read,
        change: { ...address, action: 'update', fields: [] },
        problems: [instanceConflict(run, { object, live, error, take })],
      };
    // A new field of the spec is unknown until the definition has it.
    if (newDefinition && isApiError(error, 'Invalid'))
      return {
        ...read,
        change: { ...address, action: 'update', fields: written },
        problems: [],
      };
    return { ...read, change: { ...address, action: 'update', fields: [] }, problems: [error as Error] };
  }
}

export async function readInstance(run: Run): Promise<KubernetesObject | undefined> {
  try {
    return await run.cluster.get(instanceRef(run), { signal: run.signal });
  } catch (error) {
    if (isApiError(error, 'KindNotServed')) return undefined;
    throw error;
  }
}

/** Writes the instance where it differs, and gives it as it is stored. */
export async function makeInstance(
  run: Run,
  { object, live, change }: PlannedInstance,
  { again, take }: { readonly again: boolean; readonly take: DeployOptions['take'] },
): Promise<KubernetesObject> {
  if (live && change.action === 'unchanged' && !again) return live;
  const patch = live && emptying(object, live);
  if (patch) await run.cluster.patch(instanceRef(run), { type: 'merge', body: patch }, { fieldManager });
  const stored = await retrying(
    () => applyTaking(run, object, { force: change.action === 'adopt', label: change.label, take }),
    {
      signal: run.signal,
      heals: (error) => isPassing(error) || isApiError(error, 'NotFound', 'KindNotServed'),
      budgetMs: 30_000,
    },
  );
  const action = change.action === 'create' ? 'created' : change.action === 'adopt' ? 'adopted' : 'updated';
  if (stored.metadata.resourceVersion !== live?.metadata.resourceVersion)
    run.emit({ type: 'object', object: addressOfInstance(run), action });
  return stored;
}

interface InstanceConflict {
  readonly object: KubernetesObject;
  readonly live: KubernetesObject;
  readonly error: ApiError;
  readonly take: DeployOptions['take'];
}

function instanceConflict(run: Run, { object, live, error, take }: InstanceConflict): Error {
  const address = addressOfInstance(run);
  return conflictError(
    { ...address, object, source: () => undefined, hide: run.secretValues.hideInAll },
    live,
    untaken(error, object, { ...address, take }),
    error,
  );
}

/** The refusal to touch an instance that somebody else made. */
export function foreignInstance(run: Run, live: KubernetesObject, hint: string): KubewrightError {
  return new KubewrightError({
    code: 'NotOurs',
    resource: `instance ${run.instance.name}`,
    message: `${describe(instanceRef(run))} exists and belongs to ${ownerOf(live).name}`,
    hint,
  });
}
