import { afterAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Cel } from '../../src/expr/cel.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Options = ReturnType<typeof optionsFor>;
const fresh = (): Options => optionsFor({ cluster, namespace: freshName('identity') });
const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;
const find = (options: DeployOptions, name: string): Promise<KubernetesObject | undefined> =>
  cluster.get({ ...configMap, name, namespace: namespaceOf(options) });
const settings = (key: string): Graph => graphOf('identity', configMaps(['settings'], { key }));
const data = { key: 'theirs' };

/** Between the plan and the first write. */
const meanwhile =
  (work: () => Promise<unknown>): (() => Promise<boolean>) =>
  async () => {
    await work();
    return true;
  };

async function recreate(options: DeployOptions, labels: Record<string, string> = {}): Promise<void> {
  const ref = { ...configMap, name: 'settings', namespace: namespaceOf(options) };
  await cluster.delete(ref);
  await cluster.create(
    { ...configMap, metadata: { name: ref.name, namespace: ref.namespace, labels }, data },
    { fieldManager: 'kubewright' },
  );
}

describe('an object that comes into sight while deploying', () => {
  const graph = graphOf('late', () => {
    const web = simple.Deployment({ name: 'web', image: 'nginx' });
    return { web, late: simple.ConfigMap({ name: 'late', data: { key: Cel.template`${web.status.readyReplicas}` } }) };
  });

  async function withForeign(): Promise<Options> {
    const options = fresh();
    const namespace = namespaceOf(options);
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await cluster.create(
      { ...configMap, metadata: { name: 'late', namespace }, data },
      { fieldManager: 'kubectl-create' },
    );
    return options;
  }

  it('and belongs to somebody else is left alone', async () => {
    const options = await withForeign();
    await expect(deploy(graph, options)).rejects.toMatchObject({
      code: 'NotOurs',
      resource: 'late',
      message: expect.stringMatching(/ConfigMap .*\/late exists and belongs to kubectl-create.*--adopt/),
    });
    expect(await find(options, 'late')).toMatchObject({ data });
  });

  it('is taken over with consent', async () => {
    const options = await withForeign();
    const { objects } = await deploy(graph, { ...options, adopt: true });
    expect(objects).toContainEqual(expect.objectContaining({ label: 'late', action: 'adopted' }));
    expect(await find(options, 'late')).toMatchObject({ data: { key: '1' } });
  });
});

describe('an object that is another one when it is written', () => {
  it('is left alone when somebody else made it anew', async () => {
    const options = fresh();
    await deploy(settings('one'), options);
    const confirm = meanwhile(() => recreate(options));
    await expect(deploy(settings('two'), { ...options, confirm })).rejects.toMatchObject({ code: 'NotOurs' });
    expect(await find(options, 'settings')).toMatchObject({ data });
  });

  it('is left alone when another deployment took it over', async () => {
    const options = fresh();
    await deploy(settings('one'), options);
    const other = optionsFor({ cluster, namespace: namespaceOf(options), name: 'other' });
    const confirm = meanwhile(() => deploy(settings('theirs'), { ...other, adopt: true }));
    await expect(deploy(settings('two'), { ...options, confirm })).rejects.toMatchObject({
      code: 'NotOurs',
      message: expect.stringMatching(/belongs to another deployment/),
    });
    expect(await find(options, 'settings')).toMatchObject({ data });
  });

  it('is made anew when it is gone', async () => {
    const options = fresh();
    await deploy(settings('one'), options);
    const ref = { ...configMap, name: 'settings', namespace: namespaceOf(options) };
    await deploy(settings('two'), { ...options, confirm: meanwhile(() => cluster.delete(ref)) });
    expect(await find(options, 'settings')).toMatchObject({ data: { key: 'two' } });
    expect((await deploy(settings('two'), options)).writes).toBe(0);
  });

  it('is not deleted to be replaced', async () => {
    const options = fresh();
    const fixed = (value: string): Graph =>
      graphOf('identity', () => ({
        settings: kind(configMap)({ metadata: { name: 'settings' }, immutable: true, data: { value } } as never),
      }));
    await deploy(fixed('one'), options);
    const confirm = meanwhile(() => recreate(options));
    await expect(deploy(fixed('two'), { ...options, replace: true, confirm })).rejects.toMatchObject({
      code: 'NotOurs',
    });
    expect(await find(options, 'settings')).toMatchObject({ data });
  });

  it('is updated when only its version is another one; what is sent leaves no trace in the fields that are ours', async () => {
    const options = fresh();
    await deploy(settings('one'), options);
    const ref = { ...configMap, name: 'settings', namespace: namespaceOf(options) };
    const body = { metadata: { labels: { edited: 'yes' } } };
    const confirm = meanwhile(() => cluster.patch(ref, { type: 'merge', body }, { fieldManager: 'kubectl-edit' }));
    await deploy(settings('two'), { ...options, confirm });
    const live = await find(options, 'settings');
    expect(live).toMatchObject({ data: { key: 'two' }, metadata: { labels: { edited: 'yes' } } });
    expect(JSON.stringify(live?.metadata.managedFields)).not.toMatch(/f:uid|f:resourceVersion/);
    expect((await deploy(settings('two'), options)).writes).toBe(0);
  });
});
