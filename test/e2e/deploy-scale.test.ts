import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import {
  configMap,
  configMaps,
  connectTo,
  declaredConditions,
  freshName,
  graphOf,
  namesIn,
  optionsFor,
  secret,
  widgetDefinition,
} from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place);
const through = proxy.cluster;
afterEach(() => proxy.reset());
afterAll(() => {
  proxy.close();
  cluster.close();
});

// The sizes of the scenarios take minutes; everyday runs are smaller and show the same.
const full = process.env['KUBEWRIGHT_SCALE'] === 'full';
const timeoutMs = full ? 900_000 : 110_000;
const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const count = (value: (typeof proxy.seen)[number][]): number => new Set(value.map(({ path }) => path)).size;

it(
  '1. no change over 5,000 ConfigMaps: 0 writes, at most kinds × namespaces LISTs',
  async () => {
    const graph = graphOf('many', configMaps(numbered('c', 5_000)));
    const options = { ...optionsFor({ cluster: through, namespace: freshName('many') }), timeoutMs };
    await deploy(graph, { ...options, cluster });
    proxy.reset();
    const { writes, duration } = await deploy(graph, options);
    if (full) console.log(`1. ${Math.round(duration)} ms, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
    expect(writes).toBe(0);
    expect(proxy.seen.filter(({ write }) => write)).toEqual([]);
    // One LIST, in pages.
    const lists = proxy.seen.filter(({ list }) => list);
    expect(count(lists)).toBe(1);
    expect(lists.length).toBeLessThanOrEqual(11);
    expect(proxy.seen.filter(({ watch }) => watch)).toEqual([]);
    expect(proxy.seen.length - lists.length).toBeLessThan(5);
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: options.instance.namespace as string });
  },
  timeoutMs * 2,
);

it(
  '20,000 objects: deployed, unchanged, changed, restored and destroyed; every part of the record fits a Secret',
  async () => {
    const size = full ? 20_000 : 300;
    const ids = numbered('c', size);
    // Text that does not compress, so that the record takes several parts at any size.
    const content = ids.map(() => randomBytes(full ? 150 : 8_000).toString('base64'));
    const graphWith = (first: string): Graph =>
      graphOf('heap', () =>
        Object.fromEntries(
          ids.map((name, index) => [
            name,
            simple.ConfigMap({ name, data: { text: index === 0 ? first : (content[index] as string) } }),
          ]),
        ),
      );
    const namespace = freshName('heap');
    const options = { ...optionsFor({ cluster, namespace }), timeoutMs };
    const [before, after] = [graphWith('one'), graphWith('two')];
    const figures: string[] = [];
    const measured = async <T extends { readonly duration: number }>(what: string, work: Promise<T>): Promise<T> => {
      const result = await work;
      const memory = Math.round(process.resourceUsage().maxRSS / 1024);
      figures.push(`${what} ${Math.round(result.duration)} ms, ${memory} MiB`);
      return result;
    };
    expect((await measured('deploy', deploy(before, options))).objects).toHaveLength(size);
    expect((await measured('unchanged', deploy(before, options))).writes).toBe(0);
    const changed = await measured('changed', deploy(after, options));
    expect(changed.objects.filter(({ action }) => action !== 'unchanged')).toHaveLength(1);
    const { items } = await cluster.list({ ...secret, namespace });
    const parts = items.filter((item) => item['type'] === 'kubewright.dev/record-chunk');
    // Two revisions of several parts each; the server itself holds the limit of one.
    expect(parts.length).toBeGreaterThanOrEqual(2 * 3);
    await measured('rollback', rollback(after, options));
    expect((await cluster.get({ ...configMap, name: 'c0', namespace }))?.['data']).toEqual({ text: 'one' });
    await measured('destroy', destroy(after, options));
    if (full) console.log(`20,000 objects: ${figures.join('; ')}`);
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    expect(await namesIn(cluster, namespace, secret)).toEqual([]);
  },
  timeoutMs * 4,
);

it(
  '2. CRD + 1,000 × (Namespace, ConfigMap, CR): 4 watches',
  async () => {
    const group = `${freshName('g')}.example.com`;
    const size = full ? 1_000 : 40;
    const spaces = numbered(`${freshName('tenant')}-`, size);
    const graph = graphOf('tenants', () => {
      const space = kind({ apiVersion: 'v1', kind: 'Namespace', namespaced: false });
      const widget = kind({ apiVersion: `${group}/v1`, kind: 'Widget' });
      const each = spaces.flatMap((namespace, index) => {
        const metadata = { name: 'settings', namespace };
        return [
          [`space${index}`, space({ metadata: { name: namespace } })],
          [`settings${index}`, kind(configMap)({ metadata, data: { namespace } } as never)],
          [`widget${index}`, widget({ metadata, spec: { size: index } } as never)],
        ] as const;
      });
      return { definition: widgetDefinition(group, { status: declaredConditions }), ...Object.fromEntries(each) };
    });
    const options = { ...optionsFor({ cluster: through, namespace: freshName('tenants') }), timeoutMs };
    proxy.reset();
    const reporting = reportReady(group, size);
    const { objects, duration } = await deploy(graph, options);
    await reporting;
    // All of them were waited for.
    const waited = options.events.filter((event) => event.type === 'waiting' && event.object.kind === 'Widget');
    expect(waited.length).toBeGreaterThanOrEqual(size);
    expect(objects.every(({ ready }) => ready)).toBe(true);
    if (full) console.log(`2. ${Math.round(duration)} ms, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
    expect(objects).toHaveLength(1 + 3 * size);
    expect(count(proxy.seen.filter(({ watch }) => watch))).toBeLessThanOrEqual(4);
    proxy.reset();
    expect((await deploy(graph, options)).writes).toBe(0);
    expect(count(proxy.seen.filter(({ list }) => list))).toBeLessThanOrEqual(4);
    await destroy(graph, options);
  },
  timeoutMs * 2,
);

/** What a controller does that reports late: nothing for a second, and then that each of so many widgets is ready. */
async function reportReady(group: string, size: number): Promise<void> {
  const widgets = { apiVersion: `${group}/v1`, kind: 'Widget' };
  const all = async (): Promise<readonly KubernetesObject[]> =>
    (await cluster.list(widgets).catch(() => ({ items: [] }))).items;
  await expect.poll(async () => (await all()).length, { timeout: timeoutMs, interval: 250 }).toBe(size);
  await sleep(1_000);
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Up', message: '' }];
  for (const { metadata } of await all())
    await cluster.patch(
      { ...widgets, ...metadata },
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
}

describe('2. waiting in many namespaces', () => {
  const spaces = 10;
  const deployments = '/apis/apps/v1/deployments';
  const inSpaces = (namespaces: readonly string[]): Graph =>
    graphOf('spread', () => {
      const space = kind({ apiVersion: 'v1', kind: 'Namespace', namespaced: false });
      const each = namespaces.flatMap((namespace, index) => {
        const annotations = { 'simulate.kubewright.dev/start-delay': '4s' };
        const containers = [{ name: 'web', image: 'nginx' }];
        const template = { metadata: { labels: { app: 'web' }, annotations }, spec: { containers } };
        const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
        const web = kind({ apiVersion: 'apps/v1', kind: 'Deployment' });
        return [
          [`space${index}`, space({ metadata: { name: namespace } })],
          [`web${index}`, web({ metadata: { name: 'web', namespace }, spec } as never)],
        ] as const;
      });
      return Object.fromEntries(each);
    });

  it('takes one watch of the objects and one of their pods', async () => {
    const graph = inSpaces(numbered(`${freshName('wide')}-`, spaces));
    const options = optionsFor({ cluster: through, namespace: freshName('wide') });
    await deploy(graph, options);
    const watched = new Set(proxy.seen.filter(({ watch }) => watch).map(({ path }) => path));
    expect(watched).toEqual(new Set([deployments, '/api/v1/pods']));
    const ofObjects = proxy.seen.filter(({ watch, path }) => watch && path === deployments);
    expect(ofObjects.every(({ query }) => query.get('labelSelector')?.startsWith('applyset.'))).toBe(true);
  });

  it('takes one per namespace where no more is allowed', async () => {
    const names = numbered(`${freshName('narrow')}-`, spaces);
    const options = optionsFor({ cluster: through, namespace: freshName('narrow') });
    proxy.reset(({ path, watch }) =>
      path === '/api/v1/pods' || (watch && path === deployments) ? { kind: 'answer', status: 403 } : undefined,
    );
    const { objects } = await deploy(inSpaces(names), options);
    expect(objects.every(({ ready }) => ready)).toBe(true);
    const watched = new Set(proxy.seen.filter(({ watch }) => watch).map(({ path }) => path));
    for (const name of names) {
      expect(watched).toContain(`/apis/apps/v1/namespaces/${name}/deployments`);
      expect(watched).toContain(`/api/v1/namespaces/${name}/pods`);
    }
  });

  it('fails where not even that is allowed', async () => {
    const options = optionsFor({ cluster: through, namespace: freshName('none') });
    proxy.reset(({ path, watch }) =>
      watch && path.endsWith('/deployments') ? { kind: 'answer', status: 403 } : undefined,
    );
    await expect(deploy(inSpaces(numbered(`${freshName('none')}-`, spaces)), options)).rejects.toThrow(
      /403|[Ff]orbidden/,
    );
  });
});

it(
  '3. 1,000 Deployments to ready: one watch of them, no request per object',
  async () => {
    const ids = numbered('web', full ? 1_000 : 60);
    const graph = graphOf('fleet', () => {
      const one = (name: string): unknown => simple.Deployment({ name, image: 'nginx', replicas: 1 });
      return Object.fromEntries(ids.map((name) => [name, one(name)])) as never;
    });
    const namespace = freshName('fleet');
    const options = { ...optionsFor({ cluster: through, namespace }), timeoutMs };
    const { duration } = await deploy(graph, options);
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    // The server ends a watch after some time; another one follows.
    expect(proxy.seen.filter((seen) => seen.watch && seen.path === path).length).toBeLessThanOrEqual(
      1 + duration / 30_000,
    );
    expect(proxy.seen.filter((seen) => seen.method === 'GET' && seen.path.startsWith(`${path}/`))).toEqual([]);
    const { items } = await cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace });
    expect(items).toHaveLength(ids.length);
    expect(items.every(({ status }) => (status as { readyReplicas?: number }).readyReplicas === 1)).toBe(true);
    if (full) console.log(`3. ${Math.round(duration)} ms, ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  },
  timeoutMs * 2,
);
