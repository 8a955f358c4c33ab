import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { KindReference } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import type { Mode } from '../../src/deploy/options.ts';
import { status } from '../../src/deploy/status.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, namesIn, optionsFor, widgetDefinition } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const annotation = 'kubewright.dev/wait-for-endpoints';

/** Definitions are shared by a whole cluster, so each graph has a name and a kind of its own. */
function serviceFor(name: string, value: string, more: object = {}): Graph {
  const graph = graphOf(name, () => ({
    front: kind({ apiVersion: 'v1', kind: 'Service' })({
      metadata: { name: 'front', annotations: { [annotation]: value } },
      spec: { selector: { app: 'late' }, ports: [{ port: 80 }], ...more },
    } as never),
  }));
  return { ...graph, kind: `F${name.replaceAll('-', '')}` };
}

function pod(namespace: string): Promise<unknown> {
  const metadata = { name: 'late', namespace, labels: { app: 'late' } };
  const spec = { containers: [{ name: 'main', image: 'nginx', ports: [{ containerPort: 80 }] }] };
  return cluster.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

describe('a Service that is told to wait for endpoints', () => {
  it.each<Mode>(['direct', 'kro'])('mode %s: is ready with the first one', async (mode) => {
    const name = freshName('front');
    const options = optionsFor({ cluster, namespace: name, mode });
    const graph = serviceFor(name, 'true');
    let done = false;
    const deploying = deploy(graph, options).finally(() => (done = true));
    deploying.catch(() => undefined);
    const service = { apiVersion: 'v1', kind: 'Service', name: 'front', namespace: name };
    await expect.poll(async () => (await cluster.get(service)) !== undefined, { timeout: 15_000 }).toBe(true);
    await sleep(4_000);
    expect(done).toBe(false);
    expect((await status(graph, options)).objects.at(-1)).toMatchObject({
      label: 'front',
      state: 'waiting',
      reason: 'none of its endpoints is ready',
    });
    await pod(name);
    await deploying;
    expect((await status(graph, options)).objects.at(-1)).toMatchObject({ state: 'ready' });
  });

  it('waits for none where it has none of its own', async () => {
    const name = freshName('named');
    const more = { type: 'ExternalName', externalName: 'example.com', selector: undefined };
    await deploy(serviceFor(name, 'true', more), optionsFor({ cluster, namespace: name }));
    const other = freshName('named');
    await deploy(serviceFor(other, 'false'), optionsFor({ cluster, namespace: other }));
  });

  it('is told so by true or false only', async () => {
    const name = freshName('told');
    await expect(deploy(serviceFor(name, 'yes'), optionsFor({ cluster, namespace: name }))).rejects.toThrow(
      /front: .*annotation kubewright\.dev\/wait-for-endpoints takes "true" or "false" \(was "yes"\)/,
    );
  });
});

describe('a definition', () => {
  it('is ready when its kind is served', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('served') });
    const { namespace = '' } = options.instance;
    let served = false;
    const asked: KindReference[] = [];
    const late = new Proxy(cluster, {
      get: (target, property) => {
        const value = Reflect.get(target, property, target) as unknown;
        if (property !== 'discover') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        return async (each: KindReference, ...rest: never[]) => {
          if (each.apiVersion !== `${group}/v1`) return target.discover(each, ...rest);
          asked.push(each);
          return served ? target.discover(each, ...rest) : undefined;
        };
      },
    });
    const graph = graphOf('served', () => {
      const definition = widgetDefinition(group);
      return { definition, after: simple.ConfigMap({ name: 'after', data: {} }, { dependsOn: definition }) };
    });
    const deploying = deploy(graph, { ...options, cluster: late });
    await expect
      .poll(() => options.events.some((event) => 'reason' in event && event.reason === 'Widget is not served yet'), {
        timeout: 15_000,
      })
      .toBe(true);
    asked.length = 0;
    await sleep(3_000);
    expect(asked.length).toBeLessThan(15);
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    served = true;
    await deploying;
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['after']);
  });
});

describe('a definition that is served', () => {
  it('is not waited for', async () => {
    const options = optionsFor({ cluster, namespace: freshName('served') });
    const definition = widgetDefinition(`${freshName('g')}.example.com`);
    const graph = graphOf('served', () => ({ definition, other: simple.ConfigMap({ name: 'other', data: {} }) }));
    await deploy(graph, options);
    options.events.length = 0;
    expect((await deploy(graph, options)).writes).toBe(0);
    expect(options.events.filter(({ type }) => type === 'waiting')).toEqual([]);
  });
});

describe('a custom resource', () => {
  const items = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const declared = { type: 'object', properties: { conditions: { type: 'array', items } } };

  it('is ready with its own word, or long after others of its controller, with a warning', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('custom') });
    const widget = kind({ apiVersion: `${group}/v1`, kind: 'Widget' });
    const graph = graphOf('custom', () => ({
      definition: widgetDefinition(group, { status: declared }),
      spoken: widget({ metadata: { name: 'spoken' } }),
      silent: widget({ metadata: { name: 'silent' } }),
    }));
    const deploying = deploy(graph, options);
    deploying.catch(() => undefined);
    const say = async (name: string, type: string): Promise<void> => {
      const ref = { apiVersion: `${group}/v1`, kind: 'Widget', name, namespace: options.instance.namespace };
      const body = { status: { conditions: [{ type, status: 'True', lastTransitionTime: new Date().toISOString() }] } };
      await cluster.patch(ref, { type: 'merge', body }, { subresource: 'status', fieldManager: 'controller' });
    };
    const isReady = (label: string): boolean =>
      options.events.some((event) => event.type === 'ready' && event.object.label === label);
    const early = (name: string): Promise<void> =>
      expect.poll(() => say(name, 'Reconciling').then(() => true), { timeout: 20_000 }).toBe(true);
    await Promise.all(['spoken', 'silent'].map(early));
    await sleep(2_000);
    expect(['spoken', 'silent'].filter(isReady)).toEqual([]);
    await say('spoken', 'Ready');
    await expect.poll(() => isReady('spoken')).toBe(true);
    const { duration } = await deploying;
    expect(duration).toBeGreaterThan(10_000);
    expect(options.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: expect.stringMatching(/silent: it says neither Ready nor Available, but Reconciling/),
      },
    ]);
    await sleep(1_000);
    const startedAt = performance.now();
    await deploy(graph, options);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });
});
