import { afterAll, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { history } from '../../src/deploy/history.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { crash, inParallel, stage, twenty } from './crashing.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor, secret } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const lanes = 4;
const proxies = await Promise.all(Array.from({ length: lanes }, () => startProxy(place, 'http')));
afterAll(() => {
  for (const proxy of proxies) proxy.close();
  cluster.close();
});

type Options = ReturnType<typeof optionsFor>;
const fresh = (): Options => optionsFor({ cluster, namespace: freshName('rollback') });
const namespaceOf = ({ instance }: Options): string => instance.namespace as string;
const graph = (names: readonly string[], value: string): Graph => graphOf('back', configMaps(names, { key: value }));
const maps = async (options: Options): Promise<Record<string, unknown>> => {
  const { items } = await cluster.list({ ...configMap, namespace: namespaceOf(options) });
  const own = items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt');
  return Object.fromEntries(
    own.map(({ metadata, data }) => [metadata.name, (data as { key?: string } | undefined)?.key]),
  );
};

describe('rollback', () => {
  it('restores what a revision had, deletes what it had not, and is a revision of its own', async () => {
    const options = fresh();
    await deploy(graph(['a', 'b'], 'one'), options);
    await deploy(graph(['a', 'c'], 'two'), options);
    await deploy(graph(['a', 'd'], 'three'), options);
    const plans: string[][] = [];
    const confirm = (made: { changes: readonly { action: string; name: string }[] }): boolean => {
      plans.push(made.changes.map(({ action, name }) => `${action} ${name}`).sort());
      return true;
    };
    const { revision } = await rollback(graph(['unused'], 'now'), { ...options, to: 1, confirm });
    expect(revision).toBe(1);
    expect(plans).toEqual([['create b', 'delete d', 'update a']]);
    expect(await maps(options)).toEqual({ a: 'one', b: 'one' });
    const [last] = (await history(graph([], ''), options)).revisions;
    expect(last).toMatchObject({ number: 4, rollbackTo: 1, result: 'deployed', current: true, objects: 2 });
    // The graph of then has nothing to do, and a rollback goes further back each time.
    expect((await deploy(graph(['a', 'b'], 'one'), options)).writes).toBe(0);
    expect((await rollback(graph([], ''), { ...options, to: 1 })).writes).toBe(0);
    await rollback(graph([], ''), { ...options, to: 3 });
    expect(await maps(options)).toEqual({ a: 'three', d: 'three' });
    expect((await rollback(graph([], ''), options)).revision).toBe(2);
    expect(await maps(options)).toEqual({ a: 'two', c: 'two' });
    await expect(rollback(graph([], ''), { ...options, confirm: () => false })).rejects.toMatchObject({
      code: 'Declined',
    });
    expect(await maps(options)).toEqual({ a: 'two', c: 'two' });
  });

  it('never goes back to what was rolled back from', async () => {
    const options = fresh();
    await deploy(graph(['a'], 'good'), options);
    await deploy(graph(['a'], 'bad'), options);
    expect((await rollback(graph([], ''), options)).revision).toBe(1);
    await deploy(graph(['a'], 'also bad'), options);
    expect((await rollback(graph([], ''), options)).revision).toBe(1);
    expect(await maps(options)).toEqual({ a: 'good' });
    await expect(rollback(graph([], ''), options)).rejects.toMatchObject({ code: 'NoSuchRevision' });
    await deploy(graph(['a'], 'better'), options);
    await deploy(graph(['a'], 'best'), options);
    const failing = graphOf('back', () => ({
      ...configMaps(['a'], { key: 'worse' })(),
      z: simple.ConfigMap({ name: 'z', data: { key: 'x'.repeat(1_100_000) } }),
    }));
    await expect(deploy(failing, { ...options, rollbackOnFailure: true })).rejects.toMatchObject({
      code: 'RolledBack',
    });
    expect((await rollback(graph([], ''), options)).revision).toBe(6);
    expect(await maps(options)).toEqual({ a: 'better' });
    await expect(deploy(failing, options)).rejects.toThrow(/z/);
    expect(await maps(options)).toEqual({ a: 'worse' });
    expect((await rollback(graph([], ''), options)).revision).toBe(6);
    expect((await rollback(graph([], ''), options)).revision).toBe(1);
    expect(await maps(options)).toEqual({ a: 'good' });
  });

  it('refuses revisions that there are not, and goes to the last good one after a failure', async () => {
    const options = fresh();
    await expect(rollback(graph([], ''), options)).rejects.toMatchObject({
      code: 'NoSuchRevision',
      message: expect.stringContaining('it is not deployed'),
    });
    await deploy(graph(['a'], 'one'), options);
    await expect(rollback(graph([], ''), options)).rejects.toThrow(/no good revision before what is deployed now/);
    const broken = graphOf('back', () => ({
      ...configMaps(['a', 'x'], { key: 'two' })(),
      z: simple.ConfigMap({ name: 'z', data: { key: 'x'.repeat(1_100_000) } }),
    }));
    await expect(deploy(broken, options)).rejects.toThrow(/z/);
    await expect(rollback(graph([], ''), { ...options, to: 2 })).rejects.toThrow(
      /revision 2 failed.*can be restored: 1/,
    );
    await expect(rollback(graph([], ''), { ...options, to: 9 })).rejects.toThrow(/there is no revision 9/);
    expect((await rollback(graph([], ''), options)).revision).toBe(1);
    expect(await maps(options)).toEqual({ a: 'one' });
  });

  it('restores values of Secrets without showing them', async () => {
    const options = fresh();
    const withValue = (value: string) =>
      graphOf('back', () => ({ db: simple.Secret({ name: 'db', stringData: { password: value } }) }));
    await deploy(withValue('correct-horse'), options);
    await deploy(withValue('battery-staple'), options);
    const result = await rollback(withValue('now'), options);
    const found = await cluster.get({ ...secret, name: 'db', namespace: namespaceOf(options) });
    expect(found?.['data']).toEqual({ password: btoa('correct-horse') });
    const said = JSON.stringify([result, options.events]);
    for (const value of ['correct-horse', 'battery-staple', btoa('correct-horse'), btoa('battery-staple')])
      expect(said).not.toContain(value);
  });

  it('lets go of what was taken over, leaves what somebody made anew, and names what does not come back', async () => {
    const options = fresh();
    const job = kind({ apiVersion: 'batch/v1', kind: 'Job' });
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'it', image: 'nginx' }] } };
    await deploy(graph(['a'], 'one'), options);
    const namespace = namespaceOf(options);
    await cluster.create(
      { ...configMap, metadata: { name: 'theirs', namespace }, data: { key: 'theirs' } },
      { fieldManager: 'kubectl-create' },
    );
    const more = graphOf('back', () => ({
      ...configMaps(['a', 'theirs', 'own'], { key: 'two' })(),
      migration: job({ metadata: { name: 'migration' }, spec: { template } } as never),
    }));
    await deploy(more, { ...options, adopt: true });
    const own = (await cluster.get({ ...configMap, name: 'own', namespace })) as KubernetesObject;
    await cluster.delete({ ...configMap, name: 'own', namespace });
    const { labels = {}, annotations = {} } = own.metadata;
    const metadata = { name: 'own', namespace, labels, annotations };
    await cluster.create({ ...configMap, metadata, data: { key: 'copied' } });
    options.events.length = 0;
    await rollback(graph([], ''), options);
    expect(await maps(options)).toEqual({ a: 'one', theirs: 'two', own: 'copied' });
    const theirs = await cluster.get({ ...configMap, name: 'theirs', namespace });
    expect(theirs?.metadata.labels ?? {}).not.toHaveProperty(['applyset.kubernetes.io/part-of']);
    const warnings = options.events.flatMap((event) => (event.type === 'plan' ? event.plan.warnings : [])).join('\n');
    expect(warnings).toMatch(/Job .*\/migration: what its runs did stays/);
    expect(warnings).toMatch(/theirs: it existed before it was taken over, so it stays and is let go/);
    expect(warnings).toMatch(/own .*stays: somebody else made it anew/);
    expect((await plan(graph(['a'], 'one'), options)).changes.filter(({ name }) => name === 'theirs')).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'that is killed %s any of its writes is finished by the next one',
    async (when) => {
      let points = 0;
      let last = Infinity;
      const old = twenty('', 'one');
      const renamed = twenty('-new', 'two');
      await inParallel(
        Array.from({ length: 40 }, (_, index) => index + 1),
        lanes,
        async (write, lane) => {
          if (write > last) return;
          const staged = await stage(cluster, false);
          await deploy(old, staged.options);
          await deploy(renamed, staged.options);
          const doomed = { verb: 'rollback', graph: renamed, write, when } as const;
          if (await crash(proxies[lane]!, staged, doomed)) points += 1;
          else last = Math.min(last, write);
          await rollback(renamed, { ...staged.options, to: 1 });
          expect((await plan(old, staged.options)).changes.filter(({ action }) => action !== 'unchanged')).toEqual([]);
          expect(await namesIn(cluster, staged.namespace, configMap)).not.toContain('plain-0-new');
          expect((await rollback(renamed, { ...staged.options, to: 1 })).writes).toBe(0);
        },
      );
      expect(points).toBeGreaterThanOrEqual(20);
    },
    300_000,
  );
});

