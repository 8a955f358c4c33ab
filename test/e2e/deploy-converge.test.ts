import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { history } from '../../src/deploy/history.ts';
import type { DeployEvent, Plan } from '../../src/deploy/options.ts';
import { Cel } from '../../src/expr/cel.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { core, kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, namesIn, optionsFor, widgetDefinition } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place);
afterEach(() => proxy.reset());
afterAll(() => {
  proxy.close();
  cluster.close();
});

const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;

function workload(name: string, annotations: Record<string, string> = {}, more: object = {}): never {
  const template = {
    metadata: { labels: { app: name }, annotations },
    spec: { containers: [{ name: 'main', image: 'nginx' }] },
  };
  const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template, ...more };
  return kind(deployments)({ metadata: { name }, spec } as never) as never;
}

const slowly = (seconds: number): Record<string, string> => ({
  'simulate.kubewright.dev/start-delay': `${seconds}s`,
});

/** Does something once, at the first event that `when` takes. */
function once(when: (event: DeployEvent) => boolean, act: () => Promise<unknown>): (event: DeployEvent) => void {
  let done = false;
  return (event) => {
    if (done || !when(event)) return;
    done = true;
    void act();
  };
}

const isAbout =
  (type: DeployEvent['type'], label: string) =>
  (event: DeployEvent): boolean =>
    event.type === type && 'object' in event && event.object.label === label;

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'deployed',
    (error: Error) => error.message,
  );

describe('a deployment with nothing to do', () => {
  async function waitingForItsPods(): Promise<{ graph: Graph; options: ReturnType<typeof optionsFor> }> {
    const options = optionsFor({ cluster, namespace: freshName('idle') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('idle', () => ({ web: workload('web', slowly(4)) }));
    await deploy(graph, options);
    const [pod = ''] = await namesIn(cluster, namespace, { apiVersion: 'v1', kind: 'Pod' });
    await cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: pod, namespace });
    await vi.waitFor(async () => {
      const live = await cluster.get({ ...deployments, name: 'web', namespace });
      expect(live?.['status']).not.toHaveProperty('readyReplicas');
    });
    return { graph, options };
  }

  it('that finds something to do while it waits asks, takes the lock and is recorded', async () => {
    const { graph, options } = await waitingForItsPods();
    const namespace = options.instance.namespace as string;
    const asked: Plan[] = [];
    const remove = once(isAbout('waiting', 'web'), () => cluster.delete({ ...deployments, name: 'web', namespace }));
    const { objects } = await deploy(graph, {
      ...options,
      onEvent: remove,
      confirm: (plan) => asked.push(plan) > 0,
    });
    expect(objects).toMatchObject([{ action: 'created' }]);
    expect(asked.map(({ changes }) => changes.map(({ action }) => action))).toEqual([['create']]);
    expect((await history(graph, options)).revisions).toHaveLength(2);
  });

  it('writes nothing that was not agreed to', async () => {
    const { graph, options } = await waitingForItsPods();
    const namespace = options.instance.namespace as string;
    const remove = once(isAbout('waiting', 'web'), () => cluster.delete({ ...deployments, name: 'web', namespace }));
    await expect(deploy(graph, { ...options, onEvent: remove, confirm: () => false })).rejects.toMatchObject({
      code: 'Declined',
    });
    expect(await namesIn(cluster, namespace, deployments)).toEqual([]);
    expect((await history(graph, options)).revisions).toHaveLength(1);
  });
});

