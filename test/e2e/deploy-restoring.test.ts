import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { valueAt } from '../../src/deploy/field-path.ts';
import { history } from '../../src/deploy/history.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, optionsFor, volumeFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Options = ReturnType<typeof optionsFor>;
const fresh = (): Options => optionsFor({ cluster, namespace: freshName('restoring') });
const namespaceOf = ({ instance }: Options): string => instance.namespace as string;
const dataOf = async (options: Options, name: string): Promise<unknown> =>
  (await cluster.get({ ...configMap, name, namespace: namespaceOf(options) }))?.['data'];
const tooLarge = { refused: simple.ConfigMap({ name: 'refused', data: { key: 'x'.repeat(1_100_000) } }) };

describe('a volume that grew', () => {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' } as const;
  const sizeOf = async (options: Options): Promise<unknown> =>
    valueAt(await cluster.get({ ...claim, namespace: namespaceOf(options) }), 'spec.resources.requests.storage');
  const keeps = (options: Options): string =>
    `PersistentVolumeClaim ${namespaceOf(options)}/data: it keeps its size of 2Gi (it was 1Gi), as volumes do not shrink`;

  /** With a volume of 1 GiB in the namespace, and a class that lets it grow. */
  async function prepare(): Promise<{ readonly options: Options; readonly storageClass: string }> {
    const options = fresh();
    const storageClass = freshName('grows');
    await cluster.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: storageClass },
      provisioner: 'example.com/none',
      allowVolumeExpansion: true,
    });
    await volumeFor(cluster, { ...claim, namespace: namespaceOf(options) }, storageClass);
    return { options, storageClass };
  }
  const volume = (storageClass: string, [key, size]: readonly [string, string], more = {}): Graph =>
    graphOf('grown', () => ({
      ...configMaps(['a'], { key })(),
      data: simple.PersistentVolumeClaim({ name: 'data', size, storageClass }),
      ...more,
    }));

  it('keeps its size in a rollback, which says so, and all else is restored', async () => {
    const { options, storageClass } = await prepare();
    await deploy(volume(storageClass, ['one', '1Gi']), options);
    await deploy(volume(storageClass, ['two', '2Gi']), options);
    options.events.length = 0;
    await rollback(volume(storageClass, ['two', '2Gi']), options);
    expect([await dataOf(options, 'a'), await sizeOf(options)]).toEqual([{ key: 'one' }, '2Gi']);
    const plans = options.events.flatMap((event) => (event.type === 'plan' ? [event.plan] : []));
    expect(plans[0]?.warnings).toContain(keeps(options));
    expect((await plan(volume(storageClass, ['one', '1Gi']), options)).changed).toBe(false);
  });

  it('keeps its size when a deployment is undone', async () => {
    const { options, storageClass } = await prepare();
    await deploy(volume(storageClass, ['one', '1Gi']), options);
    const failing = volume(storageClass, ['two', '2Gi'], tooLarge);
    const error = await deploy(failing, { ...options, rollbackOnFailure: true }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'RolledBack',
      message: expect.stringContaining(`  - not undone: ${keeps(options)}`),
    });
    expect([await dataOf(options, 'a'), await sizeOf(options)]).toEqual([{ key: 'one' }, '2Gi']);
  });
});

describe('an object that cannot be restored', () => {
  const fixed = (key: string, more = {}): Graph =>
    graphOf('fixed', () => ({
      ...configMaps(['a', 'z'], { key })(),
      b: kind(configMap)(
        { metadata: { name: 'b' }, data: { key }, ...(key === 'two' && { immutable: true }) } as never,
        { keep: true },
      ),
      ...more,
    }));

  it('is named, and keeps no other from being restored', async () => {
    const options = fresh();
    await deploy(fixed('one'), options);
    const error = await deploy(fixed('two', tooLarge), { ...options, rollbackOnFailure: true }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: 'RollbackFailed',
      message: expect.stringMatching(
        /not all that was there before could be restored[\s\S]*restored: (a, z|z, a)\n[\s\S]*- not undone: b .*cannot change once it exists/,
      ),
    });
    expect(await Promise.all(['a', 'b', 'z'].map((name) => dataOf(options, name)))).toEqual([
      { key: 'one' },
      { key: 'two' },
      { key: 'one' },
    ]);
    const [last] = (await history(fixed('one'), options)).revisions;
    expect(last).toMatchObject({
      result: 'failed',
      restorable: false,
      reason: expect.stringMatching(/^it failed, and b could not be restored: .*refused/),
    });
    expect(
      (await rollback(fixed('one'), { ...options, to: 1 }).catch((caught: unknown) => caught)) as Error,
    ).toMatchObject({ message: expect.stringMatching(/b .*cannot change once it exists/) });
  });

  it('is named when it is gone and cannot be made again', async () => {
    const options = fresh();
    const namespace = namespaceOf(options);
    const service = { apiVersion: 'v1', kind: 'Service', name: 'b', namespace } as const;
    const b = { b: simple.Service({ name: 'b', ports: [{ port: 80 }], selector: { app: 'b' } }) };
    const gone = (key: string, more = {}): Graph =>
      graphOf('gone', () => ({ ...configMaps(['a'], { key })(), ...more }));
    await deploy(gone('one', b), options);
    await cluster.delete(service);
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota' };
    await cluster.create({ ...quota, metadata: { name: 'none', namespace }, spec: { hard: { services: '0' } } });
    await expect
      .poll(async () => (await cluster.get({ ...quota, name: 'none', namespace }))?.['status'])
      .toHaveProperty('used');
    const error = await deploy(gone('two', tooLarge), { ...options, rollbackOnFailure: true }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: 'RollbackFailed',
      message: expect.stringMatching(/restored: a\n[\s\S]*- not undone: b.*exceeded quota: none/),
    });
    expect(await dataOf(options, 'a')).toEqual({ key: 'one' });
    expect(await cluster.get(service)).toBeUndefined();
  });
});

describe('an object that an autoscaler of the graph scales', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } as const;
  const scaled = (image: string, more = {}): Graph =>
    graphOf('scaled', () => ({
      web: simple.Deployment({ name: 'web', image, replicas: 2 }),
      scaler: kind({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' })({
        metadata: { name: 'web' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          minReplicas: 1,
          maxReplicas: 5,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          ],
        },
      } as never),
      ...more,
    }));

  it('is restored with as many replicas as it has', async () => {
    const options = fresh();
    const web = { ...deployment, namespace: namespaceOf(options) };
    await deploy(scaled('nginx:1'), options);
    const body = { spec: { replicas: 4 } };
    await cluster.patch(web, { type: 'merge', body }, { fieldManager: 'kubectl', subresource: 'scale' });
    expect((await deploy(scaled('nginx:1'), options)).writes).toBe(0);
    const failing = deploy(scaled('nginx:2', tooLarge), { ...options, rollbackOnFailure: true });
    await expect(failing).rejects.toMatchObject({
      code: 'RolledBack',
      message: expect.stringMatching(/restored: web/),
    });
    const found = await cluster.get(web);
    expect(valueAt(found, 'spec.replicas')).toBe(4);
    expect(JSON.stringify(found?.['spec'])).toContain('nginx:1');
  });
});
