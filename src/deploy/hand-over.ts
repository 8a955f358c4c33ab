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

/** What decides whether a field is left to the controller that has it. */
export interface Leaving {
  /** Whether an autoscaler scales it: what is there stays, also before it scaled once. */
  readonly autoscaled: boolean;
  /** Whether we want a field back. */
  readonly isTaken: (path: string) => boolean;
}

/** The object without what other controllers have taken over from us. */
export function handOver(
  object: KubernetesObject,
  live: KubernetesObject | undefined,
  { autoscaled: isScaled, isTaken }: Leaving,
): KubernetesObject {
  if (!live) return object;
  let result = object;
  for (const row of table) {
    // What an autoscaler wrote has its name for ever.
    if (!row.kinds.includes(groupKind(object)) || (row.subresource === 'scale' && !isScaled)) continue;
    for (const { fieldsV1 = {} } of entriesOf(row, live))
      result = without(result, row.field, { owned: fieldsV1, path: '', isTaken }) as KubernetesObject;
  }
  const replicas = valueAt(live, 'spec.replicas');
  if (!isScaled || replicas === undefined || valueAt(result, 'spec.replicas') === undefined) return result;
  if (isTaken('spec.replicas')) return result;
  // Leaving the field out while nobody else owns it would reset it.
  return { ...result, spec: { ...(result['spec'] as Fields), replicas } };
}

function entriesOf({ managers, subresource }: HandOver, { metadata }: KubernetesObject): readonly ManagedFields[] {
  const entries = metadata.managedFields ?? [];
  return entries.filter((entry) => managers.includes(entry.manager ?? '') && entry.subresource === subresource);
}

/** Whether an autoscaler, be it gone by now, is among those who have fields of an object. */
export function isScaleKept(live: KubernetesObject): boolean {
  return table.some(
    (row) => row.subresource === 'scale' && row.kinds.includes(groupKind(live)) && entriesOf(row, live).length > 0,
  );
}

interface Owned extends Pick<Leaving, 'isTaken'> {
  readonly owned: Fields;
  readonly path: string;
}

/** The value without a field, where an owned set has it and nobody wants it back. */
function without(value: unknown, [head = '', ...rest]: readonly string[], { owned, path, isTaken }: Owned): unknown {
  if (head === '*') {
    if (!Array.isArray(value)) return value;
    return value.map((item: Fields) => {
      const [key, inner] = Object.entries(owned).find(([name]) => name.startsWith('k:') && isItem(item, name)) ?? [];
      return key === undefined
        ? item
        : without(item, rest, { owned: inner as Fields, path: `${path}[${selector(key)}]`, isTaken });
    });
  }
  const inner = owned[`f:${head}`] as Fields | undefined;
  if (typeof value !== 'object' || value === null || !inner || !Object.hasOwn(value, head)) return value;
  const { [head]: child, ...others } = value as Fields;
  const field = path ? `${path}.${head}` : head;
  if (rest.length === 0) return isTaken(field) ? value : others;
  return { ...others, [head]: without(child, rest, { owned: inner, path: field, isTaken }) };
}

/** As conflicts name an item: `name="web"`. */
function selector(key: string): string {
  const fields = Object.entries(JSON.parse(key.slice(2)) as Fields);
  return fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',');
}

/** Whether a key of an owned set (`k:{"name":"web"}`) is that of an item. */
export function isItem(item: Fields, key: string): boolean {
  return Object.entries(JSON.parse(key.slice(2)) as Fields).every(([name, wanted]) => item[name] === wanted);
}

/** Whether a manager has fields of an object for good, unlike an autoscaler, which has them as long as it is there. */
export function isHandedOver(object: KubernetesObject, { manager = '', subresource }: ManagedFields): boolean {
  if (subresource !== undefined) return false;
  return table.some(
    (row) => !row.subresource && row.kinds.includes(groupKind(object)) && row.managers.includes(manager),
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
