import { afterAll, describe, expect, it } from 'vitest';
import type { Cluster, ListQuery } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { toInstance } from '../../src/kro/instance.ts';
import { configMap, connectTo } from './deploying.ts';
import { applyDefinition } from './kro.ts';
import { one, withKro } from './kro-graphs.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());
const { options, read } = withKro(cluster);

describe('what belongs to somebody else', () => {
  const owners = [
    [
      'Argo CD',
      { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:kro.run/ResourceGraphDefinition:default/x' } },
      'Argo CD application shop',
    ],
    [
      'Flux',
      {
        labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' },
      },
      'Flux Kustomization flux-system/shop',
    ],
  ] as const;
  it.each(owners)(
    'a definition of %s needs consent, and the plan says that it comes back',
    async (tool, metadata, owner) => {
      const graph = one({ kind: `Owned${tool.replaceAll(' ', '')}` });
      const definition = toDefinition(graph);
      const { metadata: own } = definition;
      await cluster.apply(
        { ...definition, metadata: { ...own, ...metadata } },
        {
          fieldManager: tool.toLowerCase(),
        },
      );
      const chosen = options('gitops');
      await expect(deploy(graph, chosen)).rejects.toThrow(
        `definition ${graph.name}: ResourceGraphDefinition ${graph.name} exists and belongs to ${owner}. Let ${owner} deploy it`,
      );
      const { warnings } = await plan(graph, { ...chosen, adopt: true });
      expect(warnings).toContain(
        `ResourceGraphDefinition ${graph.name}: ${owner} writes its own version again until it is removed there`,
      );
      const { objects } = await deploy(graph, { ...chosen, adopt: true });
      expect(objects).toContainEqual(expect.objectContaining({ label: `definition ${graph.name}`, action: 'adopted' }));
      expect((await deploy(graph, chosen)).writes).toBe(0);
      await destroy(graph, { ...chosen, definition: true });
    },
  );

  it('an object that kro would take by force needs consent too', async () => {
    const graph = one({ kind: 'Forceful' });
    const chosen = options('force');
    const namespace = chosen.instance.namespace as string;
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { fieldManager: 'kubectl' },
    );
    await cluster.apply(
      { ...configMap, metadata: { name: 'config', namespace }, data: { text: 'theirs', more: 'theirs' } },
      { fieldManager: 'kubectl' },
    );
    await expect(deploy(graph, chosen)).rejects.toThrow(
      `config: ConfigMap ${namespace}/config exists and belongs to kubectl. Take it over with --adopt`,
    );
    const { objects } = await deploy(graph, { ...chosen, adopt: true });
    expect(objects).toContainEqual(expect.objectContaining({ label: 'config', action: 'adopted' }));
    expect((await cluster.get({ ...configMap, name: 'config', namespace }))?.['data']).toEqual({
      text: 'a',
      more: 'theirs',
    });
    await destroy(graph, { ...chosen, definition: true });
  });

  it('fields of the instance are taken one by one', async () => {
    const graph = one({ kind: 'Takeable' });
    const chosen = options('take');
    const namespace = chosen.instance.namespace as string;
    await deploy(graph, chosen);
    const instance = { apiVersion: 'modes.example.com/v1', kind: 'Takeable', metadata: { name: 'it', namespace } };
    await cluster.apply({ ...instance, spec: { text: 'theirs' } }, { fieldManager: 'kubectl', force: true });
    await expect(deploy(graph, chosen)).rejects.toThrow(
      `instance it spec.text: Takeable ${namespace}/it: kubectl set it to "theirs", the graph says "a". Take it over with --take 'instance it:spec.text'`,
    );
    await deploy(graph, { ...chosen, take: ['spec.text'] });
    expect((await cluster.get({ ...configMap, name: 'config', namespace }))?.['data']).toEqual({ text: 'a' });
    await destroy(graph, { ...chosen, definition: true });
  });

  it('an instance that was applied from files is not destroyed, until it is part of the deployment', async () => {
    const graph = one({ kind: 'FromFiles' });
    const chosen = options('files');
    const namespace = chosen.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await applyDefinition(cluster, toDefinition(graph));
    const instance = toInstance(graph, { ...chosen.instance, namespace });
    await cluster.apply(instance as never, { fieldManager: 'argocd-controller' });
    const { apiVersion, kind, metadata } = instance;
    await expect(destroy(graph, chosen)).rejects.toThrow(
      new RegExp(
        `^instance it: FromFiles ${namespace}/it exists and belongs to argocd-controller\\. Delete it where it was made, or .*--adopt`,
      ),
    );
    expect((await cluster.get({ apiVersion, kind, ...metadata }))?.metadata).not.toHaveProperty('deletionTimestamp');
    await deploy(graph, { ...chosen, adopt: true });
    await destroy(graph, { ...chosen, definition: true });
    expect(await read(graph.name)).toBeUndefined();
  });
});

it('a definition is destroyed when the namespace of its instance is gone', async () => {
  const graph = one({ kind: 'Homeless' });
  const chosen = options('homeless');
  const name = chosen.instance.namespace as string;
  await deploy(graph, chosen);
  const { apiVersion, kind, metadata } = toInstance(graph, { ...chosen.instance, namespace: name });
  await cluster.delete({ apiVersion, kind, ...metadata });
  await expect.poll(() => cluster.get({ apiVersion, kind, ...metadata }), { timeout: 30_000 }).toBeUndefined();
  await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name });
  await expect
    .poll(() => cluster.get({ apiVersion: 'v1', kind: 'Namespace', name }), { timeout: 30_000 })
    .toBeUndefined();
  await destroy(graph, { ...chosen, definition: true });
  expect(await read(graph.name)).toBeUndefined();
  expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })).toBeUndefined();
});

describe('a version of kro', () => {
  /** The cluster as it is, but for the Deployments that run in it. */
  const running = (image: string): Cluster =>
    new Proxy(cluster, {
      get: (target, key) => {
        if (key === 'list')
          return async (query: ListQuery, ...rest: []) => {
            const found = await target.list(query, ...rest);
            const isKro = query.kind === 'Deployment' && query.labelSelector === 'app.kubernetes.io/name=kro';
            const deployment = { spec: { template: { spec: { containers: [{ image }] } } }, metadata: { name: 'kro' } };
            return isKro ? { ...found, items: [deployment] } : found;
          };
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

  it.each([
    'registry.k8s.io/kro/controller:v0.8.5',
    'registry.k8s.io/kro/controller:v0.9.3',
    'ghcr.io/kro-run/kro/controller:0.11.0',
  ])('that is not supported (%s) is an error before anything is written', async (image) => {
    const graph = one({ kind: 'OldKro' });
    const version = /[\d.]+$/.exec(image)?.[0];
    await expect(deploy(graph, options('version', {}, running(image)))).rejects.toThrow(
      new RegExp(
        `^oldkro: kro ${version} runs in .*; supported are 0\\.9\\.4\\. Install a supported one: helm upgrade --install kro`,
      ),
    );
    expect(await read('oldkro')).toBeUndefined();
  });

  it('that is supported is none', async () => {
    const graph = one({ kind: 'GoodKro' });
    const { problems, warnings } = await plan(
      graph,
      options('version', {}, running('registry.k8s.io/kro/controller:v0.9.4')),
    );
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  });
});
