import { isApiError } from '../../cluster/api-error.ts';
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
    namespace: instance.namespace,
  };
}

export function addressOfInstance(run: Run): ObjectAddress {
  return { label: `instance ${run.instance.name}`, ...instanceRef(run) };
}

/** Compares the instance with the one that is there; `newDefinition`: its kind is about to change. */
export async function planInstance(
  run: Run,
  { adopt }: DeployOptions,
  newDefinition: boolean,
): Promise<PlannedInstance> {
  const object = toInstance(run.graph, run.instance) as unknown as KubernetesObject;
  const address = addressOfInstance(run);
  const live = await readInstance(run);
  if (!live) return { object, live, change: { ...address, action: 'create', fields: [] }, problems: [] };
  if (!ownFields(live))
    return {
      object,
      live,
      change: { ...address, action: 'adopt', fields: [] },
      problems: adopt ? [] : [foreignInstance(run, live)],
    };
  try {
    const { object: after } = await run.cluster.apply(object, { fieldManager, dryRun: true });
    const fields = diff(live, after);
    return {
      object,
      live,
      change: { ...address, action: fields.length > 0 ? 'update' : 'unchanged', fields },
      problems: [],
    };
  } catch (error) {
    if (isFieldConflict(error))
      return {
        object,
        live,
        change: { ...address, action: 'update', fields: [] },
        problems: [instanceConflict(run, { object, live, error })],
      };
    // A new field of the spec is unknown until the definition has it.
    if (newDefinition && isApiError(error, 'Invalid'))
      return {
        object,
        live,
        change: { ...address, action: 'update', fields: diff(live, { ...live, spec: object['spec'] }) },
        problems: [],
      };
    return { object, live, change: { ...address, action: 'update', fields: [] }, problems: [error as Error] };
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
  again: boolean,
): Promise<KubernetesObject> {
  if (live && change.action === 'unchanged' && !again) return live;
  const { object: stored } = await retrying(
    () => run.cluster.apply(object, { fieldManager, force: change.action === 'adopt' }),
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
  readonly error: Parameters<typeof conflictError>[2];
}

function instanceConflict(run: Run, { object, live, error }: InstanceConflict): Error {
  const address = addressOfInstance(run);
  return conflictError({ ...address, object, source: () => undefined }, live, error);
}

function foreignInstance(run: Run, live: KubernetesObject): KubewrightError {
  const managers = [...new Set(live.metadata.managedFields?.map(({ manager }) => manager))]
    .filter((manager) => !manager?.startsWith('kro'))
    .join(', ');
  return new KubewrightError({
    code: 'NotOurs',
    resource: `instance ${run.instance.name}`,
    message: `${describe(instanceRef(run))} exists and belongs to ${managers || 'somebody else'}`,
    hint: 'Take it over with --adopt, or give the instance another name or namespace.',
  });
}
