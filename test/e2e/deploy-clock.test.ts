import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { identify } from '../../src/deploy/identity.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const;
const { name } = identify({ name: 'skewed' }, { name: 'it' }, 'x');
const graph = graphOf('skewed', configMaps(['a']));
const hour = 3_600_000;
/** As the clock of another machine says it. */
const clock = (skew: number): string => new Date(Date.now() + skew).toISOString().replace('Z', '000Z');

async function locked(skew: number): Promise<ReturnType<typeof optionsFor>> {
  const options = optionsFor({ cluster, namespace: freshName('clock') });
  const namespace = options.instance.namespace as string;
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const spec = { holderIdentity: 'elsewhere/1/x', leaseDurationSeconds: 15, renewTime: clock(skew) };
  await cluster.create({ ...lease, metadata: { name, namespace }, spec });
  return options;
}

describe.concurrent.each([-hour, hour])('a lock of a machine whose clock is %d ms off', (skew) => {
  it('is respected while it is renewed', async () => {
    const options = await locked(skew);
    const namespace = options.instance.namespace as string;
    const running = deploy(graph, options);
    const end = performance.now() + 20_000;
    while (performance.now() < end) {
      await sleep(4_000);
      await cluster.patch({ ...lease, name, namespace }, { type: 'merge', body: { spec: { renewTime: clock(skew) } } });
      expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    }
    await cluster.delete({ ...lease, name, namespace });
    expect((await running).writes).toBeGreaterThan(0);
  });

  it('is taken over fifteen seconds after it was last renewed', async () => {
    const options = await locked(skew);
    const startedAt = performance.now();
    await deploy(graph, options);
    const seconds = (performance.now() - startedAt) / 1000;
    expect(seconds).toBeGreaterThan(14);
    expect(seconds).toBeLessThan(35);
  });
});
