import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../cluster/cluster.ts';
import { autoscaled, isScaleKept } from './hand-over.ts';
import { keyOf, refOf } from './identity.ts';
import type { Drift } from './options.ts';
import type { Run } from './run.ts';
import type { World } from './world.ts';

const kinds = [
  { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' },
] as const;

/** Keys of what autoscalers of a namespace scale; `undefined` when that cannot be read. */
type Targets = ReadonlySet<string> | undefined;

const known = new WeakMap<Run, Map<string, Promise<Targets>>>();

/**
 * Whether an autoscaler that is not of the graph scales an object. What an autoscaler wrote is seen among the managers of
 * the fields, also long after it is gone, so it is looked for only then.
 */
export async function isScaledByOthers(run: Run, live: KubernetesObject | undefined): Promise<boolean> {
  // Who may not see it does not reset what it may have set.
  return (await scaledByOthers(run, live)) ?? true;
}

/** What others changed, without replicas that are left to autoscalers: of the graph, of what was deployed, or others. */
export async function withoutScaled(
  run: Run,
  { desired, live, inventory = new Map() }: World,
  drift: readonly Drift[],
): Promise<readonly Drift[]> {
  const scaled = new Set([...autoscaled(desired), ...autoscaled([...inventory.values()])]);
  const judged = drift.map(async (each): Promise<readonly Drift[]> => {
    if (each.change !== 'field' || each.path !== 'spec.replicas') return [each];
    const key = keyOf(each);
    const isScaled = scaled.has(key) || (await scaledByOthers(run, live.object(key)));
    if (isScaled === undefined) return [{ ...each, reason: `${each.reason}; autoscalers may not be listed` }];
    return isScaled ? [] : [each];
  });
  return (await Promise.all(judged)).flat();
}

/** `undefined` when it cannot be seen. */
async function scaledByOthers(run: Run, live: KubernetesObject | undefined): Promise<boolean | undefined> {
  if (!live || !isScaleKept(live)) return false;
  const ref = refOf(live);
  const namespaces = known.get(run) ?? new Map<string, Promise<Targets>>();
  known.set(run, namespaces);
  const reading = namespaces.get(ref.namespace ?? '') ?? targetsIn(run, ref.namespace);
  namespaces.set(ref.namespace ?? '', reading);
  return (await reading)?.has(keyOf(ref));
}

async function targetsIn(run: Run, namespace: string | undefined): Promise<Targets> {
  try {
    const lists = await Promise.all(kinds.map((kind) => listIfServed(run, { ...kind, namespace })));
    return autoscaled(lists.flat().map((object) => ({ object })));
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
    run.emit({
      type: 'warning',
      message: `autoscalers in namespace ${namespace} may not be listed: replicas of what one scaled stay as they are, also where there is none any more`,
    });
    return undefined;
  }
}

async function listIfServed(run: Run, query: ListQuery): Promise<readonly KubernetesObject[]> {
  try {
    return (await run.cluster.list(query, { signal: run.signal })).items;
  } catch (error) {
    if (!isApiError(error, 'KindNotServed')) throw error;
    return [];
  }
}
