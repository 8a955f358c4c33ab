import { afterAll, describe, expect, it } from 'vitest';
import type { ObjectReference } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployEvent, DeployOptions } from '../../src/deploy/options.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, optionsFor, widgetDefinition } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;
const held = (finalizers: readonly string[]): Graph =>
  graphOf('held', () => ({ held: kind(configMap)({ metadata: { name: 'held', finalizers } }) }));
const release = (ref: ObjectReference): Promise<unknown> =>
  cluster.patch(ref, { type: 'merge', body: { metadata: { finalizers: null } } });
const problems = (events: readonly DeployEvent[]): readonly string[] =>
  events.filter((event) => event.type === 'problem').map(({ object, reason }) => `${object.label}: ${reason}`);

describe('24. stuck finalizer explained', () => {
  it('after 10 s: its name, and that nobody is there for it; in the error at the deadline too', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('held') }), timeoutMs: 14_000 };
    const graph = held(['nobody.example.com/hold']);
    await deploy(graph, options);
    const reason =
      'its finalizer nobody.example.com/hold holds it: no controller of it was found ' +
      '(--force-finalizers nobody.example.com/hold removes it without its controller)';
    await expect(destroy(graph, options)).rejects.toThrow(`ConfigMap ${namespaceOf(options)}/held: ${reason}`);
    expect(problems(options.events)).toEqual([`held: ${reason}`]);
    await release({ ...configMap, name: 'held', namespace: namespaceOf(options) });
    await destroy(graph, { ...options, timeoutMs: 40_000 });
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespaceOf(options) })).toBeUndefined();
  });

  it.each<readonly [string, Record<string, string>, RegExp]>([
    ['is healthy', {}, /its controller Deployment \S+\/gizmo-operator is healthy/],
    [
      'is not',
      { 'simulate.kubewright.dev/pod': 'not-ready' },
      /its controller Deployment \S+\/gizmo-operator is not healthy: 0 of 1 replicas are ready/,
    ],
  ])('says that its controller %s', async (_title, annotations, expected) => {
    const options = { ...optionsFor({ cluster, namespace: freshName('held') }), timeoutMs: 4_000 };
    const namespace = freshName('operators');
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const labels = { app: 'gizmo' };
    const template = { metadata: { labels, annotations }, spec: { containers: [{ name: 'main', image: 'gizmo' }] } };
    await cluster.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'gizmo-operator', namespace },
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const graph = held(['gizmo.example.com/finalizer']);
    await deploy(graph, options);
    await expect(destroy(graph, options)).rejects.toThrow(expected);
    await release({ ...configMap, name: 'held', namespace: namespaceOf(options) });
    await destroy(graph, { ...options, timeoutMs: 40_000 });
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  });
});

describe('--force-finalizers', () => {
  it('takes off only what it names, only after 10 s, and only from objects of this deployment', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('forced') }), timeoutMs: 20_000 };
    const namespace = namespaceOf(options);
    const graph = held(['example.com/first', 'example.com/second']);
    await deploy(graph, options);
    const foreign = { ...configMap, name: 'theirs', namespace };
    const metadata = { name: 'theirs', namespace, finalizers: ['example.com/first'] };
    await cluster.create({ ...configMap, metadata });
    await cluster.delete(foreign);
    const started = performance.now();
    await expect(destroy(graph, { ...options, forceFinalizers: ['example.com/first'] })).rejects.toThrow(
      /held: its finalizer example\.com\/second holds it/,
    );
    expect(performance.now() - started).toBeGreaterThan(10_000);
    const ours = await cluster.get({ ...configMap, name: 'held', namespace });
    expect(ours?.metadata.finalizers).toEqual(['example.com/second']);
    expect(options.events).toContainEqual({
      type: 'warning',
      message: `ConfigMap ${namespace}/held: removed example.com/first; what its controller would have cleaned up may be left`,
    });
    await destroy(graph, { ...options, forceFinalizers: ['example.com/second'] }).catch(() => undefined);
    expect(await cluster.get({ ...configMap, name: 'held', namespace })).toBeUndefined();
    expect((await cluster.get(foreign))?.metadata.finalizers).toEqual(['example.com/first']);
    await release(foreign);
  }, 90_000);
});

describe('destroy', () => {
  it('deletes resources before their controller, it before their definition, and that before the namespace', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('operator') });
    const namespace = namespaceOf(options);
    const rbac = 'rbac.authorization.k8s.io';
    const graph = graphOf('operator', () => {
      const account = kind({ apiVersion: 'v1', kind: 'ServiceAccount' })({ metadata: { name: 'operator' } });
      const binding = kind({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding' })({
        metadata: { name: 'operator' },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'operator' }],
      } as never);
      const operator = simple.Deployment({ name: 'operator', image: 'operator' });
      const metadata = { name: 'w', finalizers: [`${group}/cleanup`] };
      const widget = kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({ metadata, spec: { size: 1 } } as never);
      // It needs the widget, so it goes before it.
      const user = simple.ConfigMap({ name: 'user', data: {} }, { dependsOn: widget });
      return { account, binding, operator, widget, user, definition: widgetDefinition(group) };
    });
    await deploy(graph, options);
    options.events.length = 0;
    const destroying = destroy(graph, options);
    const ref = { apiVersion: `${group}/v1`, kind: 'Widget', name: 'w', namespace };
    await expect
      .poll(async () => (await cluster.get(ref))?.metadata.deletionTimestamp, { timeout: 20_000 })
      .toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    // What its controller needs is there as long as the widget is.
    expect(await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'operator', namespace })).toBeDefined();
    expect(
      await cluster.get({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', name: 'operator', namespace }),
    ).toBeDefined();
    await release(ref);
    await destroying;
    const order = options.events.filter((event) => event.type === 'object').map(({ object }) => object.label);
    expect(order.slice(0, 2)).toEqual(['user', 'widget']);
    expect(order.slice(2, 5).sort()).toEqual(['account', 'binding', 'operator']);
    expect(order.slice(5)).toEqual(['definition']);
  });
});