describe('--rollback-on-failure', () => {
  const failing = (names: readonly string[], value: string) =>
    graphOf('back', () => ({
      ...configMaps(names, { key: value })(),
      web: simple.Deployment({ name: 'web', image: 'broken.example.com/does-not-exist:1' }),
      refused: simple.ConfigMap({ name: 'refused', data: { key: 'x'.repeat(1_100_000) } }),
    }));

  it('restores what was there and deletes only what the run created; the error says both', async () => {
    const options = { ...fresh(), rollbackOnFailure: true };
    await deploy(graph(['a', 'b'], 'one'), options);
    const namespace = namespaceOf(options);
    await cluster.create({ ...configMap, metadata: { name: 'theirs', namespace }, data: { key: 'theirs' } });
    const error = await deploy(failing(['a', 'c'], 'two'), options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'RolledBack',
      message: expect.stringMatching(
        /refused[\s\S]*what was there before is restored \(revision 1\)[\s\S]*restored: a[\s\S]*deleted: .*c/,
      ),
    });
    expect(await maps(options)).toEqual({ a: 'one', b: 'one', theirs: 'theirs' });
    expect(await namesIn(cluster, namespace, { apiVersion: 'apps/v1', kind: 'Deployment' })).toEqual([]);
    const [last] = (await history(graph([], ''), options)).revisions;
    expect(last).toMatchObject({
      number: 2,
      result: 'rolledBack',
      current: true,
      reason: expect.stringMatching(/refused/),
    });
    expect((await deploy(graph(['a', 'b'], 'one'), options)).writes).toBe(0);
  });

  it('deletes everything that a first deployment created', async () => {
    const options = { ...fresh(), rollbackOnFailure: true };
    await expect(deploy(failing(['a'], 'one'), options)).rejects.toThrow(
      /refused[\s\S]*nothing was deployed before, so what it created is deleted/,
    );
    expect(await maps(options)).toEqual({});
    await deploy(graph(['a'], 'one'), options);
    expect(await maps(options)).toEqual({ a: 'one' });
  });

  it('leaves what a run before left that failed without it, and says so', async () => {
    const options = fresh();
    await deploy(graph(['a', 'b', 'd'], 'one'), options);
    await expect(deploy(failing(['a', 'd'], 'two'), options)).rejects.toThrow(/refused/);
    expect(await maps(options)).toEqual({ a: 'two', b: 'one', d: 'two' });
    const again = graphOf('back', () => ({
      a: simple.ConfigMap({ name: 'a', data: { key: 'two' } }),
      ...configMaps(['b', 'c', 'd'], { key: 'three' })(),
      refused: simple.ConfigMap({ name: 'refused', data: { key: 'x'.repeat(1_100_000) } }),
    }));
    await expect(deploy(again, { ...options, rollbackOnFailure: true })).rejects.toMatchObject({
      code: 'RolledBack',
      message: expect.stringMatching(
        /restored: [bd], [bd]\n.*deleted: c\n.*not undone: a: it differed .*, which did not change it\n.*d: it differed .*as then again/,
      ),
    });
    expect(await maps(options)).toEqual({ a: 'two', b: 'one', d: 'one' });
    await deploy(graph(['a', 'b'], 'one'), options);
    expect(await maps(options)).toEqual({ a: 'one', b: 'one' });
  });

  it('says so when no good revision knows what it changed', async () => {
    const options = fresh();
    await expect(deploy(failing(['a'], 'one'), options)).rejects.toThrow(/refused/);
    const again = deploy(failing(['a', 'c'], 'two'), { ...options, rollbackOnFailure: true });
    await expect(again).rejects.toThrow(
      /deleted: c\n.*not undone: a: no good revision says what it was.*\n.*web: no good revision has it, and it was there/,
    );
    expect(await maps(options)).toEqual({ a: 'two' });
  });

  it('names what a run before created, which stays, and does not say that it restored when it changed nothing', async () => {
    const options = fresh();
    await deploy(graph(['a'], 'one'), options);
    const refused = graphOf('back', () => ({
      ...configMaps(['a', 'b'], { key: 'one' })(),
      refused: simple.ConfigMap({ name: 'refused', data: { key: 'x'.repeat(1_100_000) } }),
    }));
    await expect(deploy(refused, options)).rejects.toThrow(/refused/);
    await expect(deploy(refused, { ...options, rollbackOnFailure: true })).rejects.toMatchObject({
      message: expect.stringMatching(
        /it had changed nothing, so there was nothing to restore\n.*not undone: ConfigMap .*b: revision 1 does not have it, and it was there before this run/,
      ),
    });
    expect(await maps(options)).toEqual({ a: 'one', b: 'one' });
  });

  it('does not write any more when another run took the lock', async () => {
    const options = { ...fresh(), rollbackOnFailure: true };
    const namespace = namespaceOf(options);
    const slow = (value: string, delay: string): Graph =>
      graphOf('back', () => ({
        ...configMaps(['a'], { key: value })(),
        pod: kind({ apiVersion: 'v1', kind: 'Pod' })({
          metadata: { name: `pod-${value}`, annotations: { 'simulate.kubewright.dev/start-delay': delay } },
          spec: { containers: [{ name: 'main', image: 'nginx' }] },
        } as never),
      }));
    await deploy(slow('one', '0s'), options);
    const running = deploy(slow('two', '30s'), options).catch((error: unknown) => error);
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'kubewright.back.it', namespace };
    await vi.waitFor(async () => expect(await maps(options)).toEqual({ a: 'two' }), 10_000);
    await vi.waitFor(async () => {
      const held = await cluster.get(lease);
      await cluster.update({ ...held, spec: { holderIdentity: 'another-machine/1/x' } } as never);
    }, 5_000);
    expect(await running).toMatchObject({ code: 'LockLost' });
    expect(await maps(options)).toEqual({ a: 'two' });
  });

  it('lets go of what the run took over, and gives up nothing when the time is over', async () => {
    const options = { ...fresh(), rollbackOnFailure: true, timeoutMs: 8_000 };
    await deploy(graph(['a'], 'one'), options);
    const namespace = namespaceOf(options);
    await cluster.create(
      { ...configMap, metadata: { name: 'theirs', namespace }, data: { key: 'theirs' } },
      { fieldManager: 'kubectl-create' },
    );
    const waiting = graphOf('back', () => ({
      ...configMaps(['a', 'theirs'], { key: 'two' })(),
      balanced: kind({ apiVersion: 'v1', kind: 'Service' })({
        metadata: { name: 'balanced', annotations: { 'simulate.kubewright.dev/address': 'none' } },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      } as never),
    }));
    await expect(deploy(waiting, { ...options, adopt: true })).rejects.toMatchObject({ code: 'RolledBack' });
    expect(await maps(options)).toMatchObject({ a: 'one' });
    expect(await namesIn(cluster, namespace, { apiVersion: 'v1', kind: 'Service' })).toEqual([]);
    const theirs = await cluster.get({ ...configMap, name: 'theirs', namespace });
    expect(theirs?.metadata.labels ?? {}).not.toHaveProperty(['applyset.kubernetes.io/part-of']);
    expect((await deploy(graph(['a'], 'one'), options)).writes).toBe(0);
  });
});
