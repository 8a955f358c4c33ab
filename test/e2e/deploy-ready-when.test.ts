import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { status as statusOf } from '../../src/deploy/status.ts';
import { Cel } from '../../src/expr/cel.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { core, external, kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, optionsFor, widgetDefinition } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'deployed',
    (error: Error) => error.message,
  );

describe.each(['direct', 'kro'] as const)('readyWhen of what nothing refers to, mode %s', (mode) => {
  const own = (name: string, graph: Graph): Graph => ({ ...graph, name, kind: `R${name.replaceAll('-', '')}` });

  it('is waited for', async () => {
    const name = freshName('leaf');
    const options = optionsFor({ cluster, namespace: name, mode });
    const graph = (go: string): Graph =>
      own(
        name,
        graphOf('leaf', () => ({
          gate: simple.ConfigMap(
            { name: 'gate', data: { go } },
            { readyWhen: (self) => Cel.expr<boolean>(self.data, "['go'] == 'yes'") },
          ),
        })),
      );
    const message = await messageOf(deploy(graph('no'), { ...options, timeoutMs: 8_000 }));
    expect(message).toMatch(/not finished after 8 s[\s\S]*gate[\s\S]*readyWhen[\s\S]*go/);
    if (mode === 'direct') {
      const { objects } = await statusOf(graph('no'), options);
      expect(objects).toMatchObject([{ state: 'waiting', reason: expect.stringMatching(/readyWhen.*go/) }]);
    }
    await deploy(graph('yes'), options);
    expect((await deploy(graph('yes'), options)).writes).toBe(0);
  });

  it('stands in for the condition of a kind that nobody knows, and not for the rule of one that is known', async () => {
    const name = freshName('own');
    const options = optionsFor({ cluster, namespace: name, mode });
    const namespace = options.instance.namespace as string;
    const group = `${freshName('own')}.example.com`;
    const status = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    await deploy(
      graphOf('kinds', () => ({ definition: widgetDefinition(group, { status }) })),
      optionsFor({ cluster, namespace: freshName('kinds') }),
    );
    const widgets = { apiVersion: `${group}/v1`, kind: 'Widget' } as const;
    const graph = own(
      name,
      graphOf('own', () => ({
        widget: kind(widgets)(
          { metadata: { name: 'w' }, spec: { size: 1 } } as never,
          { readyWhen: (self: never) => Cel.expr<boolean>(self, ".status.phase == 'Done'") } as never,
        ),
        web: kind(deployments)(
          {
            metadata: { name: 'web' },
            spec: {
              selector: { matchLabels: { app: 'web' } },
              template: {
                metadata: { labels: { app: 'web' }, annotations: { 'simulate.kubewright.dev/start-delay': '3s' } },
                spec: { containers: [{ name: 'main', image: 'nginx' }] },
              },
            },
          } as never,
          { readyWhen: (self: never) => Cel.expr<boolean>(self, ".metadata.name == 'web'") } as never,
        ),
      })),
    );
    const running = deploy(graph, options);
    await vi.waitFor(
      () =>
        cluster.patch(
          { ...widgets, name: 'w', namespace },
          { type: 'merge', body: { status: { phase: 'Done', conditions: [{ type: 'Ready', status: 'False' }] } } },
          { subresource: 'status' },
        ),
      20_000,
    );
    await running;
    const live = await cluster.get({ ...deployments, name: 'web', namespace });
    expect(live?.['status']).toMatchObject({ readyReplicas: 1 });
  });

  it('of what others make is waited for, as is its coming', async () => {
    const name = freshName('theirs');
    const options = optionsFor({ cluster, namespace: name, mode });
    const graph = own(
      name,
      graphOf('theirs', () => ({
        theirs: external(core.v1.ConfigMap, { name: 'theirs' }, {
          readyWhen: (self: never) => Cel.expr<boolean>(self, ".data.go == 'yes'"),
        } as never),
        ours: simple.ConfigMap({ name: 'ours', data: {} }),
      })),
    );
    const message = await messageOf(deploy(graph, { ...options, timeoutMs: 6_000 }));
    expect(message).toMatch(/not finished after 6 s[\s\S]*theirs/);
    await cluster.create({ ...configMap, metadata: { name: 'theirs', namespace: name }, data: { go: 'no' } });
    const unready = await messageOf(deploy(graph, { ...options, timeoutMs: 6_000 }));
    expect(unready).toMatch(/not finished after 6 s[\s\S]*theirs.*readyWhen.*go/);
    expect((await statusOf(graph, options)).pending).toMatchObject([
      { path: 'theirs', reason: expect.stringMatching(/readyWhen.*go/) },
    ]);
    const running = deploy(graph, options);
    await sleep(2_000);
    await cluster.patch(
      { ...configMap, name: 'theirs', namespace: name },
      { type: 'merge', body: { data: { go: 'yes' } } },
    );
    await running;
  });
});
