/** A deployment of twenty resources that is killed in the middle, and what has to hold after the next one. */
import { expect } from 'vitest';
import { isApiError } from '../../src/cluster/api-error.ts';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import { holderText } from '../../src/deploy/holder.ts';
import type { DeployOptions, DestroyOptions, Mode } from '../../src/deploy/options.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Cel } from '../../src/expr/cel.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { freshName, graphOf, optionsFor } from './deploying.ts';
import type { FaultProxy } from './fault-proxy.ts';

const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
const dead = holderText({ pid: 999_999_999 });

/** Kinds of the graph and of the bookkeeping: where something could be left over. */
const kinds = [
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'Secret' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  lease,
] as const;

const priorityKind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', namespaced: false } as const;
const versionNames = ['one', 'two'] as const;
type Version = (typeof versionNames)[number];

/** Namespaces that all stages share: of each version one, in which objects have names that only one stage has. */
const farPlace = (version: Version): string => `crash-far-${version}`;
const ownName = (namespace: string, version: Version): string => `${namespace}-${version}`;

const role = kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' });
const roleBinding = kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' });
const serviceAccount = kind({ apiVersion: 'v1', kind: 'ServiceAccount' });
const service = kind({ apiVersion: 'v1', kind: 'Service' });
const networkPolicy = kind({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' });
const priorityClass = kind(priorityKind);

/**
 * Twenty resources in four waves: references, an explicit order, and edges that their content makes. Each version has a
 * kind and a namespace that the other one has not, so that only the record tells where the last one's are.
 */
export function twenty(suffix: string, version: Version): Graph {
  return graphOf('crash', (({ spec }: { spec: { text: { orElse: (value: string) => never } } }) => {
    const name = Cel.template`${spec.text.orElse('')}-${version}` as never;
    const own =
      version === 'one'
        ? priorityClass({ metadata: { name }, value: 1 } as never)
        : networkPolicy({ metadata: { name: 'policy' }, spec: { podSelector: {} } } as never);
    const far = simple.ConfigMap({ name, namespace: farPlace(version), data: { version } });
    const origin = simple.ConfigMap({ name: 'origin', data: { version } });
    const plain = Array.from({ length: 4 }, (_, index) =>
      simple.ConfigMap({ name: `plain-${index}${index < 3 ? suffix : ''}`, data: { version } }),
    );
    const readers = Array.from({ length: 3 }, (_, index) =>
      simple.ConfigMap({ name: `reader-${index}`, data: { copy: origin.data['version'] as never } }),
    );
    const secrets = Array.from({ length: 2 }, (_, index) =>
      simple.Secret({ name: `secret-${index}`, stringData: { version } }),
    );
    const services = Array.from({ length: 3 }, (_, index) =>
      service({ metadata: { name: `service-${index}` }, spec: { ports: [{ port: 80 + index }] } } as never),
    );
    const account = serviceAccount({ metadata: { name: `account${suffix}`, labels: { version } } });
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const reader = role({ metadata: { name: 'reader' }, rules } as never);
    const binding = roleBinding({
      metadata: { name: `binding${suffix}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: `account${suffix}` }],
    } as never);
    const last = Array.from({ length: 2 }, (_, index) =>
      simple.ConfigMap({ name: `last-${index}`, data: { version } }, { dependsOn: binding as never }),
    );
    const named = (list: readonly unknown[], prefix: string): Record<string, unknown> =>
      Object.fromEntries(list.map((each, index) => [`${prefix}${index}`, each]));
    return {
      own,
      far,
      origin,
      account,
      reader,
      binding,
      ...named(plain, 'plain'),
      ...named(readers, 'readers'),
      ...named(secrets, 'secrets'),
      ...named(services, 'services'),
      ...named(last, 'last'),
    };
  }) as never);
}

/** A namespace of somebody else with things in it that nobody may touch. */
export interface Stage {
  readonly namespace: string;
  readonly options: DeployOptions & DestroyOptions;
  readonly theirs: string;
}

export async function stage(cluster: Cluster, owned: boolean, mode: Mode = 'direct'): Promise<Stage> {
  const namespace = freshName('crash');
  const options = { ...optionsFor({ cluster, namespace, mode, spec: specOf(namespace, mode) }), definition: true };
  for (const version of versionNames) await makeOnce(cluster, farPlace(version));
  if (!owned) {
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace } });
    await cluster.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'plain-0', namespace } });
  }
  return {
    namespace,
    options,
    theirs: owned ? '' : await versions(cluster, namespace, ['ConfigMap/theirs', 'Secret/plain-0']),
  };
}

async function makeOnce(cluster: Cluster, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await cluster.create(body).catch((error: unknown) => {
    if (!isApiError(error, 'AlreadyExists')) throw error;
  });
}

/** The values of a graph that is deployed to a namespace. */
export function specOf(namespace: string, mode: Mode = 'direct'): Record<string, unknown> {
  return mode === 'direct' ? { text: namespace } : {};
}

async function versions(cluster: Cluster, namespace: string, names: readonly string[]): Promise<string> {
  const found = await Promise.all(
    names.map((name) => {
      const [kindName = '', objectName = ''] = name.split('/');
      return cluster.get({ apiVersion: 'v1', kind: kindName, name: objectName, namespace });
    }),
  );
  return found.map((object) => `${object?.metadata.uid} ${object?.metadata.resourceVersion}`).join();
}

/** Everything in a namespace but its furniture, and what is of it elsewhere, without what differs from run to run. */
async function contents(cluster: Cluster, namespace: string): Promise<Record<string, unknown>> {
  const lists = await Promise.all(kinds.map((each) => cluster.list({ ...each, namespace })));
  const elsewhere = versionNames.flatMap((version) => {
    const name = ownName(namespace, version);
    return [
      { version, ref: { ...priorityKind, name } },
      { version, ref: { apiVersion: 'v1', kind: 'ConfigMap', name, namespace: farPlace(version) } },
    ];
  });
  const far = await Promise.all(elsewhere.map(async (each) => ({ ...each, found: await cluster.get(each.ref) })));
  const nameOf = ({ type, metadata: { name } }: KubernetesObject): string =>
    type === 'kubewright.dev/record' ? 'record' : name;
  const entries = [
    ...lists
      .flatMap(({ items }) => items)
      .filter((item) => !isFurniture(item))
      .map((item) => [`${item.kind}/${nameOf(item)}`, essence(item)] as const),
    ...far.flatMap(({ version, found }) => (found ? [[`far ${found.kind} ${version}`, essence(found)] as const] : [])),
  ];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const partType = 'kubewright.dev/record-chunk';

function isFurniture({ kind: kindName, type, metadata: { name } }: KubernetesObject): boolean {
  return (
    type === partType ||
    (kindName === 'ConfigMap' && name === 'kube-root-ca.crt') ||
    (kindName === 'ServiceAccount' && name === 'default')
  );
}

function essence({ data, rules, roleRef, subjects, spec, type, metadata }: KubernetesObject): unknown {
  if (type === 'kubewright.dev/record') return 'record';
  const ports = (spec as { ports?: unknown } | undefined)?.ports;
  return { data, rules, roleRef, subjects, ports, labels: metadata.labels?.['version'] };
}

export type Verb = 'deploy' | 'destroy';

/** One call that is killed at one of its writes. */
export interface Crash {
  readonly verb: Verb | 'rollback';
  readonly graph: Graph;
  readonly write: number;
  readonly when: 'before' | 'after';
}

/** Runs it through a proxy that lets nothing pass from the kill on; `false` when it ended before that write. */
export async function crash(
  proxy: FaultProxy,
  { options, namespace }: Stage,
  { verb, graph, write, when }: Crash,
): Promise<boolean> {
  proxy.reset((seen) => (seen.write && seen.number === write ? { kind: `kill-${when}` } : undefined));
  const dying = new AbortController();
  const call = { deploy, destroy, rollback }[verb];
  const running: Promise<unknown> = call(graph, { ...options, cluster: proxy.cluster, signal: dying.signal });
  const ended = running.then(
    () => false,
    () => true,
  );
  void proxy.killed().then(() => dying.abort(new Error('killed')));
  // It may fail by itself, too.
  const died = (await ended) && dying.signal.aborted;
  await bury(options.cluster, namespace);
  return died;
}

/** The process of this test lives on, so the lock of the killed call has to name one that is dead. */
async function bury(cluster: Cluster, namespace: string): Promise<void> {
  const { items } = await cluster.list({ ...lease, namespace });
  for (const { metadata } of items)
    await cluster.patch(
      { ...lease, name: metadata.name, namespace },
      { type: 'merge', body: { spec: { holderIdentity: dead } } },
    );
}

/** The next call, and everything that has to be so after it. */
export async function expectConverged(
  cluster: Cluster,
  { options, namespace, theirs }: Stage,
  goal: { verb: Verb; graph: Graph; state: Record<string, unknown> },
): Promise<void> {
  const { verb, graph, state } = goal;
  await (verb === 'destroy' ? destroy : deploy)(graph, options);
  if (verb === 'destroy' && !theirs) {
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeUndefined();
    expect(await contents(cluster, namespace)).toEqual({});
    return;
  }
  // Whoever finds nothing to do writes nothing, so the lock of the dead stays until a run needs it.
  if (verb === 'deploy') await deleteDeadLock(cluster, namespace);
  const foreign = theirs ? { 'ConfigMap/theirs': expect.anything(), 'Secret/plain-0': expect.anything() } : {};
  expect(await contents(cluster, namespace)).toEqual({ ...(verb === 'destroy' ? {} : state), ...foreign });
  await expectNoLostParts(cluster, { graph, options, namespace });
  if (theirs) expect(await versions(cluster, namespace, ['ConfigMap/theirs', 'Secret/plain-0'])).toBe(theirs);
  if (verb === 'deploy') expect((await deploy(graph, options)).writes).toBe(0);
}

/** Each revision that can be restored takes one part, and there is no other. */
async function expectNoLostParts(
  cluster: Cluster,
  { graph, options, namespace }: { graph: Graph; options: DeployOptions; namespace: string },
): Promise<void> {
  const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace });
  const { revisions } = await history(graph, options);
  expect(items.filter(({ type }) => type === partType)).toHaveLength(
    revisions.filter(({ restorable }) => restorable).length,
  );
}

async function deleteDeadLock(cluster: Cluster, namespace: string): Promise<void> {
  const { items } = await cluster.list({ ...lease, namespace });
  for (const { metadata, spec } of items) {
    const [, pid = ''] = (spec as { holderIdentity: string }).holderIdentity.split('/');
    expect(() => process.kill(Number(pid), 0)).toThrow();
    await cluster.delete({ ...lease, name: metadata.name, namespace });
  }
}

/** What a deployment makes that nobody disturbs. */
export async function undisturbed(
  cluster: Cluster,
  graph: Graph,
  mode: Mode = 'direct',
): Promise<Record<string, unknown>> {
  const { options, namespace } = await stage(cluster, true, mode);
  await deploy(graph, options);
  const state = await contents(cluster, namespace);
  await destroy(graph, options);
  return state;
}

/** Runs tasks, a few at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (number: number): Promise<void> => {
    while (next < items.length) await work(items[next++] as T, number);
  };
  await Promise.all(Array.from({ length: width }, (_, number) => lane(number)));
}
