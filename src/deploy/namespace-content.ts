import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject, ListQuery } from '../cluster/cluster.ts';
import { groupOf } from './identity.ts';
import type { Run } from './run.ts';

/** What is in every namespace, or follows from what is in it. */
const furniture: Readonly<Record<string, (object: KubernetesObject) => boolean>> = {
  ConfigMap: ({ metadata }) =>
    metadata.name === 'kube-root-ca.crt' ||
    metadata.name === 'istio-ca-root-cert' ||
    metadata.name === 'openshift-service-ca.crt',
  ServiceAccount: ({ metadata }) => metadata.name === 'default',
};

/** Kinds of which every object follows from others: who serves them need not even be there. */
const derived = new Set(['Event', 'Endpoints', 'EndpointSlice', 'PodMetrics']);
const derivedGroup = /(^|\.)metrics\.k8s\.io$/;

/** Above this many namespaces, one list of the whole cluster per kind costs less. */
const manyNamespaces = 8;

/** What is looked for, and where. */
interface Search {
  readonly namespaces: readonly string[];
  readonly goes: (object: KubernetesObject) => boolean;
}

/** By namespace, why it is not empty: an object in it that does not go and follows from nothing in it, or what cannot be known. */
export async function foreignContent(
  run: Run,
  namespaces: readonly string[],
  goes: Search['goes'],
): Promise<ReadonlyMap<string, string>> {
  if (namespaces.length === 0) return new Map();
  const unknown = new Set<string>();
  const onUnknown = (apiVersion: string): void => {
    if (!derivedGroup.test(groupOf(apiVersion))) unknown.add(apiVersion);
  };
  const kinds = (await run.cluster.resources({ signal: run.signal, onUnknown })).filter(
    ({ kind, namespaced, verbs }) => namespaced && verbs.includes('list') && !derived.has(kind),
  );
  const places = namespaces.length > manyNamespaces ? [undefined] : namespaces;
  const found = await Promise.all(
    kinds.flatMap(({ apiVersion, kind }) =>
      places.map((namespace) =>
        run.pool.run(() => foreignIn(run, { apiVersion, kind, namespace }, { namespaces, goes })),
      ),
    ),
  );
  const unread = [...unknown].flatMap((apiVersion) =>
    namespaces.map((name) => [name, `objects of ${apiVersion} cannot be read: its server does not answer`] as const),
  );
  return new Map([...unread, ...found.flat()]);
}

async function foreignIn(
  run: Run,
  query: ListQuery,
  { namespaces, goes }: Search,
): Promise<readonly (readonly [namespace: string, reason: string])[]> {
  const { kind } = query;
  const isForeign = (item: KubernetesObject): boolean => {
    const { metadata } = item;
    if (metadata.deletionTimestamp || metadata.ownerReferences?.length || furniture[kind]?.(item)) return false;
    return !goes(item);
  };
  const all = (reason: string): readonly (readonly [string, string])[] =>
    (query.namespace === undefined ? namespaces : [query.namespace]).map((namespace) => [namespace, reason]);
  try {
    const { items } = await run.cluster.list(query, { signal: run.signal });
    return items
      .filter(isForeign)
      .map(({ metadata }) => [metadata.namespace ?? '', `it holds ${kind} ${metadata.name}`]);
  } catch (error) {
    // What cannot be looked at may hold something.
    if (isApiError(error, 'Forbidden')) return all(`it holds objects of kind ${kind} that this user may not see`);
    if (isApiError(error, 'ServerError')) return all(`objects of kind ${kind} cannot be read: ${error.message}`);
    if (isApiError(error, 'NotFound', 'KindNotServed') || (isApiError(error) && error.status === 405)) return [];
    throw error;
  }
}
