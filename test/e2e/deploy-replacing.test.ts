import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { valueAt } from '../../src/deploy/field-path.ts';
import { history } from '../../src/deploy/history.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { connectTo, freshName, graphOf, optionsFor, secret, volumeFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Options = ReturnType<typeof optionsFor>;
const fresh = (): Options => optionsFor({ cluster, namespace: freshName('replacing') });
const namespaceOf = ({ instance }: Options): string => instance.namespace as string;

describe('a volume', () => {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data' } as const;
  const graph = (image: string, storageClass: string): Graph =>
    graphOf('replaced-volume', () => {
      const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image }] } };
      return {
        job: kind({ apiVersion: 'batch/v1', kind: 'Job' })({
          metadata: { name: 'job' },
          spec: { suspend: true, template },
        } as never),
        data: simple.PersistentVolumeClaim({ name: 'data', size: '1Gi', storageClass }),
      };
    });
  const uidOf = async (options: Options): Promise<string | undefined> =>
    (await cluster.get({ ...claim, namespace: namespaceOf(options) }))?.metadata.uid;

  /** Its claim is deleted at once, as no pod uses it; claims that no volume is there for are waited for by nobody. */
  async function prepare(options: Options, ...storageClasses: readonly [string, string]): Promise<void> {
    for (const name of storageClasses)
      await cluster.create({
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name },
        provisioner: 'kubernetes.io/no-provisioner',
        volumeBindingMode: 'WaitForFirstConsumer',
      });
    const [storageClass] = storageClasses;
    await volumeFor(cluster, { ...claim, namespace: namespaceOf(options) }, storageClass);
    await deploy(graph('busybox:1', storageClass), options);
  }

  it('is made anew only with consent to lose its data', async () => {
    const options = fresh();
    const [one, two] = [freshName('one'), freshName('two')];
    await prepare(options, one, two);
    const before = await uidOf(options);
    const consent = { ...options, replace: true };
    const says = /^data spec: .*data.*may lose the data.*--replace does so only together with --prune-all/;
    const refused = await plan(graph('busybox:2', two), consent);
    expect(refused.problems.map(({ message }) => message)).toEqual([expect.stringMatching(says)]);
    await expect(deploy(graph('busybox:2', two), consent)).rejects.toThrow(/may lose the data/);
    expect(await uidOf(options)).toBe(before);

    const all = { ...consent, pruneAll: true };
    const planned = await plan(graph('busybox:2', two), all);
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toContainEqual(expect.stringMatching(/^data: it is deleted to be made anew.*data.*lost$/));
    const { objects } = await deploy(graph('busybox:2', two), all);
    expect(objects.map(({ action }) => action)).toEqual(['replaced', 'replaced']);
    const after = await uidOf(options);
    expect(after).not.toBe(before);

    await expect(rollback(graph('busybox:2', two), consent)).rejects.toThrow(/may lose the data/);
    expect(await uidOf(options)).toBe(after);
    await rollback(graph('busybox:2', two), all);
    expect(await uidOf(options)).not.toBe(after);
  });
});

describe('a StatefulSet', () => {
  const ref = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' } as const;
  const graph = (serviceName: string, whenDeleted: string): Graph =>
    graphOf('replaced-set', () => ({
      db: kind(ref)({
        metadata: { name: 'db' },
        spec: {
          replicas: 0,
          serviceName,
          selector: { matchLabels: { app: 'db' } },
          persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: 'Retain' },
          template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'db', image: 'db:1' }] } },
        },
      } as never),
      other: simple.ConfigMap({ name: 'other', data: {} }),
    }));
  const uidOf = async (options: Options): Promise<string | undefined> =>
    (await cluster.get({ ...ref, namespace: namespaceOf(options) }))?.metadata.uid;

  it('whose volumes go with it is made anew or pruned only with consent; one whose volumes stay without', async () => {
    const options = { ...fresh(), replace: true };
    await deploy(graph('one', 'Delete'), options);
    const before = await uidOf(options);
    await expect(deploy(graph('two', 'Delete'), options)).rejects.toThrow(/db spec.*may lose the data/);
    const without = graphOf('replaced-set', () => ({ other: simple.ConfigMap({ name: 'other', data: {} }) }));
    const { warnings } = await plan(without, options);
    expect(warnings).toContainEqual(expect.stringMatching(/deleting a StatefulSet and its volumes needs consent/));
    await deploy(without, options);
    expect(await uidOf(options)).toBe(before);
    await deploy(graph('two', 'Delete'), { ...options, pruneAll: true });
    const after = await uidOf(options);
    expect(after).not.toBe(before);
    await deploy(graph('two', 'Retain'), options);
    await deploy(graph('three', 'Delete'), options);
    expect(await uidOf(options)).not.toBe(after);
  });
});

