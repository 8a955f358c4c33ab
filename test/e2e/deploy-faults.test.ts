import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { external, kind, simple } from '../../src/k8s/index.ts';
import {
  configMap,
  configMaps,
  connectTo,
  freshName,
  graphOf,
  namesIn,
  optionsFor,
  tokenOf,
  widgetDefinition,
} from './deploying.ts';
import { startProxy, type Fault, type Rule, type Seen } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place);
const through = proxy.cluster;
afterEach(() => proxy.reset());
afterAll(() => {
  proxy.close();
  cluster.close();
});

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `c${index}`);
const names = numbered(12).sort();
const web = (annotations: Record<string, string> = {}, image = 'nginx'): Graph =>
  graphOf('web', () => {
    const spec = { containers: [{ name: 'web', image }] };
    const template = { metadata: { labels: { app: 'web' }, annotations }, spec };
    const selector = { matchLabels: { app: 'web' } };
    const body = { metadata: { name: 'web' }, spec: { replicas: 1, selector, template } };
    return { web: kind({ apiVersion: 'apps/v1', kind: 'Deployment' })(body) };
  });

/** The fault for every request that `which` takes, but only `times` times each. */
function sometimes(fault: Fault, times: number, which: (seen: Seen) => boolean): Rule {
  const count = new Map<string, number>();
  return (seen) => {
    if (!which(seen)) return undefined;
    const id = `${seen.method} ${seen.path} ${seen.query.get('dryRun')}`;
    count.set(id, (count.get(id) ?? 0) + 1);
    return (count.get(id) ?? 0) <= times ? fault : undefined;
  };
}

const writes = ({ write }: Seen): boolean => write;
const everything = ({ watch }: Seen): boolean => !watch;

