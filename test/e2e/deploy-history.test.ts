import { afterAll, describe, expect, it, vi } from 'vitest';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { history, type HistoryEntry } from '../../src/deploy/history.ts';
import { simple } from '../../src/k8s/index.ts';
import { crash, stage } from './crashing.ts';
import { configMaps, connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place, 'http');
afterAll(() => {
  proxy.close();
  cluster.close();
});

const withData = (value: string, names = ['a', 'b']) => graphOf('told', configMaps(names, { key: value }));
const fresh = () => optionsFor({ cluster, namespace: freshName('history') });
const entries = async (options: DeployOptions): Promise<readonly HistoryEntry[]> =>
  (await history(withData('any'), options)).revisions;

describe('history', () => {
  it('says who changed what, when, from which commit and with which values, newest first', async () => {
    const options = { ...fresh(), commit: async () => ({ id: 'f00dfeed', dirty: true }) };
    expect(await history(withData('one'), options)).toEqual({ deployed: false, revisions: [] });
    await deploy(withData('one'), options);
    await deploy(withData('one'), options);
    await deploy(withData('two', ['a', 'c']), { ...options, instance: { ...options.instance, spec: { text: 'x' } } });
    const [second, first] = await entries(options);
    expect(first).toMatchObject({
      number: 1,
      mode: 'direct',
      result: 'deployed',
      by: expect.stringMatching(/^.+@.+$/),
      user: expect.stringMatching(/.+/),
      commit: { id: 'f00dfeed', dirty: true },
      changes: { created: { count: 2, ids: ['a', 'b'] } },
      restorable: true,
      current: false,
      objects: 2,
    });
    expect(second).toMatchObject({
      number: 2,
      current: true,
      changes: {
        created: { count: 1, ids: ['c'] },
        updated: { count: 1, ids: ['a'] },
        deleted: { count: 1, ids: ['b'] },
      },
    });
    expect(Math.abs(Date.parse(second?.at ?? '') - Date.now())).toBeLessThan(60_000);
    expect(second?.values).not.toBe(first?.values);
  });

  it('tells of an object that goes and of the one that takes its place', async () => {
    const options = fresh();
    const named = (name: string) => graphOf('told', () => ({ a: simple.ConfigMap({ name, data: {} }) }));
    await deploy(named('old'), options);
    await deploy(named('new'), { ...options, allowEmpty: true });
    expect((await entries(options))[0]).toMatchObject({
      changes: { created: { count: 1, ids: ['a'] }, deleted: { count: 1, ids: ['a'] } },
    });
  });

  it('keeps as many revisions as it is told, and no parts of older ones', async () => {
    const options = { ...fresh(), historyMax: 3 };
    for (let round = 1; round <= 6; round += 1) await deploy(withData(String(round)), options);
    expect((await entries(options)).map(({ number }) => number)).toEqual([6, 5, 4]);
    const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace: options.instance.namespace });
    expect(items.filter(({ type }) => type === 'kubewright.dev/record-chunk')).toHaveLength(3);
    await expect(deploy(withData('7'), { ...options, historyMax: 1 })).rejects.toThrow(/whole number from 2/);
  });

  it('tells of runs that failed, with the reason, and of runs that were killed', async () => {
    const options = fresh();
    await deploy(withData('one'), options);
    const broken = graphOf('told', () => ({
      ...configMaps(['a'])(),
      big: simple.ConfigMap({ name: 'big', data: { key: 'x'.repeat(1_100_000) } }),
    }));
    await expect(deploy(broken, options)).rejects.toThrow(/big/);
    const [failed] = await entries(options);
    expect(failed).toMatchObject({
      number: 2,
      result: 'failed',
      reason: expect.stringMatching(/big/),
      restorable: false,
    });
    expect(failed?.current).toBe(false);

    const { namespace } = options.instance as { namespace: string };
    const graph = withData('three');
    await crash(proxy, { options, namespace, theirs: '' }, { verb: 'deploy', graph, write: 3, when: 'after' });
    expect((await entries(options)).slice(0, 2)).toMatchObject([
      { number: 3, result: 'interrupted', changes: {} },
      { number: 2, result: 'failed' },
    ]);
    await deploy(graph, options);
    expect((await entries(options)).map(({ result }) => result)).toEqual([
      'deployed',
      'interrupted',
      'failed',
      'deployed',
    ]);
  });

  it('never shows a value of a Secret', async () => {
    const options = fresh();
    const secret = (value: string) =>
      graphOf('told', () => ({ it: simple.Secret({ name: 'it', stringData: { key: value } }) }));
    await deploy(secret('correct-horse'), options);
    await deploy(secret('battery-staple'), options);
    const text = JSON.stringify([await history(withData(''), options), options.events]);
    for (const value of ['correct-horse', 'battery-staple', btoa('correct-horse'), btoa('battery-staple')])
      expect(text).not.toContain(value);
    expect(text).toContain('"updated":{"count":1,"ids":["it"]}');
  });

  it('is in the order in which the runs were, whatever their clocks say', async () => {
    const { options } = await stage(cluster, true);
    await deploy(withData('one'), options);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    try {
      await deploy(withData('two'), options);
    } finally {
      vi.useRealTimers();
    }
    await deploy(withData('three'), options);
    const found = await entries(options);
    expect(found.map(({ number }) => number)).toEqual([3, 2, 1]);
    const [, late, first] = found.map(({ at }) => Date.parse(at)) as [number, number, number];
    expect(first - late).toBeGreaterThan(3_500_000);
  });
});
