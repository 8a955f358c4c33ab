import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import { groupKind } from './identity.ts';

/** Fields that known controllers take over for good: we stop sending them, and so their value stays. */
interface HandOver {
  readonly kinds: readonly string[];
  readonly field: readonly string[];
  readonly managers: readonly string[];
  readonly subresource?: string;
}

const autoscaled: HandOver = {
  kinds: ['Deployment.apps', 'StatefulSet.apps', 'ReplicaSet.apps', 'Rollout.argoproj.io'],
  field: ['spec', 'replicas'],
  managers: ['kube-controller-manager', 'keda', 'keda-operator'],
  subresource: 'scale',
};

const table: readonly HandOver[] = [autoscaled];

/** The object without what other controllers have taken over from us. */
export function handOver(object: KubernetesObject, live: KubernetesObject | undefined): KubernetesObject {
  let result = object;
  for (const { kinds, field, managers, subresource } of table) {
    if (!kinds.includes(groupKind(object))) continue;
    const takes = ({ manager = '', subresource: part, fieldsV1 }: ManagedFields): boolean =>
      managers.includes(manager) && part === subresource && owns(fieldsV1, field);
    if (live?.metadata.managedFields?.some(takes)) result = without(result, field) as KubernetesObject;
  }
  return result;
}

function owns(fields: Record<string, unknown> | undefined, path: readonly string[]): boolean {
  let current: unknown = fields;
  for (const name of path) current = (current as Record<string, unknown> | undefined)?.[`f:${name}`];
  return current !== undefined;
}

function without(
  value: Readonly<Record<string, unknown>>,
  [head = '', ...rest]: readonly string[],
): Record<string, unknown> {
  const { [head]: child, ...others } = value;
  if (child === undefined || rest.length === 0) return others;
  return { ...others, [head]: without(child as Record<string, unknown>, rest) };
}
