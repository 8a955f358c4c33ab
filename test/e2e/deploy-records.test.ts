import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import { identify } from '../../src/deploy/identity.ts';
import { plan } from '../../src/deploy/plan.ts';
import { readSnapshot, writeSnapshot, type RecordedObject } from '../../src/deploy/snapshot.ts';
import { startRun } from '../../src/deploy/run.ts';
import { status } from '../../src/deploy/status.ts';
import { simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor, secret } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place, 'http');
afterAll(() => {
  proxy.close();
  cluster.close();
});

type Options = ReturnType<typeof optionsFor>;
const fresh = (): Options => optionsFor({ cluster, namespace: freshName('records') });
const graph = (names: readonly string[], value = 'value') => graphOf('kept', configMaps(names, { key: value }));
const namespaceOf = ({ instance }: Options): string => instance.namespace as string;
const recordName = identify({ name: 'kept' }, { name: 'it' }, 'x').name;

/** The record, or the parts of it. */
async function secrets(options: Options, type: 'record' | 'record-chunk'): Promise<readonly KubernetesObject[]> {
  const { items } = await cluster.list({ ...secret, namespace: namespaceOf(options) });
  return items.filter((item) => item['type'] === `kubewright.dev/${type}`);
}

async function editRecord(options: Options, edit: (data: Record<string, string>) => Record<string, string | null>) {
  const [record] = (await secrets(options, 'record')) as [KubernetesObject];
  const ref = { ...secret, name: recordName, namespace: namespaceOf(options) };
  await cluster.patch(ref, { type: 'merge', body: { data: edit(record['data'] as Record<string, string>) } });
}

async function deleteParts(options: Options): Promise<void> {
  for (const { metadata } of await secrets(options, 'record-chunk'))
    await cluster.delete({ ...secret, name: metadata.name, namespace: namespaceOf(options) });
}

describe('a record', () => {
  it.each(['direct', 'kro'] as const)(
    'is all that an unchanged deployment reads of it, once: mode %s',
    async (mode) => {
      const options = optionsFor({ cluster, namespace: freshName('records'), mode });
      const names = Array.from({ length: mode === 'kro' ? 2 : 40 }, (_, index) => `c${index}`);
      await deploy(graph(names), options);
      proxy.reset();
      expect((await deploy(graph(names), { ...options, cluster: proxy.cluster })).writes).toBe(0);
      const reads = proxy.seen.filter(({ path }) => path.includes('/secrets'));
      expect(reads.map(({ path }) => path.split('/').at(-1))).toEqual([recordName]);
      expect(proxy.seen.filter(({ write }) => write)).toEqual([]);
      await destroy(graph(names), { ...options, definition: true });
    },
  );

  it('of 20,000 objects is kept in parts that a Secret can hold, and read as it was written', async () => {
    const options = fresh();
    await deploy(graph(['a']), options);
    const run = startRun(graph(['a']), options);
    const [{ metadata }] = (await secrets(options, 'record')) as [KubernetesObject];
    // Text that does not compress, as a whole application's would not.
    const random = (index: number): string => Buffer.from(String(Math.sin(index) * 1e16).repeat(4)).toString('base64');
    const objects = Array.from(
      { length: 20_000 },
      (_, index): RecordedObject => ({
        path: `workers${index}`,
        label: `workers${index}`,
        wave: index % 7,
        uid: crypto.randomUUID(),
        object: { ...configMap, metadata: { name: `worker-${index}`, namespace: 'x' }, data: { key: random(index) } },
      }),
    );
    const ref = await writeSnapshot(run, { owner: metadata.uid as string, slot: 1, revision: 2 }, { objects });
    expect(ref.chunks).toBeGreaterThan(1);
    expect(await readSnapshot(run, ref)).toEqual({ objects });
  });

  it('can be read although a run was killed between two of its parts, and no part is left over', async () => {
    const options = fresh();
    const many = (key: string) =>
      graphOf('kept', () => {
        const text = (index: number): string =>
          Array.from({ length: 300 }, (_, part) =>
            createHash('sha256').update(`${key}${index}.${part}`).digest('base64'),
          ).join('');
        const maps = Array.from({ length: 90 }, (_, index) =>
          simple.ConfigMap({ name: `c${index}`, data: { key: text(index) } }),
        );
        return Object.fromEntries(maps.map((map, index) => [`c${index}`, map])) as never;
      });
    await deploy(many('one'), options);
    expect(await secrets(options, 'record-chunk')).toHaveLength(2);
    let parts = 0;
    proxy.reset(({ write, path }) =>
      write && path.includes(`${recordName}.1-`) && ++parts === 2 ? { kind: 'kill-before' } : undefined,
    );
    const dying = new AbortController();
    void proxy.killed().then(() => dying.abort(new Error('killed')));
    await expect(deploy(many('two'), { ...options, cluster: proxy.cluster, signal: dying.signal })).rejects.toThrow();
    const { revisions } = await history(many('one'), options);
    expect(revisions.map(({ number, restorable }) => [number, restorable])).toEqual([
      [2, false],
      [1, true],
    ]);
    const { items } = await cluster.list({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      namespace: namespaceOf(options),
    });
    for (const { apiVersion, kind, metadata } of items)
      await cluster.delete({ apiVersion, kind, name: metadata.name, namespace: namespaceOf(options) });
    await deploy(many('two'), options);
    const names = (await secrets(options, 'record-chunk')).map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['0-0', '0-1', '1-0', '1-1'].map((end) => `${recordName}.${end}`));
    expect((await deploy(many('two'), options)).writes).toBe(0);
  });
});

