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
export async function ensureNamespace(
  run: Run,
  known: KubernetesObject | undefined,
): Promise<{ readonly createdNamespace?: string }> {
  if (known && !known.metadata.deletionTimestamp) return {};
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
  if (!created) return {};
  run.emit({ type: 'namespace', name, action: 'created' });
  return { createdNamespace: name };
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

/** How a plan says that the namespace goes too. */
export function deletedWith(run: Run, namespace: KubernetesObject): { readonly deletesNamespace?: string } {
  return isOurs(run, namespace) ? { deletesNamespace: namespace.metadata.name } : {};
}

/** What became of the namespace, as a result says it. */
export interface NamespaceEnd {
  readonly deletedNamespace?: string;
  readonly kept: readonly string[];
}

/** Deletes the namespace when it is ours and holds nothing foreign; says why when it stays. */
export async function removeNamespace(run: Run): Promise<NamespaceEnd> {
  const found = await readNamespace(run);
  if (!found || !isOurs(run, found)) return { kept: [] };
  const { namespace: name } = run.identity;
  const foreign = found.metadata.deletionTimestamp ? undefined : (await foreignContent(run, [name])).get(name);
  if (foreign) {
    run.emit({ type: 'namespace', name, action: 'kept', reason: `it holds ${foreign}` });
    return { kept: [`Namespace ${name}: it holds ${foreign}`] };
  }
  const { apiVersion, kind } = found;
  const address = { label: `namespace ${name}`, apiVersion, kind, name };
  // Its end is told as the namespace's, beside the objects.
  const emit: Run['emit'] = (event) => event.type !== 'object' && run.emit(event);
  await removeInOrder({ ...run, emit }, [{ object: found, address, wave: 0 }]);
  run.emit({ type: 'namespace', name, action: 'deleted' });
  return { deletedNamespace: name, kept: [] };
}

/** Above this many namespaces, one list of the whole cluster per kind costs less. */
const manyNamespaces = 8;

/** By namespace, an object in it that is not ours (or is to be kept) and follows from nothing of ours. */
export async function foreignContent(run: Run, namespaces: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (namespaces.length === 0) return new Map();
  const kinds = (await run.cluster.resources({ signal: run.signal })).filter(
    ({ namespaced, verbs }) => namespaced && verbs.includes('list'),
  );
  const places = namespaces.length > manyNamespaces ? [undefined] : namespaces;
  const found = await Promise.all(
    kinds.flatMap(({ apiVersion, kind }) =>
      places.map((namespace) => run.pool.run(() => foreignIn(run, { apiVersion, kind, namespace }, namespaces))),
    ),
  );
  return new Map(found.flat());
}

async function foreignIn(
  run: Run,
  query: ListQuery,
  namespaces: readonly string[],
): Promise<readonly (readonly [namespace: string, name: string])[]> {
  const { kind } = query;
  const isForeign = (item: KubernetesObject): boolean => {
    const { metadata } = item;
    if (metadata.deletionTimestamp || metadata.ownerReferences?.length || furniture[kind]?.(item)) return false;
    return !isOurs(run, item) || metadata.annotations?.[keys.keep] === 'true';
  };
  try {
    const { items } = await run.cluster.list(query, { signal: run.signal });
    return items.filter(isForeign).map(({ metadata }) => [metadata.namespace ?? '', `${kind} ${metadata.name}`]);
  } catch (error) {
    // What cannot be looked at may hold something.
    if (isApiError(error, 'Forbidden')) {
      const places = query.namespace === undefined ? namespaces : [query.namespace];
      return places.map((namespace) => [namespace, `objects of kind ${kind} that this user may not see`]);
    }
    if (isApiError(error, 'NotFound', 'KindNotServed', 'ServerError') || (isApiError(error) && error.status === 405))
      return [];
    throw error;
  }
}

function namespaceRef(run: Run): ObjectReference {
  return { apiVersion: 'v1', kind: 'Namespace', name: run.identity.namespace };
}
