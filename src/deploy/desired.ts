import type { KubernetesObject } from '../cluster/cluster.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { NodePath, ResolvedBody, ResolvedObject } from '../resolve/resolution.ts';
import { keyOf, keys } from './identity.ts';
import { intentHash } from './intent.ts';
import type { ObjectAddress } from './options.ts';
import { kindOf, type Run } from './run.ts';
import { secretContent, secretSource } from './secrets.ts';

/** One object as it will be sent. */
export interface Desired extends ObjectAddress {
  readonly path: NodePath;
  readonly node: GraphNode;
  readonly index?: number | undefined;
  /** As the graph says it, where that is known. */
  readonly resolved?: ResolvedBody;
  /** Identity in the cluster, whatever the API version. */
  readonly key: string;
  /** As the graph says it. */
  readonly intent: KubernetesObject;
  /** With our label and annotations. */
  readonly object: KubernetesObject;
  /** Keyed hash of the object, in its annotation too. */
  readonly hash: string;
  /** Its values belong to somebody else: it is read, and has to be there. */
  readonly check: boolean;
  /** Why values of it are not known here; only where a run can do without. */
  readonly missing?: readonly string[];
  /** `false` while the server does not serve the kind. */
  readonly served: boolean;
}

/** What turning resolved objects into desired ones needs to know. */
export interface Wishes {
  readonly salt: string;
  readonly existing: ReadonlySet<NodePath>;
}

/**
 * Completes resolved objects: namespaces as the kinds' scopes have them, Secrets as they are stored, labels, intent.
 * What is the same as in `before` is taken from there.
 */
export async function toDesired(
  run: Run,
  objects: readonly ResolvedObject[],
  { before, ...wishes }: Wishes & { readonly before: readonly Desired[] },
): Promise<readonly Desired[]> {
  const kinds = new Map(
    objects.map(({ object: { apiVersion, kind } }) => [`${apiVersion}/${kind}`, { apiVersion, kind }]),
  );
  await Promise.all([...kinds.values()].map((kind) => kindOf(run, kind)));
  const known = new Map(before.map((desired) => [desired.label, desired]));
  return objects.map((resolved) => {
    const desired = known.get(resolved.label);
    return desired && isSame(run, desired, resolved.object) ? desired : complete(run, resolved, wishes);
  });
}

/** Fields without expressions are the graph's own, so comparing them by identity finds most of what is the same. */
function isSame({ kinds }: Run, { resolved, served }: Desired, object: ResolvedBody): boolean {
  if (!resolved) return false;
  return (
    served === kinds.has(`${object.apiVersion}/${object.kind}`) &&
    (object === resolved ||
      (hasSameFields(object, resolved, 'metadata') && hasSameFields(object.metadata, resolved.metadata)))
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** @param but a field that is compared otherwise */
function hasSameFields(left: Fields, right: Fields, but?: string): boolean {
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => left[name] === right[name] || (name === but && name in right));
}

function complete(run: Run, { path, node, index, label, object }: ResolvedObject, { salt, existing }: Wishes): Desired {
  const { apiVersion, kind, metadata } = object;
  const served = run.kinds.get(`${apiVersion}/${kind}`);
  const { namespace: wanted, ...named } = metadata;
  const namespace =
    served?.namespaced === false && node.template['metadata'] && !namesNamespace(node) ? undefined : wanted;
  const missing: string[] = [];
  const content =
    node.kind === 'Secret' && apiVersion === 'v1'
      ? secretContent(object, {
          source: secretSource(run.secrets, path),
          label,
          ...(run.readOnly && { missing }),
        })
      : object;
  const plain = { ...content, apiVersion, kind, metadata: { ...named, ...(namespace !== undefined && { namespace }) } };
  run.secretValues.learn(plain);
  const hash = intentHash(plain, salt);
  const check = existing.has(path);
  return {
    path,
    node,
    index,
    resolved: object,
    label,
    apiVersion,
    kind,
    namespace,
    name: metadata.name,
    hash,
    check,
    ...(missing.length > 0 && { missing }),
    key: keyOf({ apiVersion, kind, namespace, name: metadata.name }),
    intent: plain,
    object: check ? plain : mark(run, plain, { hash, keep: node.keep }),
    served: served !== undefined,
  };
}

function namesNamespace(node: GraphNode): boolean {
  return (node.template['metadata'] as { namespace?: unknown } | undefined)?.namespace !== undefined;
}

function mark(
  run: Run,
  object: KubernetesObject,
  { hash, keep }: { readonly hash: string; readonly keep: boolean },
): KubernetesObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [keys.partOf]: run.identity.id },
      annotations: { ...metadata.annotations, [keys.intent]: hash, ...(keep && { [keys.keep]: 'true' }) },
    },
  };
}