describe('faults between the engine and the server', () => {
  /** Deploys, changes, and destroys as if nothing was. */
  async function expectUnharmed(rule: Rule): Promise<void> {
    const namespace = freshName('faults');
    const options = { ...optionsFor({ cluster: through, namespace }), timeoutMs: 55_000 };
    proxy.reset(rule);
    await deploy(graphOf('faults', configMaps(names)), options);
    expect(await namesIn(cluster, namespace, configMap)).toEqual(names);
    proxy.reset(rule);
    const next = [...names.slice(1), 'd0'];
    await deploy(graphOf('faults', configMaps(next, { key: 'other' })), options);
    expect(await namesIn(cluster, namespace, configMap)).toEqual(next);
    expect((await deploy(graphOf('faults', configMaps(next, { key: 'other' })), { ...options, cluster })).writes).toBe(
      0,
    );
    proxy.reset(rule);
    await destroy(graphOf('faults', configMaps(next)), options);
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeUndefined();
  }

  it('16. 429 with Retry-After, at each write: all is done as if nothing was', () =>
    expectUnharmed(sometimes({ kind: 'answer', status: 429, retryAfter: 1 }, 1, writes)));

  it.each<readonly [string, Rule]>([
    ['500, at each write', sometimes({ kind: 'answer', status: 500 }, 3, writes)],
    ['503, at everything', sometimes({ kind: 'answer', status: 503 }, 2, everything)],
    ['connections that break before each write arrives', sometimes({ kind: 'cut-before' }, 2, writes)],
    ['connections that break after each write was done', sometimes({ kind: 'cut-after' }, 1, writes)],
    [
      'answers of which half arrives',
      sometimes({ kind: 'half' }, 1, ({ path, watch }) => !watch && !/^\/apis?\/?$/.test(path)),
    ],
    ['bodies that trickle', ({ watch }) => (watch ? undefined : { kind: 'slow', ms: 60 })],
  ])('17. bursts of 500 and the like, %s: all is done as if nothing was', (_title, rule) => expectUnharmed(rule));

  it('16. 429 with Retry-After: waits as long as it says, and then a little less hurried', async () => {
    const options = optionsFor({ cluster: through, namespace: freshName('patience') });
    const at: number[] = [];
    const ofMap = ({ path, write }: Seen): boolean => write && path.includes('/configmaps/');
    proxy.reset((seen) => {
      if (!ofMap(seen)) return undefined;
      if (!seen.path.endsWith('/slow')) return { kind: 'late', ms: 500 };
      at.push(performance.now());
      return at.length === 1 ? { kind: 'answer', status: 429, retryAfter: 2 } : undefined;
    });
    await deploy(graphOf('patience', configMaps(['slow', ...numbered(80)])), options);
    expect(at).toHaveLength(2);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(1_990);
    const open = proxy.seen.filter(ofMap).map((seen) => seen.open);
    expect(Math.max(...open.slice(0, 32))).toBeGreaterThan(24);
    // Half of it, and what it has grown back since.
    expect(Math.max(...open.slice(32))).toBeLessThan(22);
    expect(Math.max(...open.slice(32))).toBeGreaterThan(12);
  });

  it('16. 429 with Retry-After: deletions are less hurried then, too', async () => {
    const options = optionsFor({ cluster: through, namespace: freshName('calm') });
    const graph = graphOf('calm', configMaps(numbered(120)));
    await deploy(graph, { ...options, cluster });
    const ofMap = ({ method, path }: Seen): boolean => method === 'DELETE' && path.includes('/configmaps/');
    let deletions = 0;
    proxy.reset((seen) => {
      if (!ofMap(seen)) return undefined;
      deletions += 1;
      return deletions === 40 ? { kind: 'answer', status: 429, retryAfter: 1 } : { kind: 'late', ms: 500 };
    });
    await destroy(graph, options);
    const open = proxy.seen.filter(ofMap).map((seen) => seen.open);
    expect(Math.max(...open.slice(0, 40))).toBeGreaterThan(24);
    expect(Math.max(...open.slice(72))).toBeLessThan(24);
    expect(deletions).toBe(121);
  });

  it('17. gives up on what does not pass, and says what the server said', async () => {
    const options = { ...optionsFor({ cluster: through, namespace: freshName('down') }), timeoutMs: 3_000 };
    proxy.reset(({ path, write }) =>
      write && path.endsWith('/configmaps/b') ? { kind: 'answer', status: 500 } : undefined,
    );
    await expect(deploy(graphOf('down', configMaps(['a', 'b'])), options)).rejects.toThrow(
      /not finished after 3 s.*b/s,
    );
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['a']);
    expect(options.events).toContainEqual(
      expect.objectContaining({ type: 'retry', reason: expect.stringMatching(/the proxy says 500/) }),
    );
  });

  it('a token that expires in the middle is replaced by the one that is in its file by then', async () => {
    const tokenFile = join(mkdtempSync(join(tmpdir(), 'kubewright-token-')), 'token');
    const kubeconfig = `${tokenFile}.json`;
    writeFileSync(tokenFile, place.token);
    writeFileSync(kubeconfig, JSON.stringify(configFor(tokenFile)));
    const fresh = await tokenOfAdmin(freshName('admin'));
    const expiring = await connect({ kind: 'context', name: 'expiring', kubeconfig });
    const options = optionsFor({ cluster: expiring, namespace: freshName('token') });
    let refused = 0;
    proxy.reset(({ write, number }) => {
      if (!write || number !== 6) return undefined;
      refused += 1;
      writeFileSync(tokenFile, fresh);
      return { kind: 'answer', status: 401 };
    });
    await deploy(graphOf('token', configMaps(names)), options);
    expect(refused).toBe(1);
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(names);
    expiring.close();
  });

  it('a token that expires for good ends the run with what to do, and the next run goes on', async () => {
    const options = optionsFor({ cluster: through, namespace: freshName('expired') });
    proxy.reset(({ write, number }) => (write && number > 6 ? { kind: 'answer', status: 401 } : undefined));
    const started = performance.now();
    await expect(deploy(graphOf('token', configMaps(names)), options)).rejects.toThrow(/Renew the credentials/);
    expect(performance.now() - started).toBeLessThan(15_000);
    await deploy(graphOf('token', configMaps(names)), { ...options, cluster, timeoutMs: 55_000 });
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(names);
  });
});

function configFor(tokenFile: string): object {
  const server = { server: proxy.server, 'certificate-authority': place.caFile };
  const contexts = [{ name: 'expiring', context: { cluster: 'c', user: 'u' } }];
  const users = [{ name: 'u', user: { tokenFile } }];
  return { apiVersion: 'v1', kind: 'Config', clusters: [{ name: 'c', cluster: server }], users, contexts };
}

/** A token of a service account that may do everything. */
async function tokenOfAdmin(name: string): Promise<string> {
  const namespace = 'default';
  await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
  await cluster.create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  return tokenOf(cluster, { name, namespace });
}

describe.concurrent('18. watch 410, silent TCP drop', () => {
  const slowStart = { 'simulate.kubewright.dev/start-delay': '4s' };
  const firstOf = (fault: Fault, times = 1): Rule => {
    let count = 0;
    return ({ watch, path }) => (watch && path.endsWith('/deployments') && (count += 1) <= times ? fault : undefined);
  };

  it.each<readonly [string, Fault, number]>([
    ['410: the list is read again', { kind: 'gone' }, 2],
    ['broken connections', { kind: 'drop', ms: 300 }, 4],
    ['refused with 429', { kind: 'answer', status: 429, retryAfter: 1 }, 1],
    ['a connection that is silently dead', { kind: 'silent' }, 1],
  ])(
    '%s, and the deployment is seen to become ready',
    async (_title, fault, times) => {
      const own = await startProxy(place);
      own.reset(firstOf(fault, times));
      const options = { ...optionsFor({ cluster: own.cluster, namespace: freshName('watch') }), timeoutMs: 58_000 };
      const { objects } = await deploy(web(slowStart), options);
      expect(objects).toMatchObject([{ action: 'created', ready: true }]);
      expect(own.seen.filter(({ watch, path }) => watch && path.endsWith('/deployments')).length).toBeGreaterThan(1);
      own.close();
    },
    60_000,
  );
});

