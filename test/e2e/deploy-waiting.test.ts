import { afterAll, describe, expect, it, vi } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import { holderText } from '../../src/deploy/holder.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { external, kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const web = (annotations: Record<string, string> = {}, image = 'nginx') =>
  kind({ apiVersion: 'apps/v1', kind: 'Deployment' })({
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' }, annotations }, spec: { containers: [{ name: 'web', image }] } },
    },
  } as never);

const labelsOf = (events: readonly { type: string }[], type: string): string[] =>
  events
    .filter((event) => event.type === type)
    .map((event) => (event as unknown as { object: { label: string } }).object.label);

describe('waiting', () => {
  it('ends when everything is ready, not when it exists', async () => {
    const options = optionsFor({ cluster, namespace: freshName('ready') });
    await deploy(
      graphOf('ready', () => ({ web: web({ 'simulate.kubewright.dev/start-delay': '2s' }) })),
      options,
    );
    const live = await cluster.get({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'web',
      namespace: options.instance.namespace,
    });
    expect(live?.['status']).toMatchObject({ readyReplicas: 1 });
    expect(labelsOf(options.events, 'waiting')).toContain('web');
  });

  it('13. ImagePullBackOff reported in < 30 s with its message', async () => {
    const options = optionsFor({ cluster, namespace: freshName('image') });
    const startedAt = performance.now();
    const failing = deploy(
      graphOf('image', () => ({ web: web({ 'simulate.kubewright.dev/pod': 'image-pull-error' }) })),
      options,
    );
    await expect(failing).rejects.toThrow(
      /Deployment .*\/web does not become ready: pod web-\S+, container web: (ImagePullBackOff|ErrImagePull)/,
    );
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(labelsOf(options.events, 'problem')).toEqual(['web']);
  });

  it('ignores failing pods of the version before', async () => {
    const options = optionsFor({ cluster, namespace: freshName('repair') });
    const broken = graphOf('repair', () => ({
      web: web({ 'simulate.kubewright.dev/pod': 'image-pull-error' }, 'nginx:typo'),
    }));
    await expect(deploy(broken, { ...options, timeoutMs: 3_000 })).rejects.toThrow(/not finished after 3 s.*web/s);
    const { objects } = await deploy(
      graphOf('repair', () => ({ web: web({}, 'nginx:1') })),
      options,
    );
    expect(objects).toMatchObject([{ action: 'updated', ready: true }]);
  });

  it('ignores failing pods of the version before while the new ones start, where only an annotation differs', async () => {
    const options = optionsFor({ cluster, namespace: freshName('repair') });
    const graph = (annotations: Record<string, string>): ReturnType<typeof graphOf> =>
      graphOf('repair', () => ({ web: web(annotations) }));
    const broken = graph({ 'simulate.kubewright.dev/pod': 'image-pull-error' });
    await expect(deploy(broken, { ...options, timeoutMs: 3_000 })).rejects.toThrow(/not finished after 3 s/);
    const { objects } = await deploy(graph({ 'simulate.kubewright.dev/start-delay': '14s' }), options);
    expect(objects).toMatchObject([{ action: 'updated', ready: true }]);
  });

  it('says at its deadline what is not ready and why', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('slow') }), timeoutMs: 4_000 };
    const slow = deploy(
      graphOf('slow', () => ({ web: web({ 'simulate.kubewright.dev/pod': 'not-ready' }) })),
      options,
    );
    await expect(slow).rejects.toThrow(
      /not finished after 4 s; left:\n {2}- web \(Deployment .*\/web\): 0 of 1 replicas are ready\n.*pod web-/s,
    );
  });

  it('applies a resource only when what it refers to is ready', async () => {
    const options = optionsFor({ cluster, namespace: freshName('order') });
    const graph = graphOf('order', () => {
      const first = simple.Deployment({ name: 'first', image: 'nginx' });
      const gate = simple.ConfigMap({ name: 'gate', data: { go: 'no' } }, { dependsOn: first });
      return { first, gate };
    });
    await deploy(graph, options);
    const order = options.events
      .filter(({ type }) => type === 'object' || type === 'ready')
      .map((event) => `${(event as { object: { label: string } }).object.label} ${event.type}`);
    expect(order).toEqual(['first object', 'first ready', 'gate object', 'gate ready']);
  });

  it('waits for objects that somebody else makes, and reads them', async () => {
    const options = optionsFor({ cluster, namespace: freshName('external') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('external', () => {
      const theirs = external(
        kind({ apiVersion: 'v1', kind: 'ConfigMap' }) as never,
        { name: 'theirs' } as never,
      ) as never as { data: { key: string } };
      return { theirs, ours: simple.ConfigMap({ name: 'ours', data: { copy: theirs.data.key } }) } as never;
    });
    const deploying = deploy(graph, options);
    await expect.poll(() => options.events.some(({ type }) => type === 'pending')).toBe(true);
    await expect.poll(() => cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeDefined();
    await cluster.create({
      ...configMap,
      metadata: { name: 'theirs', namespace },
      data: { key: 'from them' },
    });
    await deploying;
    expect((await cluster.get({ ...configMap, name: 'ours', namespace }))?.['data']).toEqual({ copy: 'from them' });
    expect((await deploy(graph, options)).writes).toBe(0);
  });

  it('makes a definition and objects of its kind in one deployment, and deletes them in reverse', async () => {
    const options = optionsFor({ cluster, namespace: freshName('crd') });
    const group = `${freshName('g')}.example.com`;
    const crd = kind({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      namespaced: false,
    });
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
      },
    };
    const graph = graphOf('crd', () => ({
      widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({
        metadata: { name: 'w' },
        spec: { size: 3 },
      } as never),
      definition: crd({
        metadata: { name: `widgets.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      } as never),
    }));
    const { objects } = await deploy(graph, options);
    expect(objects.map(({ action }) => action)).toEqual(['created', 'created']);
    expect((await deploy(graph, options)).writes).toBe(0);
    options.events.length = 0;
    await destroy(graph, options);
    expect(labelsOf(options.events, 'object')).toEqual(['widget', 'definition']);
    expect(
      await cluster.get({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        name: `widgets.${group}`,
      }),
    ).toBeUndefined();
  });

  it('names kinds that the server does not serve before anything is written', async () => {
    const options = optionsFor({ cluster, namespace: freshName('unserved') });
    const graph = graphOf('unserved', () => ({
      a: simple.ConfigMap({ name: 'a', data: {} }),
      thing: kind({ apiVersion: 'nowhere.example.com/v1', kind: 'Thing' })({ metadata: { name: 't' } }),
    }));
    await expect(deploy(graph, options)).rejects.toThrow(
      /^thing: the server does not serve nowhere\.example\.com\/v1 Thing/,
    );
    expect(
      await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: options.instance.namespace as string }),
    ).toBeUndefined();
  });

  it('12. PVC WaitForFirstConsumer: nobody waits for a volume that waits for its first pod', async () => {
    const options = optionsFor({ cluster, namespace: freshName('volume') });
    const namespace = options.instance.namespace as string;
    const className = freshName('lazy');
    const storageClass = kind({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', namespaced: false });
    const claim = (name: string, storageClassName: string) =>
      kind({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' })({
        metadata: { name },
        spec: {
          storageClassName,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      } as never);
    const consumer = (name: string, after?: unknown) => {
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: name } }];
      const containers = [{ name: 'db', image: 'postgres', volumeMounts: [{ name: 'data', mountPath: '/data' }] }];
      const template = { metadata: { labels: { app: name } }, spec: { containers, volumes } };
      const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template };
      const make = kind({ apiVersion: 'apps/v1', kind: 'Deployment' });
      return make({ metadata: { name }, spec } as never, after ? { dependsOn: after as never } : {});
    };
    await cluster.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: className },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    for (const name of ['data', 'explicit'])
      await cluster.create({
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: `${className}-${name}` },
        spec: {
          storageClassName: className,
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/nothing' },
        },
      });
    const { objects, duration } = await deploy(
      graphOf('volume', () => {
        const own = { metadata: { name: `${className}-own` }, provisioner: 'kubernetes.io/no-provisioner' };
        // A claim is bound when a pod uses it: who waits for that before it makes the pod waits for ever.
        const data = claim('data', className);
        const explicit = claim('explicit', className);
        return {
          mounting: consumer('data'),
          data,
          explicit,
          after: consumer('explicit', explicit),
          class: storageClass({ ...own, volumeBindingMode: 'WaitForFirstConsumer' } as never),
          unused: claim('unused', `${className}-own`),
        };
      }),
      options,
    );
    expect(duration).toBeLessThan(9_000);
    expect(objects.every(({ ready }) => ready)).toBe(true);
    const { items } = await cluster.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace });
    const phases = Object.fromEntries(
      items.map(({ metadata, status }) => [metadata.name, (status as { phase: string }).phase]),
    );
    expect(phases).toEqual({ data: 'Bound', explicit: 'Bound', unused: 'Pending' });
    // The claim is named by the consumer, so it comes before it.
    const order = labelsOf(options.events, 'object');
    expect(order.indexOf('data')).toBeLessThan(order.indexOf('mounting'));
  });

  it.each(['none', ''])('a claim of class "%s", which there is not, is no claim that is bound', async (className) => {
    const options = { ...optionsFor({ cluster, namespace: freshName('volume') }), timeoutMs: 13_000 };
    const graph = graphOf('volume', () => ({
      data: kind({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' })({
        metadata: { name: 'data' },
        spec: {
          storageClassName: className,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      } as never),
    }));
    await expect(deploy(graph, options)).rejects.toThrow(/data \(.*\): phase Pending/);
    expect((await history(graph, options)).revisions).toMatchObject([{ result: 'failed' }]);
  });
});

describe('stopping', () => {
  it('ends after the running writes, says what is left, and the next run continues', async () => {
    const options = optionsFor({ cluster, namespace: freshName('stop') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('stop', configMaps(Array.from({ length: 200 }, (_, index) => `c${index}`)));
    const stopping = new AbortController();
    const onEvent = (event: { type: string }): void => {
      if (event.type === 'object') stopping.abort(new Error('SIGINT'));
    };
    await expect(deploy(graph, { ...options, signal: stopping.signal, onEvent })).rejects.toThrow(
      /stopped; left:\n {2}- c\d+: not applied yet[\s\S]*and \d+ more[\s\S]*Run it again/,
    );
    const before = await namesIn(cluster, namespace, configMap);
    expect(before.length).toBeGreaterThan(0);
    expect(before.length).toBeLessThan(200);
    expect(await namesIn(cluster, namespace, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' })).toEqual([]);
    await deploy(graph, options);
    expect(await namesIn(cluster, namespace, configMap)).toHaveLength(200);
    await deploy(graphOf('stop', configMaps(['c0'])), { ...options, allowEmpty: true });
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['c0']);
  });

  it('15. two runs at once: the second waits', async () => {
    const options = optionsFor({ cluster, namespace: freshName('lock') });
    const graph = (from: string): Graph =>
      graphOf('lock', () => ({
        a: simple.ConfigMap({ name: 'a', data: { from } }),
        web: web({ 'simulate.kubewright.dev/start-delay': '3s' }),
      }));
    const order: string[] = [];
    const started = Promise.withResolvers<void>();
    const first = deploy(graph('one'), {
      ...options,
      onEvent: ({ type }) => {
        if (type === 'object') started.resolve();
      },
    }).then(() => void order.push('the first ended'));
    await started.promise;
    const second = deploy(graph('two'), {
      ...options,
      onEvent: (event) => {
        if (event.type === 'lock') order.push(`the second waits for ${event.holder.split('/')[1]}`);
        if (event.type === 'object') order.push(`the second ${event.action} ${event.object.label}`);
      },
    });
    await Promise.all([first, second]);
    expect(order).toEqual([`the second waits for ${process.pid}`, 'the first ended', 'the second updated a']);
    const stored = await cluster.get({ ...configMap, name: 'a', namespace: options.instance.namespace });
    expect(stored?.['data']).toEqual({ from: 'two' });
  });

  it('15. two runs at once: the lock of a run on this machine that died is taken at once', async () => {
    const options = optionsFor({ cluster, namespace: freshName('dead') });
    const namespace = options.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const now = new Date().toISOString().replace(/Z$/, '000Z');
    await cluster.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kubewright.dead.it', namespace },
      spec: {
        holderIdentity: holderText({ pid: 999_999_999 }),
        leaseDurationSeconds: 15,
        renewTime: now,
        acquireTime: now,
      },
    });
    const { duration } = await deploy(graphOf('dead', configMaps(['a'])), options);
    expect(duration).toBeLessThan(5_000);
  });

  it('15. two runs at once: a dead lock expires', async () => {
    const options = optionsFor({ cluster, namespace: freshName('expired') });
    const namespace = options.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await cluster.create({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'kubewright.expired.it', namespace },
      spec: { holderIdentity: 'another-machine/1/x', leaseDurationSeconds: 15 },
    });
    const { duration } = await deploy(graphOf('expired', configMaps(['a'])), options);
    expect(duration).toBeGreaterThan(14_900);
    expect(duration).toBeLessThan(30_000);
    expect(options.events).toContainEqual({ type: 'lock', holder: 'another-machine/1' });
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['a']);
  });

  it('15. two runs at once: a run whose lock was taken stops before it writes more', async () => {
    const options = optionsFor({ cluster, namespace: freshName('taken') });
    const namespace = options.instance.namespace as string;
    // The second one waits for the first, which is ready long after the lock is gone.
    const graph = graphOf('taken', () => {
      const first = web({ 'simulate.kubewright.dev/start-delay': '25s' });
      return {
        first,
        second: kind({ apiVersion: 'v1', kind: 'ConfigMap' })(
          { metadata: { name: 'second' } },
          {
            dependsOn: first,
          },
        ),
      };
    });
    const running = deploy(graph, options).then(
      () => undefined,
      (error: unknown) => error,
    );
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'kubewright.taken.it', namespace };
    await vi.waitFor(
      async () =>
        expect(await namesIn(cluster, namespace, { apiVersion: 'apps/v1', kind: 'Deployment' })).toEqual(['web']),
      10_000,
    );
    await vi.waitFor(async () => {
      const held = await cluster.get(lease);
      await cluster.update({
        ...held,
        spec: { holderIdentity: 'another-machine/1/x', leaseDurationSeconds: 15 },
      } as never);
    }, 5_000);
    expect(await running).toMatchObject({ code: 'LockLost', hint: expect.stringContaining('Run it again') });
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    expect((await cluster.get(lease))?.['spec']).toMatchObject({ holderIdentity: 'another-machine/1/x' });
  });
});
