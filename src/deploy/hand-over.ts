import type { KubernetesObject, ManagedFields } from '../cluster/cluster.ts';
import { edgesOf } from './edges.ts';
import { valueAt } from './field-path.ts';
import { groupKind } from './identity.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A field that known controllers take over for good: we stop sending it, and so their value stays. */
interface HandOver {
  readonly kinds: readonly string[];
  /** `*` goes through the items of a list. */
  readonly field: readonly string[];
  readonly managers: readonly string[];
  readonly subresource?: string;
}

const injectors = ['cert-manager-cainjector', 'cainjector'];
const table: readonly HandOver[] = [
  {
    kinds: ['Deployment.apps', 'StatefulSet.apps', 'ReplicaSet.apps', 'Rollout.argoproj.io'],
    field: ['spec', 'replicas'],
    managers: ['kube-controller-manager', 'keda', 'keda-operator'],
    subresource: 'scale',
  },
  {
    kinds: [
      'MutatingWebhookConfiguration.admissionregistration.k8s.io',
      'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    ],
    field: ['webhooks', '*', 'clientConfig', 'caBundle'],
    managers: injectors,
  },
  {
    kinds: ['CustomResourceDefinition.apiextensions.k8s.io'],
    field: ['spec', 'conversion', 'webhook', 'clientConfig', 'caBundle'],
    managers: injectors,
  },
  { kinds: ['APIService.apiregistration.k8s.io'], field: ['spec', 'caBundle'], managers: injectors },
];

/**
 * The object without what other controllers have taken over from us.
 *
 * @param autoscaled whether an autoscaler of the same graph scales it: what is there stays, also before it scaled once
 */
export function handOver(
  object: KubernetesObject,
  live: KubernetesObject | undefined,
  autoscaled = false,
): KubernetesObject {
  if (!live) return object;
  let result = object;
  for (const { kinds, field, managers, subresource } of table) {
    if (!kinds.includes(groupKind(object))) continue;
    for (const { manager = '', subresource: part, fieldsV1 = {} } of live.metadata.managedFields ?? []) {
      if (managers.includes(manager) && part === subresource)
        result = without(result, field, fieldsV1) as KubernetesObject;
    }
  }
  const replicas = valueAt(live, 'spec.replicas');
  if (!autoscaled || replicas === undefined || valueAt(result, 'spec.replicas') === undefined) return result;
  // Leaving the field out while nobody else owns it would reset it.
  return { ...result, spec: { ...(result['spec'] as Fields), replicas } };
}

/** The value without a field, where an owned set has it. */
function without(value: unknown, [head = '', ...rest]: readonly string[], owned: Fields): unknown {
  if (head === '*') {
    if (!Array.isArray(value)) return value;
    return value.map((item: Fields) => {
      const entry = Object.entries(owned).find(([key]) => key.startsWith('k:') && isItem(item, key));
      return entry ? without(item, rest, entry[1] as Fields) : item;
    });
  }
  const inner = owned[`f:${head}`] as Fields | undefined;
  if (typeof value !== 'object' || value === null || !inner || !Object.hasOwn(value, head)) return value;
  const { [head]: child, ...others } = value as Fields;
  return rest.length === 0 ? others : { ...others, [head]: without(child, rest, inner) };
}

function isItem(item: Fields, key: string): boolean {
  return Object.entries(JSON.parse(key.slice(2)) as Fields).every(([name, wanted]) => item[name] === wanted);
}

/** Whether a manager has fields of an object because they were handed over to it. */
export function isHandedOver(object: KubernetesObject, { manager = '', subresource }: ManagedFields): boolean {
  return table.some(
    (row) => row.kinds.includes(groupKind(object)) && row.managers.includes(manager) && row.subresource === subresource,
  );
}

const autoscalers = ['HorizontalPodAutoscaler.autoscaling', 'ScaledObject.keda.sh'];
const known = new WeakMap<readonly Scaler[], ReadonlySet<string>>();

interface Scaler {
  readonly object: KubernetesObject;
}

/** Keys of the objects that the autoscalers among these scale. */
export function autoscaled(desired: readonly Scaler[]): ReadonlySet<string> {
  let keys = known.get(desired);
  if (!keys) {
    const scalers = desired.filter(({ object }) => autoscalers.includes(groupKind(object)));
    const targets = scalers.flatMap(({ object }) => edgesOf(object).filter(({ needs }) => needs === 'applied'));
    keys = new Set(targets.map(({ groupKind: target, namespace = '', name }) => `${target}/${namespace}/${name}`));
    known.set(desired, keys);
  }
  return keys;
}