const damages = [
  { how: 'truncated', key: 'record', edit: ({ record = '' }) => ({ record: record.slice(0, 40) }) },
  { how: 'edited', key: 'record', edit: () => ({ record: Buffer.from('{"objects":[]}').toString('base64') }) },
  { how: 'emptied', key: 'record', edit: () => ({ record: null }) },
  { how: 'given another key', key: 'record', edit: () => ({ salt: Buffer.from('other').toString('base64') }) },
] as const;

describe.each(damages)('a record that was $how', ({ key, edit }) => {
  it('is refused with what to do, nothing is written or deleted, and it can be made anew', async () => {
    const options = fresh();
    await deploy(graph(['a', 'b', 'c']), options);
    await editRecord(options, edit);
    const less = graph(['a', 'b']);
    proxy.reset();
    const through = { ...options, cluster: proxy.cluster };
    for (const call of [deploy, destroy, history] as const) {
      const error = await (call as typeof deploy)(less, through).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: 'DamagedRecord',
        resource: `Secret ${namespaceOf(options)}/${recordName}`,
        path: `data.${key}`,
        message: expect.stringMatching(/cannot be read: it .*backup.*--repair-record/),
      });
    }
    expect((await plan(less, through)).problems).toMatchObject([{ code: 'DamagedRecord' }]);
    expect((await status(less, through)).deployed).toBe(true);
    expect(proxy.seen.filter(({ write }) => write)).toEqual([]);

    const repaired = await deploy(less, { ...options, repairRecord: true });
    expect(repaired.objects.filter(({ action }) => action === 'deleted')).toEqual([]);
    expect(await namesIn(cluster, namespaceOf(options), configMap)).toEqual(['a', 'b', 'c']);
    expect(options.events).toContainEqual(
      expect.objectContaining({
        plan: expect.objectContaining({
          warnings: expect.arrayContaining([
            expect.stringMatching(/c is no longer in the graph and stays: there is no record of it/),
          ]),
        }),
      }),
    );
    // From now on the record knows it again.
    const { objects } = await deploy(less, options);
    expect(objects.filter(({ action }) => action === 'deleted').map(({ name }) => name)).toEqual(['c']);
    expect((await deploy(less, options)).writes).toBe(0);
  });
});

describe('parts of a record that are missing', () => {
  it('keep a deployment from deleting, and a destruction from beginning, until they are written anew', async () => {
    const options = fresh();
    await deploy(graph(['a', 'b', 'c']), options);
    await deleteParts(options);
    expect((await deploy(graph(['a', 'b', 'c']), options)).writes).toBe(0);
    await expect(destroy(graph(['a', 'b', 'c']), options)).rejects.toMatchObject({
      code: 'DamagedRecord',
      message: expect.stringMatching(
        /kept\.it\.0-0: the objects of revision 1 cannot be read.*it does not exist.*--repair-record/,
      ),
    });
    const less = graph(['a', 'b']);
    const planned = await plan(less, options);
    expect(planned.changes.filter(({ action }) => action === 'delete')).toEqual([]);
    expect(planned.warnings.join('\n')).toMatch(
      /ConfigMap .*\/c .*stays: the record of it is damaged[\s\S]*revision 1 cannot be read/,
    );
    await deploy(less, { ...options, repairRecord: true });
    expect(await namesIn(cluster, namespaceOf(options), configMap)).toEqual(['a', 'b', 'c']);
    await destroy(less, options);
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespaceOf(options) })).toBeUndefined();
  });

  it('that were edited are noticed', async () => {
    const options = fresh();
    await deploy(graph(['a']), options);
    const [part] = (await secrets(options, 'record-chunk')) as [KubernetesObject];
    await cluster.patch(
      { ...secret, name: part.metadata.name, namespace: namespaceOf(options) },
      { type: 'merge', body: { data: { part: Buffer.from('[]').toString('base64') } } },
    );
    await expect(destroy(graph(['a']), options)).rejects.toThrow(
      /is not what was written: somebody edited or truncated it/,
    );
    expect(await namesIn(cluster, namespaceOf(options), configMap)).toEqual(['a']);
  });
});

