import { basename } from 'node:path';
import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { describe, keys, refOf } from './identity.ts';
import { judge } from './readiness/table.ts';
import { fields, text, type Fields } from './readiness/verdict.ts';
import { isPassing, retrying } from './retry.ts';
import type { Run } from './run.ts';

/** Finalizers of Kubernetes itself, and what they wait for. */
const builtIn: Readonly<Record<string, string>> = {
  foregroundDeletion: 'what it owns is deleted first',
  'kubernetes.io/pvc-protection': 'a pod still uses it',
  'kubernetes.io/pv-protection': 'a claim still uses it',
  'service.kubernetes.io/load-balancer-cleanup': 'the cloud takes its load balancer down',
};

/** What holds an object that is being deleted, and whether somebody is there to let it go. Best effort. */
export async function explainHold(run: Run, object: KubernetesObject | undefined): Promise<string> {
  const found = object && (await run.cluster.get(refOf(object)).catch(() => object));
  const finalizers = found?.metadata.finalizers ?? [];
  if (!found || finalizers.length === 0) return contentOf(found) ?? 'it is still being deleted';
  const workloads = await listWorkloads(run);
  const reasons = finalizers.map(
    (finalizer) => `its finalizer ${finalizer} holds it: ${why(found, finalizer, workloads)}`,
  );
  return reasons.join('; ');
}

/** A namespace says in its conditions what is left in it. */
export function contentOf(object: KubernetesObject | undefined): string | undefined {
  const conditions = fields(object?.['status'])['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  const left = (conditions as readonly Fields[]).filter(
    ({ type, status }) => status === 'True' && /Remaining|Failure/.test(String(type)),
  );
  return left.map(({ message }) => text(message)).join('; ') || undefined;
}

function why(object: KubernetesObject, finalizer: string, workloads: readonly KubernetesObject[] | undefined): string {
  const known = builtIn[finalizer];
  if (known) return known;
  const force = `(--force-finalizers ${finalizer} removes it without its controller)`;
  if (!workloads) return `whether its controller runs cannot be seen by this user ${force}`;
  const controllers = workloads.filter((workload) => isController(workload, wordsOf(object, finalizer)));
  if (controllers.length === 0) return `no controller of it was found ${force}`;
  const states = controllers.slice(0, 3).map((controller) => {
    const verdict = judge(controller);
    const state = verdict.state === 'ready' ? 'is healthy' : `is not healthy: ${verdict.reason}`;
    return `its controller ${describe({ kind: controller.kind, ...controller.metadata })} ${state}`;
  });
  return `${states.join(', ')} ${force}`;
}

async function listWorkloads(run: Run): Promise<readonly KubernetesObject[] | undefined> {
  try {
    const lists = ['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) =>
      run.cluster.list({ apiVersion: 'apps/v1', kind }, { timeoutMs: 5_000 }),
    );
    return (await Promise.all(lists)).flatMap(({ items }) => items);
  } catch {
    return undefined;
  }
}

/** Parts of names that say nothing about whose controller it is. */
const generic =
  /^(|finalizers?|controllers?|manager|operator|cleanup|delete|hold|protection|main|k8s|x-k8s|io|com|org|dev|net|sh|api|core|v\d\w*)$/;

/** Who added a finalizer, by the field managers, and what it calls itself. */
function wordsOf({ metadata }: KubernetesObject, finalizer: string): readonly string[] {
  const wrote = metadata.managedFields?.filter(({ fieldsV1 }) => {
    const own = fields(fields(fieldsV1?.['f:metadata'])['f:finalizers']);
    return Object.hasOwn(own, `v:${JSON.stringify(finalizer)}`);
  });
  const managers = (wrote ?? []).map(({ manager = '' }) => manager).filter((manager) => manager !== 'kubewright');
  return [...managers, ...finalizer.split(/[/.]/)].filter((word) => word.length > 2 && !generic.test(word));
}

function isController(workload: KubernetesObject, words: readonly string[]): boolean {
  const pod = fields(fields(fields(workload['spec'])['template'])['spec']);
  const containers = (pod['containers'] ?? []) as readonly Fields[];
  const names = [
    workload.metadata.name,
    ...containers.flatMap(({ name, image, command }) => [
      String(name),
      basename(String(image)).replace(/[:@].*/, ''),
      ...(Array.isArray(command) ? [basename(String(command[0]))] : []),
    ]),
  ];
  return words.some((word) => names.some((name) => name.includes(word)));
}

/** Takes the named finalizers off an object of this deployment that is being deleted; others stay. */
export async function forceFinalizers(run: Run, object: KubernetesObject, names: readonly string[]): Promise<void> {
  const ref = refOf(object);
  const once = async (): Promise<void> => {
    const now = await run.cluster.get(ref);
    const { uid, resourceVersion, labels, deletionTimestamp, finalizers = [] } = now?.metadata ?? {};
    const isSame = uid === object.metadata.uid && labels?.[keys.partOf] === run.identity.id;
    const stripped = finalizers.filter((name) => names.includes(name));
    if (!isSame || !deletionTimestamp || stripped.length === 0) return;
    const value = finalizers.filter((name) => !names.includes(name));
    const body = [
      { op: 'replace', path: '/metadata/finalizers', value },
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ] as const;
    await run.cluster.patch(ref, { type: 'json', body });
    run.emit({
      type: 'warning',
      message: `${describe(ref)}: removed ${stripped.join(', ')}; what its controller would have cleaned up may be left`,
    });
  };
  const heals = (error: unknown): boolean => isPassing(error) || isApiError(error, 'Conflict');
  await retrying(once, { signal: run.signal, heals });
}
