import type { KubernetesObject } from '../../cluster/cluster.ts';
import type { NodePath, Observed } from '../../resolve/resolution.ts';
import type { World } from '../world.ts';
import type { Child } from './children.ts';

/** What kro made, and what was read beside it, as `resolve` takes it: the same meaning, so the status can be compared. */
export function observedOf(children: readonly Child[], { live }: World): Observed {
  const byPath = new Map<NodePath, KubernetesObject | KubernetesObject[]>();
  for (const { path, index, object } of children) {
    if (index === undefined) {
      byPath.set(path, object);
      continue;
    }
    const items = (byPath.get(path) as KubernetesObject[] | undefined) ?? [];
    items[index] = object;
    byPath.set(path, items);
  }
  return { get: (path) => byPath.get(path) ?? live.get(path) };
}
