import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { contentOf } from './finalizers.ts';
import type { ObjectAddress } from './options.ts';
import { stopped, type Run } from './run.ts';

const pollMs = 500;

/** Whether the namespace is being deleted: nothing can be made in it any more. */
export function isEnding(namespace: KubernetesObject | undefined): boolean {
  return namespace?.metadata.deletionTimestamp !== undefined;
}

/** What a plan says of a namespace that is being deleted. */
export function endingWarnings(namespace: KubernetesObject | undefined, verb: 'deploy' | 'destroy'): readonly string[] {
  if (!namespace || !isEnding(namespace)) return [];
  const then = verb === 'deploy' ? '. A deployment waits until it is gone, and makes it anew' : '';
  return [`Namespace ${namespace.metadata.name}: ${holdOf(namespace)}${then}`];
}

/** Waits until a namespace that is being deleted is gone, and says what holds it. It is asked for, as a Role may allow no more. */
export async function untilGone(run: Run, namespace: KubernetesObject): Promise<void> {
  const address = namespaceAddress(namespace.metadata.name);
  let told: string | undefined;
  let found: KubernetesObject | undefined = namespace;
  while (found && isEnding(found)) {
    const reason = holdOf(found);
    if (reason !== told) run.emit({ type: 'waiting', object: address, reason });
    told = reason;
    await sleep(pollMs, undefined, { signal: run.signal }).catch(() => undefined);
    if (run.signal.aborted) throw stopped(run, [`Namespace ${address.name}: ${reason}`]);
    found = await run.cluster.get(address);
  }
  run.emit({ type: 'ready', object: address });
}

function namespaceAddress(name: string): ObjectAddress {
  return { label: `namespace ${name}`, apiVersion: 'v1', kind: 'Namespace', name };
}

function holdOf(namespace: KubernetesObject): string {
  const finalizers = namespace.metadata.finalizers?.join(', ');
  const hold = contentOf(namespace) ?? (finalizers && `its finalizers ${finalizers} hold it`);
  return `it is being deleted${hold ? `: ${hold}` : ''}`;
}
