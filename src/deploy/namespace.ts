import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ListQuery, ObjectReference } from '../cluster/cluster.ts';
import { isOurs } from './decide.ts';
import { fieldManager, keys } from './identity.ts';
import { removeInOrder } from './remove.ts';
import { isPassing, retrying } from './retry.ts';
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
    { signal: run.signal, heals: (error) => isPassing(error) || isApiError(error, 'AlreadyExists') },
  );
  if (created) run.emit({ type: 'namespace', name, action: 'created' });
}

/** What is in every namespace, or follows from what is in it. */
const furniture: Readonly<Record<string, (object: KubernetesObject) => boolean>> = {
  Event: () => true,
  Endpoints: () => true,
  EndpointSlice: () => true,
  PodMetrics: () => true,
  ConfigMap: ({ metadata }) =>
    metadata.name === 'kube-root-ca.crt' ||
    metadata.name === 'istio-ca-root-cert' ||
    metadata.name === 'openshift-service-ca.crt',
  ServiceAccount: ({ metadata }) => metadata.name === 'default',
};

/** Deletes the namespace when it is ours and holds nothing foreign; says why when it stays. */
export async function removeNamespace(run: Run): Promise<void> {
  const found = await readNamespace(run);
  if (!found || !isOurs(run, found)) return;
  const { namespace: name } = run.identity;
  const foreign = found.metadata.deletionTimestamp ? undefined : await foreignContent(run, name);
  if (foreign) {
    run.emit({ type: 'namespace', name, action: 'kept', reason: `it holds ${foreign}` });
    return;
  }
  const { apiVersion, kind } = found;
  await removeInOrder(run, [
    { object: found, address: { label: `namespace ${name}`, apiVersion, kind, name }, wave: 0 },
  ]);
  run.emit({ type: 'namespace', name, action: 'deleted' });
}

/** The first object in a namespace that is not ours (or is to be kept) and follows from nothing of ours. */
export async function foreignContent(run: Run, namespace: string): Promise<string | undefined> {
  const kinds = (await run.cluster.resources({ signal: run.signal })).filter(
    ({ namespaced, verbs }) => namespaced && verbs.includes('list'),
  );
  const found = await Promise.all(
    kinds.map(({ apiVersion, kind }) => run.pool.run(() => firstForeign(run, { apiVersion, kind, namespace }))),
  );
  return found.find((name) => name !== undefined);
}

async function firstForeign(run: Run, query: ListQuery): Promise<string | undefined> {
  const { kind } = query;
  const isForeign = (item: KubernetesObject): boolean => {
    const { metadata } = item;
    if (metadata.deletionTimestamp || metadata.ownerReferences?.length || furniture[kind]?.(item)) return false;
    return !isOurs(run, item) || metadata.annotations?.[keys.keep] === 'true';
  };
  try {
    const { items } = await run.cluster.list(query, { signal: run.signal });
    const foreign = items.find(isForeign);
    return foreign && `${kind} ${foreign.metadata.name}`;
  } catch (error) {
    // What cannot be looked at may hold something.
    if (isApiError(error, 'Forbidden')) return `objects of kind ${kind} that this user may not see`;
    if (isApiError(error, 'NotFound', 'KindNotServed', 'ServerError') || (isApiError(error) && error.status === 405))
      return undefined;
    throw error;
  }
}

function namespaceRef(run: Run): ObjectReference {
  return { apiVersion: 'v1', kind: 'Namespace', name: run.identity.namespace };
}
