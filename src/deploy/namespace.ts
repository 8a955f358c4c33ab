import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import { isOurs } from './decide.ts';
import { fieldManager, keys } from './identity.ts';
import { retrying } from './retry.ts';
import type { Run } from './run.ts';

/** The namespace of the instance, where it exists. */
export async function readNamespace(run: Run): Promise<KubernetesObject | undefined> {
  return run.cluster.get(namespaceRef(run), { signal: run.signal });
}

/** Creates the namespace with our label in the same request, so that destroying knows whose it is. */
export async function ensureNamespace(run: Run, known: KubernetesObject | undefined): Promise<void> {
  if (known && !known.metadata.deletionTimestamp) return;
  const { namespace: name, id } = run.identity;
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [keys.partOf]: id } } };
  const created = await retrying(
    async () => {
      try {
        await run.cluster.create(body, { fieldManager });
        return true;
      } catch (error) {
        if (!isApiError(error, 'AlreadyExists')) throw error;
        const found = await readNamespace(run);
        if (found && !found.metadata.deletionTimestamp) return false;
        throw error;
      }
    },
    { signal: run.signal, alsoHeals: (error) => isApiError(error, 'AlreadyExists') },
  );
  if (created) run.emit({ type: 'namespace', name, action: 'created' });
}

/** What is in every namespace, or follows from what is in it. */
const furniture: Readonly<Record<string, (object: KubernetesObject) => boolean>> = {
  Event: () => true,
  Endpoints: () => true,
  EndpointSlice: () => true,
  PodMetrics: () => true,
  ConfigMap: ({ metadata }) => metadata.name === 'kube-root-ca.crt' || metadata.name === 'istio-ca-root-cert' || metadata.name === 'openshift-service-ca.crt',
  ServiceAccount: ({ metadata }) => metadata.name === 'default',
};

/** Deletes the namespace when it is ours and holds nothing foreign; says why when it stays. */
export async function removeNamespace(run: Run): Promise<void> {
  const found = await readNamespace(run);
  if (!found || found.metadata.deletionTimestamp || !isOurs(run, found)) return;
  const { namespace: name } = run.identity;
  const foreign = await findForeign(run);
  if (foreign) {
    run.emit({ type: 'namespace', name, action: 'kept', reason: `it holds ${foreign}` });
    return;
  }
  await run.cluster.delete(namespaceRef(run), { uid: found.metadata.uid, resourceVersion: found.metadata.resourceVersion });
  run.emit({ type: 'namespace', name, action: 'deleted' });
}

/** The first object in the namespace that is not ours and follows from nothing of ours. */
async function findForeign(run: Run): Promise<string | undefined> {
  const kinds = (await run.cluster.resources({ signal: run.signal })).filter(({ namespaced, verbs }) => namespaced && verbs.includes('list'));
  const found = await Promise.all(kinds.map(({ apiVersion, kind }) => run.pool.run(() => firstForeign(run, { apiVersion, kind }))));
  return found.find((name) => name !== undefined);
}

async function firstForeign(run: Run, { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): Promise<string | undefined> {
  try {
    const { items } = await run.cluster.list({ apiVersion, kind, namespace: run.identity.namespace }, { signal: run.signal });
    const foreign = items.find((item) => !isOurs(run, item) && !item.metadata.ownerReferences?.length && !furniture[kind]?.(item) && !item.metadata.deletionTimestamp);
    return foreign && `${kind} ${foreign.metadata.name}`;
  } catch (error) {
    // What cannot be looked at may hold something.
    if (isApiError(error, 'Forbidden')) return `objects of kind ${kind} that this user may not see`;
    if (isApiError(error, 'NotFound', 'KindNotServed', 'ServerError') || (isApiError(error) && error.status === 405)) return undefined;
    throw error;
  }
}

export function namespaceRef(run: Run): ObjectReference {
  return { apiVersion: 'v1', kind: 'Namespace', name: run.identity.namespace };
}