describe('a new object that is refused when the old one is gone', () => {
  const service = { apiVersion: 'v1', kind: 'Service', name: 's' } as const;
  const graph = (clusterIP?: string): Graph =>
    graphOf('replaced-service', () => ({
      s: kind(service)({
        metadata: { name: 's' },
        spec: { ...(clusterIP && { clusterIP }), ports: [{ port: 80 }], selector: { app: 's' } },
      } as never),
    }));
  const says =
    /^s spec\.clusterIPs: Service \S+\/s was deleted to be made anew, and the new one was refused: it is missing now \(.*already allocated.*\)\. Correct/;
  const taken = async (): Promise<string> => {
    const found = await cluster.get({ ...service, name: 'kubernetes', namespace: 'default' });
    return valueAt(found, 'spec.clusterIP') as string;
  };

  it('is named as missing, and the deletion is told', async () => {
    const options = fresh();
    await deploy(graph(), options);
    options.events.length = 0;
    await expect(deploy(graph(await taken()), { ...options, replace: true })).rejects.toThrow(says);
    expect(options.events).toContainEqual(
      expect.objectContaining({ type: 'object', action: 'deleted', object: expect.objectContaining({ label: 's' }) }),
    );
    expect((await history(graph(), options)).revisions[0]).toMatchObject({
      result: 'failed',
      changes: { deleted: { count: 1, ids: ['s'] } },
    });
    expect((await deploy(graph(), options)).objects).toMatchObject([{ action: 'created' }]);
  });

  it('is undone by making the old one anew, with another address', async () => {
    const options = fresh();
    await deploy(graph(), options);
    const ref = { ...service, namespace: namespaceOf(options) };
    const before = valueAt(await cluster.get(ref), 'spec.clusterIP') as string;
    const error = (await deploy(graph(await taken()), { ...options, replace: true, rollbackOnFailure: true }).catch(
      (caught: unknown) => caught,
    )) as Error;
    const after = valueAt(await cluster.get(ref), 'spec.clusterIP') as string;
    expect(error).toMatchObject({ code: 'RolledBack', message: expect.stringMatching(/\n {2}- made anew: s$/m) });
    // The server may give it the one that it had.
    if (after !== before)
      expect(error.message).toContain(`not undone: s: its clusterIP is ${after} (it was ${before})`);
    expect(error.message).not.toMatch(/- restored:/);
  });
});

describe('the type of a Secret', () => {
  const graph = (of: string): Graph =>
    graphOf('replaced-secret', () => ({
      s: kind(secret)({ metadata: { name: 's' }, type: of, stringData: { username: 'hunter2-name' } } as never),
    }));

  it('is a field that cannot change, and no value is quoted', async () => {
    const options = fresh();
    await deploy(graph('Opaque'), options);
    const next = graph('kubernetes.io/basic-auth');
    const error = (await deploy(next, options).catch((caught: unknown) => caught)) as Error;
    expect(error).toMatchObject({
      code: 'Immutable',
      message: expect.stringMatching(/^s type: Secret \S+\/s: type cannot change once it exists\. .*--replace/),
    });
    const planned = await plan(next, { ...options, replace: true });
    expect(planned).toMatchObject({ problems: [], changes: [{ action: 'replace' }] });
    expect(error.message + JSON.stringify([planned, options.events])).not.toContain('hunter2');
    const { objects } = await deploy(next, { ...options, replace: true });
    expect(objects).toMatchObject([{ action: 'replaced' }]);
  });
});

describe('a field that is dropped from the graph', () => {
  const service = { apiVersion: 'v1', kind: 'Service' } as const;
  const graph = (app: string, more: object): Graph =>
    graphOf('dropped', () => ({
      s: kind(service)({
        metadata: { name: 's' },
        spec: { ports: [{ port: 80 }], selector: { app }, ...more },
      } as never),
    }));
  const keeps = expect.stringMatching(/^s: the graph does not set spec\.clusterIP any more, which keeps its value: /);

  it.each([
    ['alone', 'one'],
    ['with another change', 'two'],
  ])('is named when the server keeps its value: %s', async (_name, app) => {
    const options = fresh();
    await deploy(graph('one', { clusterIP: 'None' }), options);
    expect((await plan(graph(app, {}), options)).warnings).toEqual([keeps]);
    options.events.length = 0;
    await deploy(graph(app, {}), options);
    expect(options.events).toContainEqual({ type: 'plan', plan: expect.objectContaining({ warnings: [keeps] }) });
    const live = await cluster.get({ ...service, name: 's', namespace: namespaceOf(options) });
    expect(valueAt(live, 'spec.clusterIP')).toBe('None');
  });

  it('is not named when the server gives it its value anyway, or takes it away', async () => {
    const options = fresh();
    const usual = { type: 'ClusterIP', sessionAffinity: 'None', publishNotReadyAddresses: true };
    await deploy(graph('one', usual), options);
    expect((await plan(graph('two', {}), options)).warnings).toEqual([]);
    await deploy(graph('one', { type: 'ClusterIP' }), options);
    expect((await plan(graph('one', {}), options)).warnings).toEqual([
      's: no value changes; the graph does not set spec.type any more, and the server gives it the same value',
    ]);
  });

  it('is not named when somebody else has it too', async () => {
    const options = fresh();
    await deploy(graph('one', { clusterIP: 'None' }), options);
    const shared = {
      ...service,
      metadata: { name: 's', namespace: namespaceOf(options) },
      spec: { clusterIP: 'None' },
    };
    await cluster.apply(shared, { fieldManager: 'other' });
    expect((await plan(graph('two', {}), options)).warnings).toEqual([]);
    expect((await plan(graph('one', {}), options)).warnings).toEqual([
      expect.stringMatching(/^s: no value changes; it gives up spec\.clusterIP, .* to whoever else has it$/),
    ]);
  });
});
