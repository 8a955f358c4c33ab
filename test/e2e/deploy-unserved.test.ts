import { afterAll, describe, expect, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { identify } from '../../src/deploy/identity.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => {
  cluster.close();
});

const definitionKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
const fresh = (prefix = 'removal'): ReturnType<typeof optionsFor> =>
  optionsFor({ cluster, namespace: freshName(prefix) });
const settings = (): never => simple.ConfigMap({ name: 'settings', data: { key: 'value' } }) as never;
const isThere = async (ref: {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}): Promise<boolean> => {
  const found = await cluster.get(ref);
  return found !== undefined && found.metadata.deletionTimestamp === undefined;
};

const small = (): Graph => graphOf('holder', () => ({ settings: settings() }));

async function serve(apiVersion: string): Promise<void> {
  await expect
    .poll(() => cluster.discover({ apiVersion, kind: 'Widget' }, { refresh: true }), { timeout: 20_000 })
    .toBeDefined();
}

function definition(group: string, versions: readonly (readonly [string, boolean])[]): KubernetesObject {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    },
  };
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  return {
    ...definitionKind,
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names,
      versions: versions.map(([name, served], index) => ({ name, served, storage: index === 0, schema })),
    },
  };
}

describe('objects of an API version that is not served any more', () => {
  const withWidget = (apiVersion: string): Graph =>
    graphOf('holder', () => ({
      settings: settings(),
      widget: kind({ apiVersion, kind: 'Widget' })({ metadata: { name: 'w' }, spec: { size: 1 } } as never),
    }));
  const serveOnly = async (group: string, versions: readonly (readonly [string, boolean])[]): Promise<void> => {
    const body = { spec: definition(group, versions)['spec'] } as never;
    await cluster.patch({ ...definitionKind, name: `widgets.${group}` }, { type: 'merge', body });
    for (const [version, served] of versions) {
      const found = (): Promise<boolean> =>
        cluster
          .discover({ apiVersion: `${group}/${version}`, kind: 'Widget' }, { refresh: true })
          .then((answer) => answer !== undefined);
      await expect.poll(found, { timeout: 20_000 }).toBe(served);
    }
  };

  async function deployed(): Promise<{ group: string; options: ReturnType<typeof fresh>; user: Cluster }> {
    const group = `${freshName('old')}.example.com`;
    const options = fresh();
    await cluster.create(
      definition(group, [
        ['v1', true],
        ['v1beta1', true],
      ]),
    );
    await serve(`${group}/v1beta1`);
    await deploy(withWidget(`${group}/v1beta1`), options);
    return { group, options, user: await connectTo(place) };
  }

  it('are pruned in the version that is', async () => {
    const { group, options, user } = await deployed();
    await serveOnly(group, [
      ['v1', true],
      ['v1beta1', false],
    ]);
    const { objects } = await deploy(small(), { ...options, cluster: user });
    user.close();
    expect(objects.filter(({ action }) => action === 'deleted').map(({ label }) => label)).toEqual(['widget']);
    const namespace = options.instance.namespace as string;
    expect(await isThere({ apiVersion: `${group}/v1`, kind: 'Widget', name: 'w', namespace })).toBe(false);
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('are destroyed in the version that is', async () => {
    const { group, options, user } = await deployed();
    await serveOnly(group, [
      ['v1', true],
      ['v1beta1', false],
    ]);
    const { objects } = await destroy(withWidget(`${group}/v1beta1`), { ...options, cluster: user });
    user.close();
    expect(objects.map(({ label }) => label).sort()).toEqual(['settings', 'widget']);
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('stay known while no version is, and nothing is destroyed until they can be looked for', async () => {
    const { group, options, user } = await deployed();
    await serveOnly(group, [
      ['v1', false],
      ['v1beta1', false],
    ]);
    const cut = { ...options, cluster: user };
    const reason = `${group}/v1beta1/Widget: objects of this kind may be part of the deployment, and the server serves no version of it`;
    expect((await plan(small(), cut)).warnings.join('\n')).toContain(reason);
    await deploy(small(), cut);
    await expect(destroy(small(), cut)).rejects.toThrow(reason);
    await serveOnly(group, [
      ['v1', true],
      ['v1beta1', false],
    ]);
    const { objects } = await deploy(small(), cut);
    user.close();
    expect(objects.filter(({ action }) => action === 'deleted').map(({ name }) => name)).toEqual(['w']);
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('stay known when the record is made anew meanwhile', async () => {
    const { group, options, user } = await deployed();
    await serveOnly(group, [
      ['v1', false],
      ['v1beta1', false],
    ]);
    const cut = { ...options, cluster: user };
    const name = identify({ name: 'holder' }, options.instance, '').name;
    const record = { apiVersion: 'v1', kind: 'Secret', name, namespace: options.instance.namespace as string };
    await cluster.patch(record, { type: 'merge', body: { data: { record: null } } });
    await deploy(small(), { ...cut, repairRecord: true });
    await serveOnly(group, [
      ['v1', true],
      ['v1beta1', false],
    ]);
    const { objects } = await deploy(small(), cut);
    user.close();
    expect(objects.filter(({ action }) => action === 'deleted').map((each) => each.name)).toEqual(['w']);
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('stay known when the deployment moves to kro meanwhile', async () => {
    const { group, options, user } = await deployed();
    await serveOnly(group, [
      ['v1', false],
      ['v1beta1', false],
    ]);
    const cut = { ...options, cluster: user, mode: 'kro' as const };
    const { warnings } = await plan(small(), { ...cut, migrate: true });
    expect(warnings.join('\n')).toContain('and the server serves no version of it, so it stays in the record');
    await deploy(small(), { ...cut, migrate: true });
    await expect(destroy(small(), cut)).rejects.toThrow('and the server serves no version of it');
    await serveOnly(group, [
      ['v1', true],
      ['v1beta1', false],
    ]);
    const { objects } = await destroy(small(), { ...cut, definition: true });
    user.close();
    expect(objects.map(({ name }) => name)).toContain('w');
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('are gone with their CustomResourceDefinition', async () => {
    const { group, options, user } = await deployed();
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
    await expect
      .poll(() => cluster.discover({ apiVersion: `${group}/v1`, kind: 'Widget' }, { refresh: true }), {
        timeout: 20_000,
      })
      .toBeUndefined();
    const { objects } = await destroy(small(), { ...options, cluster: user });
    user.close();
    expect(objects.map(({ label }) => label)).toEqual(['settings']);
  });
});
