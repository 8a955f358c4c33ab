import type { Desired } from './desired.ts';
import { describe } from './identity.ts';
import type { PlannedChange } from './options.ts';

const MiB = 1024 * 1024;
/** etcd's own limit; a cluster may have another one. */
const usualLimit = 1.5 * MiB;

/** Objects that the server may be unable to store, which no dry run finds out. */
export function sizeWarnings(desired: readonly Desired[], changes: readonly PlannedChange[]): readonly string[] {
  const same = new Set(changes.filter(({ action }) => action === 'unchanged').map(({ label }) => label));
  return desired.flatMap((each) => {
    if (each.check || same.has(each.label)) return [];
    const size = Buffer.byteLength(JSON.stringify(each.object));
    if (size <= usualLimit) return [];
    return `${each.label}: ${describe(each)} takes ${(size / MiB).toFixed(1)} MiB, and a server stores no more than ${usualLimit / MiB} MiB unless it was set up for more`;
  });
}
