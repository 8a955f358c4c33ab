import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { type InstanceObject, kroApiVersion, type ResourceGraphDefinition } from '../../src/kro/api.ts';

const manager = { fieldManager: 'kubewright-test', force: true };

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

function conditions(object: KubernetesObject | undefined): readonly Condition[] {
  return (object?.['status'] as { conditions?: Condition[] } | undefined)?.conditions ?? [];
}

/** Applies a definition and waits until kro has judged it. */
export async function applyDefinition(
  cluster: Cluster,
  definition: ResourceGraphDefinition,
): Promise<{ accepted: boolean; messages: string }> {
  const { object } = await cluster.apply(definition as never, manager);
  const generation = object.metadata.generation;
  return until(`definition ${definition.metadata.name}`, async () => {
    const live = await cluster.get({
      apiVersion: kroApiVersion,
      kind: 'ResourceGraphDefinition',
      name: definition.metadata.name,
    });
    const judged = conditions(live).filter(
      (condition) => (condition as { observedGeneration?: number }).observedGeneration === generation,
    );
    const of = (type: string): string | undefined => judged.find((condition) => condition.type === type)?.status;
    const messages = judged.map(({ type, status, message }) => `${type}=${status} ${message ?? ''}`).join('\n');
    if (of('GraphAccepted') === 'False' || of('KindReady') === 'False') return { accepted: false, messages };
    return of('GraphAccepted') === 'True' && of('KindReady') === 'True' && of('ControllerReady') === 'True'
      ? { accepted: true, messages }
      : undefined;
  });
}

/** Applies an instance and waits until `done` says so of it. */
export async function applyInstance(
  cluster: Cluster,
  instance: InstanceObject,
  done: (live: KubernetesObject) => boolean = isActive,
): Promise<KubernetesObject> {
  await cluster.apply(instance as never, manager);
  const { apiVersion, kind, metadata } = instance;
  let last: KubernetesObject | undefined;
  return until(
    `${kind} ${metadata.name}`,
    async () => {
      last = await cluster.get({ apiVersion, kind, ...metadata });
      return last && done(last) ? last : undefined;
    },
    () => JSON.stringify(last?.['status'], null, 1),
  );
}

export function isActive(live: KubernetesObject): boolean {
  return (
    (live['status'] as { state?: string } | undefined)?.state === 'ACTIVE' &&
    conditions(live).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}

/** The objects that kro made for an instance, by the id of their node; collections in order. */
export async function childrenOf(
  cluster: Cluster,
  instance: KubernetesObject,
  kinds: readonly { apiVersion: string; kind: string }[],
): Promise<Record<string, KubernetesObject[]>> {
  const found: Record<string, KubernetesObject[]> = {};
  for (const kind of kinds) {
    const { items } = await cluster.list({ ...kind, labelSelector: `kro.run/instance-id=${instance.metadata.uid}` });
    for (const item of items) (found[item.metadata.labels?.['kro.run/node-id'] as string] ??= []).push(item);
  }
  for (const items of Object.values(found)) items.sort((a, b) => index(a) - index(b));
  return found;
}

function index(object: KubernetesObject): number {
  return Number(object.metadata.labels?.['kro.run/collection-index'] ?? 0);
}

export async function remove(
  cluster: Cluster,
  object: { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } },
): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const reference = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
  if ((await cluster.delete(reference)) === 'absent') return;
  await until(`deletion of ${kind} ${metadata.name}`, async () => ((await cluster.get(reference)) ? undefined : true));
}

/** Asks again until there is an answer. */
async function until<T>(what: string, ask: () => Promise<T | undefined>, detail: () => string = () => ''): Promise<T> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(200);
  }
  throw new Error(`${what}: still not there after a minute\n${detail()}`);
}
