import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, namesIn, optionsFor, secret } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place, 'http');
afterAll(() => {
  proxy.close();
  cluster.close();
});

const namespaceKind = { apiVersion: 'v1', kind: 'Namespace' } as const;
const fresh = (prefix = 'removal'): ReturnType<typeof optionsFor> =>
  optionsFor({ cluster, namespace: freshName(prefix) });
const settings = (): never => simple.ConfigMap({ name: 'settings', data: { key: 'value' } }) as never;
const isThere = async (ref: {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}): Promise<boolean> => {
  const found = await cluster.get(ref);
  return found !== undefined && found.metadata.deletionTimestamp === undefined;
};

it('what is outside of the namespace is destroyed when the namespace is gone', async () => {
  const options = fresh();
  const name = options.instance.namespace as string;
  const elsewhere = freshName('elsewhere');
  await cluster.create({ ...namespaceKind, metadata: { name: elsewhere } });
  const clusterRole = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', namespaced: false } as const;
  const graph = graphOf('outside', () => ({
    settings: settings(),
    far: simple.ConfigMap({ name: 'far', namespace: elsewhere, data: {} }),
    role: kind(clusterRole)({ metadata: { name: elsewhere }, rules: [] } as never),
  }));
  await deploy(graph, options);
  await cluster.delete({ ...namespaceKind, name });
  await expect.poll(() => cluster.get({ ...namespaceKind, name }), { timeout: 30_000 }).toBeUndefined();
  const { objects } = await destroy(graph, options);
  expect(objects.map(({ label }) => label).sort()).toEqual(['far', 'role']);
  expect(await isThere({ ...configMap, name: 'far', namespace: elsewhere })).toBe(false);
  expect(await isThere({ ...clusterRole, name: elsewhere })).toBe(false);
  expect(await cluster.get({ ...namespaceKind, name })).toBeUndefined();
  expect((await destroy(graph, options)).writes).toBe(0);
});

it('a namespace that is going away is waited for, and what is outside of it destroyed', async () => {
  const options = fresh();
  const name = options.instance.namespace as string;
  const clusterRole = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', namespaced: false } as const;
  const graph = graphOf('outside', () => ({
    settings: settings(),
    role: kind(clusterRole)({ metadata: { name }, rules: [] } as never),
  }));
  await deploy(graph, options);
  const held = { ...configMap, name: 'held', namespace: name };
  await cluster.create({ ...configMap, metadata: { name: 'held', namespace: name, finalizers: ['example.com/hold'] } });
  await cluster.delete({ ...namespaceKind, name });
  const going = destroy(graph, options);
  setTimeout(() => {
    void cluster.patch(held, { type: 'merge', body: { metadata: { finalizers: null } } });
  }, 2_000);
  expect((await going).objects.map(({ name: each }) => each)).toContain(name);
  expect(await isThere({ ...clusterRole, name })).toBe(false);
  expect(await cluster.get({ ...namespaceKind, name })).toBeUndefined();
});

describe('an object to which a controller copied our labels and annotations', () => {
  async function copied(namespace: string, name: string, source: string): Promise<void> {
    const from = await cluster.get({ ...configMap, name: source, namespace });
    const { labels = {}, annotations = {} } = from?.metadata ?? {};
    await cluster.create({ ...secret, metadata: { name, namespace, labels, annotations } }, { fieldManager: 'copier' });
  }
  const graph = (names: readonly string[]): Graph =>
    graphOf('copies', () => ({
      settings: settings(),
      ...Object.fromEntries(names.map((name) => [name, simple.Secret({ name, stringData: { key: 'value' } })])),
    }));

  it('is left alone, by a deployment, by a destruction and by the next deployment', async () => {
    const options = fresh();
    const namespace = options.instance.namespace as string;
    await deploy(graph(['one', 'two', 'three']), options);
    await copied(namespace, 'copy', 'settings');
    const { warnings: said } = await plan(graph(['one', 'two']), options);
    expect(said.filter((text) => text.includes('copy'))).toEqual([
      `left alone, as somebody else gave them the label of this deployment: Secret ${namespace}/copy (copier)`,
    ]);
    await deploy(graph(['one', 'two']), options);
    await deploy(graph(['one']), options);
    expect(await namesIn(cluster, namespace, secret)).toEqual(expect.arrayContaining(['copy', 'one']));
    expect(await isThere({ ...secret, name: 'two', namespace })).toBe(false);
    const { objects, kept } = await destroy(graph(['one']), options);
    expect(objects.map(({ name }) => name).sort()).toEqual(['one', 'settings']);
    expect(kept).toContain(`Namespace ${namespace}: it holds Secret copy`);
    expect(await isThere({ ...secret, name: 'copy', namespace })).toBe(true);
  });

  it('does not keep what this deployment made from being deleted, whoever changed it since', async () => {
    const options = fresh();
    const namespace = options.instance.namespace as string;
    await deploy(graph(['one', 'two']), options);
    const found = await cluster.get({ ...secret, name: 'two', namespace });
    await cluster.update(
      { ...found!, metadata: { ...found!.metadata, managedFields: [{}] } },
      { fieldManager: 'other' },
    );
    const { objects } = await deploy(graph(['one']), options);
    expect(objects.filter(({ action }) => action === 'deleted').map(({ name }) => name)).toEqual(['two']);
  });
});

it('deletions that are refused are all told, with what is left, once no other one is under way', async () => {
  const options = fresh();
  const namespace = options.instance.namespace as string;
  const graph = graphOf('refused', () => {
    const first = simple.ConfigMap({ name: 'first', data: {} });
    const rest = ['a', 'b', 'slow'].map((name) => simple.ConfigMap({ name, data: {} }, { dependsOn: first as never }));
    return { first, ...Object.fromEntries(rest.map((each, index) => [`rest${index}`, each])) };
  });
  await deploy(graph, options);
  proxy.reset(({ method, path }) => {
    if (method !== 'DELETE') return undefined;
    if (/configmaps\/[ab]$/.test(path)) return { kind: 'answer', status: 403 };
    return path.endsWith('configmaps/slow') ? { kind: 'late', ms: 1_500 } : undefined;
  });
  const error = await destroy(graph, { ...options, cluster: proxy.cluster }).catch((each: Error) => each);
  const deleted = proxy.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/').at(-2));
  proxy.reset();
  expect((error as Error).message).toMatch(/configmap[^\n]*\/a[^\n]*says 403/i);
  expect((error as Error).message).toMatch(/configmap[^\n]*\/b[^\n]*says 403/i);
  expect((error as Error).message).toContain(`delete ConfigMap ${namespace}/first`);
  expect(await namesIn(cluster, namespace, configMap)).toEqual(['a', 'b', 'first']);
  expect(deleted.at(-1)).toBe('leases');
  await destroy(graph, options);
});
