import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, OwnerReference } from '../cluster/cluster.ts';
import { fields, text, type Fields } from './readiness/verdict.ts';
import { kindOf, type Run } from './run.ts';

const manyNames = 3;

/** Why a CustomResourceDefinition cannot go: objects of its kind that would go with it and do not go by themselves. */
export async function foreignObjects(
  run: Run,
  definition: KubernetesObject,
  goes: (object: KubernetesObject) => boolean,
): Promise<string | undefined> {
  const { group, names, versions } = fields(definition['spec']);
  const kind = text(fields(names)['kind']) ?? '';
  const served = ((versions ?? []) as readonly Fields[]).find((version) => version['served'] === true);
  if (!served) return `objects of kind ${kind} cannot be looked for, as no version of it is served`;
  try {
    const query = { apiVersion: `${text(group)}/${text(served['name'])}`, kind };
    const { items } = await run.cluster.list(query, { signal: run.signal });
    const left = items.filter((item) => item.metadata.deletionTimestamp === undefined && !goes(item));
    const follows = await Promise.all(left.map((item) => run.pool.run(() => followsOwner(run, item, { goes }))));
    const foreign = left.filter((_, index) => !follows[index]);
    return foreign.length > 0 ? `deleting it would delete ${namesOf(kind, foreign)} too` : undefined;
  } catch (error) {
    if (isApiError(error, 'Forbidden')) return `objects of kind ${kind} may exist that this user may not see`;
    if (isApiError(error, 'ServerError')) return `objects of kind ${kind} cannot be read: ${error.message}`;
    // Nothing was ever made of what is not served yet.
    if (isApiError(error, 'KindNotServed', 'NotFound')) return undefined;
    throw error;
  }
}

function namesOf(kind: string, objects: readonly KubernetesObject[]): string {
  const shown = objects
    .slice(0, manyNames)
    .map(({ metadata: { name, namespace } }) => (namespace === undefined ? name : `${namespace}/${name}`));
  const more = objects.length > shown.length ? ` and ${objects.length - shown.length} more` : '';
  return `${kind} ${shown.join(', ')}${more}`;
}

/** Whether the garbage collector deletes an object, as all its owners go. */
async function followsOwner(
  run: Run,
  { metadata: { ownerReferences = [], namespace, uid } }: KubernetesObject,
  { goes, below = [] }: { readonly goes: (object: KubernetesObject) => boolean; readonly below?: readonly unknown[] },
): Promise<boolean> {
  // Nobody collects a circle.
  if (ownerReferences.length === 0 || below.includes(uid)) return false;
  for (const reference of ownerReferences) {
    const owner = await ownerOf(run, reference, namespace);
    if (!owner || owner.metadata.deletionTimestamp || goes(owner)) continue;
    if (!(await followsOwner(run, owner, { goes, below: [...below, uid] }))) return false;
  }
  return true;
}

async function ownerOf(
  run: Run,
  { apiVersion, kind, name, uid }: OwnerReference,
  namespace: string | undefined,
): Promise<KubernetesObject | undefined> {
  const served = await kindOf(run, { apiVersion, kind });
  if (!served) return undefined;
  const place = served.namespaced && namespace !== undefined ? { namespace } : {};
  const found = await run.cluster.get({ apiVersion, kind, name, ...place }, { signal: run.signal });
  return found?.metadata.uid === uid ? found : undefined;
}
