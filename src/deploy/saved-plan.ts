import { createHash, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { ownPackage } from '../cluster/local/package-root.ts';
import { KubewrightError } from '../errors.ts';
import { print } from '../expr/print.ts';
import { Deferred, Expression } from '../expr/value.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { Desired } from './desired.ts';
import { normalise } from './diff.ts';
import { describe, keyOf, refOf } from './identity.ts';
import { canonical } from './intent.ts';
import type { DeployOptions } from './options.ts';
import { subject, type Run } from './run.ts';
import type { World } from './world.ts';

/** Options that decide what a deployment does; a saved plan is deployed with those that it was made with. */
export type PlanOptions = Pick<
  DeployOptions,
  'adopt' | 'take' | 'replace' | 'allowEmpty' | 'pruneAll' | 'migrate' | 'repairRecord'
>;

/** What a plan was made from. It holds no values of Secrets, nor anything that they could be guessed from with ease. */
export interface SavedPlan {
  readonly options: PlanOptions;
  /** The cluster's identity. */
  readonly cluster: string;
  /** Version of the record; absent when there was none. */
  readonly record?: string | undefined;
  /** Digest of each object that was read, by its address. */
  readonly objects: Readonly<Record<string, string>>;
  /** Digest of graph, values, Secrets and the version of this library. */
  readonly stack: { readonly salt: string; readonly digest: string };
}

/** What a plan was made from, direct or with kro. */
export interface Basis {
  readonly world: World;
  /** What was read beside it. */
  readonly others?: readonly (KubernetesObject | undefined)[];
}

/** Keeps what a plan depends on, so that its deployment can be refused once something moved. */
export async function savePlan(run: Run, basis: Basis, options: PlanOptions): Promise<SavedPlan> {
  const { adopt, take, replace, allowEmpty, pruneAll, migrate, repairRecord } = options;
  const salt = randomBytes(16).toString('base64url');
  const record = basis.world.stored.resourceVersion;
  return {
    options: { adopt, take, replace, allowEmpty, pruneAll, migrate, repairRecord },
    cluster: await clusterOf(run),
    ...(record !== undefined && { record }),
    objects: digests(basis),
    stack: { salt, digest: stackDigest(run, basis.world.desired, salt).toString('base64url') },
  };
}

/**
 * Refuses a deployment that is not the one that was planned.
 *
 * @throws KubewrightError `PlanMoved` that says what moved
 */
export async function checkSaved(run: Run, basis: Basis, saved: SavedPlan | undefined): Promise<void> {
  if (!saved) return;
  const { salt, digest } = saved.stack;
  const now = stackDigest(run, basis.world.desired, salt);
  const then = Buffer.from(digest, 'base64url');
  const moved: string[] = [];
  if ((await clusterOf(run)) !== saved.cluster) moved.push('it is another cluster');
  if (now.length !== then.length || !timingSafeEqual(now, then))
    moved.push('the stack, its values, its Secrets or the version of kubewright changed');
  if (basis.world.stored.resourceVersion !== saved.record) moved.push('another deployment was made');
  const objects = digests(basis);
  const changed = [...new Set([...Object.keys(objects), ...Object.keys(saved.objects)])].filter(
    (key) => objects[key] !== saved.objects[key],
  );
  for (const key of changed.slice(0, manyObjects))
    moved.push(`${nameOf(key)} ${wordFor(saved.objects[key], objects[key])}`);
  if (changed.length > manyObjects) moved.push(`and ${changed.length - manyObjects} more objects changed`);
  if (moved.length === 0) return;
  throw new KubewrightError({
    code: 'PlanMoved',
    resource: subject(run),
    message: `the plan is not true any more: ${moved.join('; ')}`,
    hint: 'Make it again with plan --out, look at it, and deploy that.',
  });
}

const manyObjects = 8;

function wordFor(before: string | undefined, after: string | undefined): string {
  if (before === undefined) return 'was made';
  return after === undefined ? 'was deleted' : 'changed';
}

/** `Deployment.apps/shop/web` is `Deployment shop/web`. */
function nameOf(key: string): string {
  const [groupKind = '', namespace, ...name] = key.split('/');
  return describe({ kind: groupKind.split('.')[0] as string, namespace: namespace || undefined, name: name.join('/') });
}

/** Status moves all the time and decides nothing here. Secrets have none, so their version says as much as their content. */
function digests({ world, others = [] }: Basis): Record<string, string> {
  const read = [...world.live.all()].map(([, object]) => object);
  const objects = [...read, ...world.foreign.values(), ...others.filter((object) => object !== undefined)];
  const entries = objects.map((object): [string, string] => {
    const { uid, resourceVersion } = object.metadata;
    const content = object.kind === 'Secret' ? resourceVersion : normalise(object);
    return [
      keyOf(refOf(object)),
      createHash('sha256')
        .update(canonical([uid, content]))
        .digest('base64url')
        .slice(0, 22),
    ];
  });
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Values and Secrets are in it, so guessing them has to be slow. */
function stackDigest(run: Run, desired: readonly Desired[], salt: string): Buffer {
  const { graph, instance, mode, secrets } = run;
  const content = {
    version: ownPackage()?.version,
    mode,
    instance,
    policy: secrets,
    graph: [graph.name, graph.group, graph.version, graph.kind, graph.nodes.map(nodeOf), graph.status],
    secrets: desired.filter(({ kind }) => kind === 'Secret').map(({ key, object }) => [key, object['data']]),
  };
  return scryptSync(canonical(plainOf(content)), salt, 32);
}

/** The same data with text for what is none. */
function plainOf(value: unknown): unknown {
  if (value instanceof Expression) return { expression: print(value.node) };
  if (value instanceof Deferred || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainOf(item)]));
}

function nodeOf({ type: _type, source: _source, instanceOf, ...node }: GraphNode): object {
  return {
    ...node,
    instanceOf: undefined,
    ...(instanceOf && { instanceOf: [instanceOf.name, instanceOf.nodes.map(nodeOf)] }),
  };
}

async function clusterOf(run: Run): Promise<string> {
  try {
    const found = await run.cluster.get(
      { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' },
      { signal: run.signal },
    );
    return found?.metadata.uid ?? run.cluster.server;
  } catch (error) {
    // Who may not read it tells clusters apart by their address.
    if (!isApiError(error, 'Forbidden')) throw error;
    return run.cluster.server;
  }
}
