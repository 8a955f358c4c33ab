import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor } from './deploying.ts';
import { startProxy, type Rule, type Seen } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
const isRenewal = ({ method, path }: Seen): boolean => method === 'PUT' && path.includes('/leases/');
const isPart = ({ write, path }: Seen): boolean => write && /\/secrets\/.*\.\d+-\d+$/.test(path);

/** The second one is applied when the first is ready. */
const slow = (seconds: number): Graph =>
  graphOf('slow', () => {
    const first = kind({ apiVersion: 'v1', kind: 'Pod' })({
      metadata: { name: 'first', annotations: { 'simulate.kubewright.dev/start-delay': `${seconds}s` } },
      spec: { containers: [{ name: 'main', image: 'nginx' }] },
    } as never);
    return { first, second: simple.ConfigMap({ name: 'second', data: {} }, { dependsOn: first as never }) };
  });

describe.concurrent('15. two runs at once: ', () => {
  it('a process of another machine or container of the same name is not taken for dead', async () => {
    const options = optionsFor({ cluster, namespace: freshName('named') });
    const namespace = options.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    // Of another boot or pid namespace: no process has this pid here.
    const holder = `${hostname()}/999999999/0123456789ab/0123456789ab/x`;
    await cluster.create({
      ...lease,
      metadata: { name: 'kubewright.named.it', namespace },
      spec: { holderIdentity: holder, leaseDurationSeconds: 15 },
    });
    const { duration } = await deploy(graphOf('named', configMaps(['a'])), options);
    expect(duration).toBeGreaterThan(14_900);
  });

  it('a run whose renewals hang stops before another one can have the lock', async () => {
    const proxy = await startProxy(place);
    proxy.reset((seen) => (isRenewal(seen) ? { kind: 'hang' } : undefined));
    const options = { ...optionsFor({ cluster, namespace: freshName('hung') }), timeoutMs: 58_000 };
    const namespace = options.instance.namespace as string;
    const startedAt = performance.now();
    const first = deploy(slow(20), { ...options, cluster: proxy.cluster, onEvent: () => undefined });
    const stoppedAt = expect(first)
      .rejects.toMatchObject({ code: 'LockLost' })
      .then(() => performance.now());
    await expect.poll(() => namesIn(cluster, namespace, lease).catch(() => []), { timeout: 5_000 }).toHaveLength(1);
    const second = deploy(slow(20), options);
    expect((await stoppedAt) - startedAt).toBeLessThan(14_500);
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    expect(options.events.map(({ type }) => type)).not.toContain('object');
    await second;
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['second']);
    proxy.close();
  });

  it('one renewal that hangs costs nothing', async () => {
    const proxy = await startProxy(place);
    let renewals = 0;
    proxy.reset((seen) => (isRenewal(seen) && (renewals += 1) === 1 ? { kind: 'hang' } : undefined));
    const options = { ...optionsFor({ cluster: proxy.cluster, namespace: freshName('once') }), timeoutMs: 58_000 };
    await deploy(slow(16), options);
    expect(renewals).toBeGreaterThan(2);
    proxy.close();
  });

  it('a lock is given back though the answer to its last renewal was lost', async () => {
    const proxy = await startProxy(place);
    proxy.reset((seen) => (isRenewal(seen) ? { kind: 'late', ms: 9_000 } : undefined));
    const options = optionsFor({ cluster: proxy.cluster, namespace: freshName('lost') });
    await deploy(slow(6), options);
    expect(await namesIn(cluster, options.instance.namespace as string, lease)).toEqual([]);
    proxy.close();
  });

  it('a run that loses its lock between two parts of its record does not write the next one', async () => {
    const proxy = await startProxy(place);
    const rule: Rule = (seen) => {
      if (isRenewal(seen)) return { kind: 'hang' };
      return isPart(seen) ? { kind: 'late', ms: 14_000 } : undefined;
    };
    proxy.reset(rule);
    const options = optionsFor({ cluster: proxy.cluster, namespace: freshName('parts') });
    // Text that does not compress, so that the record takes several parts.
    const maps = Array.from({ length: 100 }, (_, index) =>
      simple.ConfigMap({ name: `c${index}`, data: { text: randomBytes(20_000).toString('base64') } }),
    );
    const graph = graphOf('parts', () => Object.fromEntries(maps.map((map, index) => [`c${index}`, map])));
    await expect(deploy(graph, options)).rejects.toMatchObject({ code: 'LockLost' });
    expect(proxy.seen.filter(isPart)).toHaveLength(1);
    proxy.close();
  });
});
