import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { Mode } from '../../src/deploy/options.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { platform } from '../../stacks/platform.ts';
import { connectTo, freshName, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());
const graph = platform as never;

describe.each<Mode>(['direct', 'kro'])('a graph that uses another one twice, %s', (mode) => {
  it('makes both in namespaces of its own, reads their status, writes nothing again and takes all of it away', async () => {
    const namespace = freshName(`platform-${mode}`);
    const own = [`${namespace}-shop`, `${namespace}-partners`];
    const spec = prepareValues(graph, { environment: 'development', version: '1.0.0', domain: 'example.com' });
    const options = {
      ...optionsFor({ cluster, namespace, mode, spec, name: 'platform' }),
      timeoutMs: 50_000,
    };
    const first = await deploy(graph, options);
    expect(first.status).toEqual({
      shop: { url: 'https://shop.example.com', health: 'healthy' },
      partners: { url: 'https://partners.example.com', health: 'healthy' },
      healthy: true,
    });
    const deployments = await Promise.all(
      own.map((place) => cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: place })),
    );
    expect(deployments.map(({ items }) => items.length)).toEqual([4, 4]);
    expect((await deploy(graph, options)).writes).toBe(0);
    await destroy(graph, options);
    for (const name of own) expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })).toBeUndefined();
  }, 120_000);
});