describe('a run that fails', () => {
  /** Its second resource cannot be computed once the first is there, while writes of the third are tried again. */
  const broken = graphOf('broken', () => {
    const first = core.v1.ConfigMap({ metadata: { name: 'first' }, data: {} });
    return {
      first,
      second: core.v1.ConfigMap({
        metadata: { name: 'second' },
        data: { number: Cel.expr<string>('string(int(', first.metadata.uid as never, '))') },
      }),
      third: simple.ConfigMap({ name: 'third', data: {} }),
    };
  });

  it.each([
    ['writes that are tried again', { kind: 'answer', status: 503 }],
    ['writes whose answer is late', { kind: 'late', ms: 3_000 }],
  ] as const)('ends %s before it is undone', async (_title, fault) => {
    const namespace = freshName('drained');
    const options = { ...optionsFor({ cluster: proxy.cluster, namespace }), rollbackOnFailure: true };
    const since = performance.now();
    proxy.reset(({ write, path }) =>
      write && path.endsWith('/configmaps/third') && performance.now() - since < 6_000 ? fault : undefined,
    );
    await expect(deploy(broken, options)).rejects.toMatchObject({ code: 'RolledBack' });
    const writes = proxy.seen.filter(({ write }) => write).length;
    await sleep(6_000);
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    expect(proxy.seen.filter(({ write }) => write)).toHaveLength(writes);
  });

  it('makes what does not need a refused object, and names what does', async () => {
    const options = optionsFor({ cluster, namespace: freshName('independent') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('independent', () => {
      const refused = simple.ConfigMap({ name: 'refused', data: { 'not a key!': 'x' } });
      const also = simple.ConfigMap({ name: 'also', data: { 'nor this!': 'x' } }, { dependsOn: refused });
      const first = workload('first', slowly(3));
      const b = simple.ConfigMap({ name: 'b', data: {} }, { dependsOn: first });
      const worse = simple.ConfigMap({ name: 'worse', data: { 'bad key!': 'x' } }, { dependsOn: b });
      const last = simple.ConfigMap({ name: 'last', data: {} }, { dependsOn: also });
      const reader = core.v1.ConfigMap({ metadata: { name: 'reader' }, data: { of: refused.metadata.name } });
      return { refused, also, first, b, worse, last, reader };
    });
    const message = await messageOf(deploy(graph, options));
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['b']);
    expect(message).toMatch(/refused/);
    expect(message).toMatch(/worse/);
    expect(message).toMatch(/also: not applied, as it needs refused/);
    expect(message).toMatch(/last: not applied, as it needs also/);
    expect(message).toMatch(/reader: not applied, as it needs refused/);
    expect(message).not.toMatch(/first|\bb: /);
  });
});

describe('an object that failed before', () => {
  const broken = { 'simulate.kubewright.dev/pod': 'not-ready' };
  const graph = (text: string): Graph =>
    graphOf('healed', () => ({
      settings: simple.ConfigMap({ name: 'settings', data: { text } }),
      web: workload('web', broken, { progressDeadlineSeconds: 2 }),
    }));

  it('is given time when something else was corrected', async () => {
    const options = optionsFor({ cluster, namespace: freshName('healed') });
    const namespace = options.instance.namespace as string;
    await expect(deploy(graph('wrong'), options)).rejects.toThrow(/ProgressDeadlineExceeded/);
    const heal = async (): Promise<void> => {
      const [pod = ''] = await namesIn(cluster, namespace, { apiVersion: 'v1', kind: 'Pod' });
      await cluster.patch(
        { apiVersion: 'v1', kind: 'Pod', name: pod, namespace },
        { type: 'merge', body: { metadata: { annotations: { 'simulate.kubewright.dev/pod': null } } } },
      );
      await cluster.patch(
        { apiVersion: 'v1', kind: 'Pod', name: pod, namespace },
        { type: 'merge', body: { status: { phase: 'Pending' } } },
        { subresource: 'status' } as never,
      );
    };
    const { objects } = await deploy(graph('right'), {
      ...options,
      onEvent: once(isAbout('object', 'settings'), async () => (await sleep(2_000), heal())),
      rollbackOnFailure: true,
    });
    expect(objects).toMatchObject([{ action: 'updated' }, { action: 'unchanged' }]);
  });

  it('ends a run that wrote nothing at once', async () => {
    const options = optionsFor({ cluster, namespace: freshName('hopeless') });
    await expect(deploy(graph('wrong'), options)).rejects.toThrow(/ProgressDeadlineExceeded/);
    const startedAt = performance.now();
    await expect(deploy(graph('wrong'), options)).rejects.toThrow(/ProgressDeadlineExceeded/);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

describe('what cannot appear', () => {
  it('a namespace that does not exist is refused at once, whatever else the object waited for', async () => {
    const options = optionsFor({ cluster, namespace: freshName('typo') });
    const graph = graphOf('typo', () => {
      const first = simple.ConfigMap({ name: 'first', data: {} });
      return {
        first,
        second: core.v1.ConfigMap(
          { metadata: { name: 'second', namespace: 'no-such-namespace' }, data: {} },
          { dependsOn: first },
        ),
      };
    });
    await expect(deploy(graph, options)).rejects.toThrow(/^(?!.*not finished).*no-such-namespace/s);
    expect(options.events.filter(({ type }) => type === 'retry')).toEqual([]);
  });
});

describe('objects that are deleted while others are waited for', () => {
  it('are made again, unless they end by themselves', async () => {
    const options = optionsFor({ cluster, namespace: freshName('again') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('again', () => ({
      quick: workload('quick'),
      slow: workload('slow', slowly(8)),
    }));
    const uid = async (): Promise<string | undefined> =>
      (await cluster.get({ ...deployments, name: 'quick', namespace }))?.metadata.uid;
    let before: string | undefined;
    await deploy(graph, {
      ...options,
      onEvent: once(isAbout('ready', 'quick'), async () => {
        before = await uid();
        await cluster.delete({ ...deployments, name: 'quick', namespace });
      }),
    });
    expect(before).toBeDefined();
    expect(await uid()).toBeDefined();
    expect(await uid()).not.toBe(before);
  });

  const job = (): never =>
    kind({ apiVersion: 'batch/v1', kind: 'Job' })({
      metadata: { name: 'once' },
      spec: {
        ttlSecondsAfterFinished: 1,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } },
      },
    } as never) as never;

  it.each(['seen', 'missed'])('a Job that is gone after its success runs once, the success %s', async (how) => {
    const options = { ...optionsFor({ cluster: proxy.cluster, namespace: freshName('once') }) };
    const graph = graphOf('once', () => {
      const migration = job();
      return { migration, slow: workload('slow', slowly(15)), after: simple.ConfigMap({ name: 'after', data: {} }) };
    });
    const since = performance.now();
    let watches = 0;
    proxy.reset(({ watch, path }) => {
      if (how === 'seen' || !watch || !path.endsWith('/jobs')) return undefined;
      watches += 1;
      if (watches === 1) return { kind: 'drop', ms: 1 };
      if (performance.now() - since < 8_000) {
        watches = 1;
        return { kind: 'answer', status: 503 };
      }
      return watches === 2 ? { kind: 'gone' } : undefined;
    });
    await deploy(graph, options);
    const jobs = options.events.filter(isAbout('object', 'migration'));
    expect(jobs).toHaveLength(1);
  });
});

describe('objects of kinds that are defined elsewhere', () => {
  it('are waited for also when they come into sight late', async () => {
    const group = `${freshName('late')}.example.com`;
    const conditions = { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const status = { type: 'object', properties: { conditions } };
    const defined = optionsFor({ cluster, namespace: freshName('defined') });
    await deploy(
      graphOf('defined', () => ({ definition: widgetDefinition(group, { status }) })),
      defined,
    );
    const options = optionsFor({ cluster, namespace: freshName('late') });
    const graph = graphOf('late', () => {
      const first = core.v1.ConfigMap({ metadata: { name: 'first' }, data: { name: 'w' } });
      return {
        first,
        widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({
          metadata: { name: first.data['name'] },
          spec: { size: 1 },
        } as never),
      };
    });
    await deploy(graph, options);
    expect(options.events.filter(isAbout('waiting', 'widget'))).toMatchObject([{ reason: 'it has no status yet' }]);
  });
});
