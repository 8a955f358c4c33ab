import type { Gate } from './gates.ts';
import { groupKind } from './identity.ts';
import type { Item } from './item.ts';

/** Kinds that are looked at when an object that names them is written. */
const kinds = new Set(['StorageClass.storage.k8s.io', 'PriorityClass.scheduling.k8s.io', 'RuntimeClass.node.k8s.io']);

/** What of that which comes before an object decides whether it is accepted: its definition, its webhooks, its class. */
export function deciding(gates: readonly Gate[]): readonly Item[] {
  return gates
    .filter(({ item, needs }) => needs === 'ready' || kinds.has(groupKind(item.desired)))
    .map(({ item }) => item);
}
