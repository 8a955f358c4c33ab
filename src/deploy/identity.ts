import { createHash } from 'node:crypto';
import type { KubernetesObject, ObjectReference } from '../cluster/cluster.ts';
import type { Graph } from '../graph/graph.ts';
import type { Instance } from '../resolve/resolution.ts';

/** The owner of the fields that a deployment writes. */
export const fieldManager = 'kubewright';

/** Labels and annotations of KEP-3659, and ours. */
export const keys = {
  partOf: 'applyset.kubernetes.io/part-of',
  id: 'applyset.kubernetes.io/id',
  tooling: 'applyset.kubernetes.io/tooling',
  groupKinds: 'applyset.kubernetes.io/contains-group-kinds',
  namespaces: 'applyset.kubernetes.io/additional-namespaces',
  /** Keyed hash of what was applied. */
  intent: 'kubewright.dev/intent',
  keep: 'kubewright.dev/keep',
  /** `"true"` on a Service: it is ready when one of its endpoints is. */
  waitForEndpoints: 'kubewright.dev/wait-for-endpoints',
  /** On an object that existed before this deployment took it over. */
  adopted: 'kubewright.dev/adopted',
  /** On the parts of a record: the id of the set. */
  record: 'kubewright.dev/record',
} as const;

export const tooling = 'kubewright/v1';

/** The names that belong to one instance of a graph. */
export interface Identity {
  /** Namespace of the record and the lock, and of objects that name none. */
  readonly namespace: string;
  /** Name of the record Secret and of the lock. */
  readonly name: string;
  /** ApplySet id: the value of the label on every object. */
  readonly id: string;
}

// A name has 253 characters; the parts of the record add to it.
const maxName = 220;

/** Two graphs may have instances of the same name in one namespace, so the graph's name is part of it. */
export function identify(
  graph: Pick<Graph, 'name'>,
  instance: Pick<Instance, 'name' | 'namespace'>,
  defaultNamespace: string,
): Identity {
  const full = `kubewright.${graph.name}.${instance.name}`;
  const name =
    full.length <= maxName
      ? full
      : `${full.slice(0, maxName - 17)}-${createHash('sha256').update(full).digest('hex').slice(0, 16)}`;
  const namespace = instance.namespace ?? defaultNamespace;
  return { name, namespace, id: applySetId({ name, namespace }) };
}

/** The id of a set whose parent is a Secret, by the formula of KEP-3659. */
export function applySetId({ name, namespace }: { readonly name: string; readonly namespace: string }): string {
  return `applyset-${createHash('sha256').update(`${name}.${namespace}.Secret.`).digest('base64url')}-v1`;
}

/** API group of an `apiVersion`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `Deployment.apps`, `ConfigMap`: a kind without its version. */
export function groupKind({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string {
  const group = groupOf(apiVersion);
  return group ? `${kind}.${group}` : kind;
}

/** One string per object of a cluster; versions of an API are the same object. */
export function keyOf(ref: ObjectReference): string {
  return `${groupKind(ref)}/${ref.namespace ?? ''}/${ref.name}`;
}

export function refOf(object: KubernetesObject): ObjectReference {
  const { apiVersion, kind, metadata } = object;
  return {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
  };
}

/** `Deployment shop/web`, for people. */
export function describe({
  kind,
  namespace,
  name,
}: {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}): string {
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}
