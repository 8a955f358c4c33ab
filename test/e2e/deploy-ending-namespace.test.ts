import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const finalizer = 'example.com/hold';
const held = (): Graph =>
  graphOf('ending-held', () => ({
    held: kind(configMap)({ metadata: { name: 'held', finalizers: [finalizer] } }),
    free: simple.ConfigMap({ name: 'free', data: {} }),
  }));
const namespaceOf = ({ instance }: DeployOptions): { apiVersion: string; kind: string; name: string } => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  name: instance.namespace as string,
});

/** A deployment whose namespace is being deleted, and says what holds it. */
async function ending(): Promise<ReturnType<typeof optionsFor>> {
  const options = optionsFor({ cluster, namespace: freshName('ending') });
  await deploy(held(), options);
  await cluster.delete(namespaceOf(options));
  const told = async (): Promise<string> => JSON.stringify(await cluster.get(namespaceOf(options)));
  await expect.poll(told, { timeout: 20_000 }).toContain(`finalizers remaining: ${finalizer}`);
  options.events.length = 0;
  return options;
}

const release = (options: DeployOptions): Promise<unknown> =>
  cluster.patch(
    { ...configMap, name: 'held', namespace: options.instance.namespace },
    { type: 'merge', body: { metadata: { finalizers: null } } },
  );

describe('a namespace that is being deleted', () => {
  const hold = /it is being deleted: .*finalizers remaining: example\.com\/hold/;

  it('is told by a plan, and by a deployment that waits for it until its time is over', async () => {
    const options = await ending();
    const { name } = namespaceOf(options);
    const { warnings, createsNamespace } = await plan(held(), options);
    expect(warnings).toEqual([
      expect.stringMatching(
        new RegExp(`^Namespace ${name}: ${hold.source}.*A deployment waits until it is gone, and makes it anew$`),
      ),
    ]);
    expect(createsNamespace).toBe(name);
    await expect(deploy(held(), { ...options, timeoutMs: 3_000 })).rejects.toMatchObject({
      code: 'Timeout',
      message: expect.stringMatching(new RegExp(`Namespace ${name}: ${hold.source}`)),
    });
    expect(options.events).toContainEqual({
      type: 'waiting',
      object: expect.objectContaining({ kind: 'Namespace', name }),
      reason: expect.stringMatching(hold),
    });

    const deploying = deploy(held(), options);
    await release(options);
    expect((await deploying).createdNamespace).toBe(name);
    await release(options);
    await destroy(held(), options);
  }, 90_000);

  it('is destroyed without a lock, with the finalizers that are named', async () => {
    const options = await ending();
    await destroy(held(), { ...options, forceFinalizers: [finalizer] });
    expect(await cluster.get(namespaceOf(options))).toBeUndefined();
    expect(options.events).toContainEqual({
      type: 'plan',
      plan: expect.objectContaining({ warnings: [expect.stringMatching(hold)] }),
    });
  }, 90_000);
});