describe('a record that is gone', () => {
  it('lets nothing be deleted by the next deployment', async () => {
    const options = fresh();
    await deploy(graph(['a', 'b', 'c', 'd']), options);
    await cluster.delete({ ...secret, name: recordName, namespace: namespaceOf(options) });
    const { objects } = await deploy(graph(['a']), options);
    expect(objects.map(({ label, action }) => `${label} ${action}`)).toEqual(['a updated']);
    expect(await namesIn(cluster, namespaceOf(options), configMap)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('of which only the annotations are gone is written anew with them', async () => {
    const options = fresh();
    await deploy(graph(['a', 'b']), options);
    const ref = { ...secret, name: recordName, namespace: namespaceOf(options) };
    await cluster.patch(ref, { type: 'merge', body: { metadata: { annotations: null, labels: null } } });
    await deploy(graph(['a']), options);
    expect(await namesIn(cluster, namespaceOf(options), configMap)).toEqual(['a']);
    expect((await cluster.get(ref))?.metadata.annotations).toMatchObject({
      'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap',
    });
  });
});

describe('a Secret in the place of the record', () => {
  /** Puts a copy of a record where that of another deployment is, or would be. */
  async function copyTo(options: Options, record: KubernetesObject, marks?: object): Promise<void> {
    const ref = { ...secret, name: recordName, namespace: namespaceOf(options) };
    if (await cluster.get(ref)) await cluster.delete(ref);
    const { labels = {}, annotations = {} } = record.metadata;
    const metadata = { labels, annotations, ...marks, name: recordName, namespace: namespaceOf(options) };
    await cluster.create({ ...secret, metadata, type: record['type'], data: record['data'] });
  }

  async function refused(options: Options, reason: RegExp): Promise<void> {
    proxy.reset();
    const through = { ...options, cluster: proxy.cluster };
    for (const call of [plan, deploy, destroy, status, history] as const)
      await expect((call as typeof deploy)(graph(['a']), through)).rejects.toMatchObject({
        code: 'ForeignRecord',
        message: expect.stringMatching(reason),
      });
    expect(proxy.seen.filter(({ write }) => write)).toEqual([]);
  }

  it('that is of another tool is refused, whether it can be read or not', async () => {
    const options = fresh();
    await deploy(graph(['a']), options);
    const ref = { ...secret, name: recordName, namespace: namespaceOf(options) };
    const annotations = { 'applyset.kubernetes.io/tooling': 'kubectl/v1.36' };
    await cluster.patch(ref, { type: 'merge', body: { metadata: { annotations } } });
    await refused(options, /Secret .*kubewright\.kept\.it: belongs to kubectl\/v1\.36\. Rename it/);
    await editRecord(options, () => ({ record: null }));
    await refused(options, /Secret .*kubewright\.kept\.it: belongs to kubectl\/v1\.36\. Rename it/);
  });

  it('that is a copy from another namespace is refused', async () => {
    const [from, to] = [fresh(), fresh()];
    await deploy(graph(['a']), from);
    await deploy(graph(['a']), to);
    const [record] = (await secrets(from, 'record')) as [KubernetesObject];
    await copyTo(to, record);
    await refused(
      to,
      /its label applyset\.kubernetes\.io\/id is applyset-.*, not applyset-.*delete it if it is a copy/,
    );
    await copyTo(to, record, { labels: {} });
    await refused(to, /is the record of a deployment in another namespace/);
  });

  it.each([
    ['another instance', 'kept', 'other'],
    ['another graph', 'another', 'it'],
  ])('that is a copy of the record of %s is refused', async (_whose, name, instance) => {
    const options = fresh();
    await deploy(graph(['a']), options);
    const other = graphOf(name, configMaps(['b']));
    await deploy(other, { ...options, instance: { ...options.instance, name: instance } });
    const records = await secrets(options, 'record');
    await copyTo(options, records.find(({ metadata }) => metadata.name !== recordName) as KubernetesObject, {
      labels: {},
    });
    await refused(options, new RegExp(`is the record of ${name} ${instance}, not of kept it`));
  });
});
