import type { KubernetesObject } from '../cluster/cluster.ts';
import { parseQuantity } from '../expr/library/quantity.ts';
import { valueAt } from './field-path.ts';
import { describe, groupKind } from './identity.ts';
import { fields } from './readiness/verdict.ts';
import type { World } from './world.ts';

const path = 'spec.resources.requests.storage';

/** The size that a claim has by now, where that is more than what is wanted: no volume shrinks. */
function largerSize(object: KubernetesObject, live: KubernetesObject | undefined): string | undefined {
  if (!live || groupKind(object) !== 'PersistentVolumeClaim') return undefined;
  const [wanted, found] = [sizeOf(object), sizeOf(live)];
  const [before, now] = [parseQuantity(wanted), parseQuantity(found)];
  return before && now && now.compareTo(before) > 0 ? found : undefined;
}

function sizeOf(object: KubernetesObject): string {
  const value = valueAt(object, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A claim of then with the size that it has grown to since; any other object as it is. */
export function keepSize(object: KubernetesObject, live: KubernetesObject | undefined): KubernetesObject {
  const storage = largerSize(object, live);
  if (storage === undefined) return object;
  const spec = fields(object['spec']);
  const resources = fields(spec['resources']);
  const requests = { ...fields(resources['requests']), storage };
  return { ...object, spec: { ...spec, resources: { ...resources, requests } } };
}

/** What of a revision keeps the size that it has grown to since. */
export function grownVolumes({ desired, live }: World): readonly string[] {
  return desired.flatMap((each) => {
    const size = largerSize(each.object, live.object(each.key));
    if (size === undefined) return [];
    return `${describe(each)}: it keeps its size of ${size} (it was ${sizeOf(each.object)}), as volumes do not shrink`;
  });
}