describe('28. fast controllers and observedGeneration', () => {
  it.each<readonly [string, Rule]>([
    ['as it comes', () => undefined],
    [
      'answers to our writes that come after their events',
      ({ write, path }) => (write && path.endsWith('/deployments/web') ? { kind: 'late', ms: 1_500 } : undefined),
    ],
    ['events that come late', ({ watch }) => (watch ? { kind: 'late', ms: 1_000 } : undefined)],
  ])('a status about the version before counts for nothing: %s', async (_title, rule) => {
    const namespace = freshName('generation');
    const options = optionsFor({ cluster: through, namespace });
    await deploy(web({}, 'nginx:1'), { ...options, cluster });
    proxy.reset(rule);
    await deploy(web({ 'simulate.kubewright.dev/start-delay': '1s' }, 'nginx:2'), options);
    const live = (await cluster.get({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      namespace,
    })) as KubernetesObject;
    expect(live['status']).toMatchObject({
      observedGeneration: live.metadata.generation,
      updatedReplicas: 1,
      readyReplicas: 1,
    });
  });
});

describe('29. CR whose status comes late', () => {
  it('is waited for, and what reads its status is applied then', async () => {
    const group = `${freshName('g')}.example.com`;
    const namespace = freshName('late');
    const options = optionsFor({ cluster, namespace });
    const conditions = {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          type: { type: 'string' },
          status: { type: 'string' },
          reason: { type: 'string' },
          message: { type: 'string' },
        },
      },
    };
    const status = { type: 'object', properties: { address: { type: 'string' }, conditions } };
    const widget = kind<{ spec: object; status: { address: string } }>({ apiVersion: `${group}/v1`, kind: 'Widget' });
    const graph = graphOf('late', () => {
      const slow = widget({ metadata: { name: 'w' }, spec: { size: 1 } });
      const reader = simple.ConfigMap({ name: 'reader', data: { address: slow.status.address } });
      return { definition: widgetDefinition(group, { status }), slow, reader };
    });
    const deploying = deploy(graph, options);
    const ref = { apiVersion: `${group}/v1`, kind: 'Widget', name: 'w', namespace };
    await expect.poll(() => cluster.get(ref).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const patch = (body: object): Promise<unknown> =>
      cluster.patch(ref, { type: 'merge', body: { status: body } }, { subresource: 'status' });
    await patch({
      address: 'there',
      conditions: [{ type: 'Ready', status: 'False', reason: 'Starting', message: 'soon' }],
    });
    await expect.poll(() => namesIn(cluster, namespace, configMap), { timeout: 10_000 }).toEqual(['reader']);
    let ended = false;
    void deploying.then(() => (ended = true));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(ended).toBe(false);
    await patch({ address: 'there', conditions: [{ type: 'Ready', status: 'True', reason: 'Up', message: '' }] });
    await deploying;
    expect(options.events).toContainEqual(
      expect.objectContaining({ type: 'waiting', reason: expect.stringContaining('Starting: soon') }),
    );
    expect((await cluster.get({ ...configMap, name: 'reader', namespace }))?.['data']).toEqual({ address: 'there' });
    await destroy(graph, options);
  });

  it('that never comes holds up a deployment for ten seconds and no longer', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('never') });
    const status = { type: 'object', properties: { conditions: { type: 'array', items: { type: 'object' } } } };
    const graph = graphOf('never', () => {
      const widget = kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({
        metadata: { name: 'w' },
        spec: { size: 1 },
      } as never);
      return { definition: widgetDefinition(group, { status }), widget };
    });
    const { duration } = await deploy(graph, options);
    expect(duration).toBeGreaterThan(9_900);
    expect(duration).toBeLessThan(30_000);
    await destroy(graph, options);
  });

  it('can be external, and appear in the middle', async () => {
    const namespace = freshName('appears');
    const options = optionsFor({ cluster: through, namespace });
    proxy.reset(sometimes({ kind: 'drop', ms: 200 }, 3, ({ watch }) => watch));
    const graph = graphOf('appears', () => {
      const theirs = external(
        kind({ apiVersion: 'v1', kind: 'ConfigMap' }) as never,
        { name: 'theirs' } as never,
      ) as never as { data: { key: string } };
      return { theirs, ours: simple.ConfigMap({ name: 'ours', data: { copy: theirs.data.key } }) } as never;
    });
    const deploying = deploy(graph, options);
    await expect.poll(() => cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await cluster.create({ ...configMap, metadata: { name: 'theirs', namespace }, data: { key: 'theirs' } });
    await deploying;
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['ours', 'theirs']);
  });
});
