import { afterAll, describe, expect, it } from 'vitest';
import type { Cluster, KubernetesObject, ResourcesOptions } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployEvent } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rbac } from '../../src/deploy/rbac.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { core, kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, namesIn, optionsFor, widgetDefinition } from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
const proxy = await startProxy(place, 'http');
afterAll(() => {
  proxy.close();
  cluster.close();
});

const namespaceKind = { apiVersion: 'v1', kind: 'Namespace' } as const;
const definitionKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const;
const anyNamespace = kind({ ...namespaceKind, namespaced: false });
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
const warnings = (events: readonly DeployEvent[]): string =>
  events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).join('\n');

/** A second namespace with something of the deployment in it. */
function withNamespace(name: string, more: Record<string, never> = {}): Graph {
  return graphOf('holder', () => ({
    settings: settings(),
    second: anyNamespace({ metadata: { name } }),
    inside: simple.ConfigMap({ name: 'inside', namespace: name, data: {} }),
    ...more,
  }));
}

const small = (): Graph => graphOf('holder', () => ({ settings: settings() }));

async function makeTheirs(namespace: string): Promise<void> {
  await cluster.create({ ...configMap, metadata: { name: 'theirs', namespace } }, { fieldManager: 'somebody' });
}

async function serve(apiVersion: string): Promise<void> {
  await expect
    .poll(() => cluster.discover({ apiVersion, kind: 'Widget' }, { refresh: true }), { timeout: 20_000 })
    .toBeDefined();
}

async function makeWidget(apiVersion: string, namespace: string, name: string): Promise<void> {
  await serve(apiVersion);
  const widget = { apiVersion, kind: 'Widget', metadata: { name, namespace }, spec: { size: 1 } };
  await expect
    .poll(
      () =>
        cluster.create(widget, { fieldManager: 'somebody' }).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
}

describe('a namespace that left the graph', () => {
  it('stays as long as it holds something of others, and goes with the next deployment after that', async () => {
    const options = { ...fresh(), pruneAll: true, allowEmpty: true };
    const second = freshName('second');
    await deploy(withNamespace(second), options);
    await makeTheirs(second);
    const { warnings: said, changes } = await plan(small(), options);
    expect(said.join('\n')).toContain(
      `Namespace ${second} is no longer in the graph and stays: it holds ConfigMap theirs`,
    );
    expect(changes.filter(({ action }) => action === 'delete').map(({ name }) => name)).toEqual(['inside']);
    const { objects } = await deploy(small(), options);
    expect(objects.filter(({ action }) => action === 'deleted').map(({ name }) => name)).toEqual(['inside']);
    expect(await namesIn(cluster, second, configMap)).toEqual(['theirs']);
    expect((await deploy(small(), options)).writes).toBe(0);
    await cluster.delete({ ...configMap, name: 'theirs', namespace: second });
    await deploy(small(), options);
    expect(await isThere({ ...namespaceKind, name: second })).toBe(false);
  });

  it('stays when something came into it while the deployment ran, and the next one knows of it', async () => {
    const options = { ...fresh(), pruneAll: true, allowEmpty: true };
    const second = freshName('second');
    await deploy(withNamespace(second), options);
    const events: DeployEvent[] = [];
    let made: Promise<void> | undefined;
    const onEvent = (event: DeployEvent): void => {
      events.push(event);
      if (event.type === 'object' && event.object.name === 'settings') made = makeTheirs(second);
    };
    const changed = graphOf('holder', () => ({
      settings: simple.ConfigMap({ name: 'settings', data: { key: 'new' } }),
    }));
    await deploy(changed, { ...options, onEvent });
    await made;
    expect(await namesIn(cluster, second, configMap)).toEqual(['theirs']);
    expect(warnings(events)).toContain(`Namespace ${second} stays: it holds ConfigMap theirs`);
    await cluster.delete({ ...configMap, name: 'theirs', namespace: second });
    await deploy(changed, options);
    expect(await isThere({ ...namespaceKind, name: second })).toBe(false);
  });

  it('stays with what is still wanted in it, or to be kept', async () => {
    const options = { ...fresh(), pruneAll: true, allowEmpty: true };
    const [wanted, kept] = [freshName('wanted'), freshName('kept')];
    const inside = (namespace: string, keep = false): never =>
      simple.ConfigMap({ name: `in-${namespace}`, namespace, data: {} }, { keep }) as never;
    const before = graphOf('holder', () => ({
      first: anyNamespace({ metadata: { name: wanted } }),
      second: anyNamespace({ metadata: { name: kept } }),
      one: inside(wanted),
      two: inside(kept, true),
    }));
    await deploy(before, options);
    await deploy(
      graphOf('holder', () => ({ one: inside(wanted) })),
      options,
    );
    expect(await namesIn(cluster, wanted, configMap)).toEqual([`in-${wanted}`]);
    expect(await namesIn(cluster, kept, configMap)).toEqual([`in-${kept}`]);
  });

  it('of a run that failed and is undone, stays with what others made in it in the meantime', async () => {
    const options = fresh();
    const second = freshName('second');
    await deploy(small(), options);
    let made: Promise<void> | undefined;
    const onEvent = (event: DeployEvent): void => {
      if (event.type === 'object' && event.object.name === 'inside' && event.action === 'created')
        made = makeTheirs(second);
    };
    const annotations = { 'simulate.kubewright.dev/pod': 'fail' };
    const pod = (): never =>
      core.v1.Pod(
        { metadata: { name: 'pod', annotations }, spec: { containers: [{ name: 'it', image: 'nginx' }] } },
        { dependsOn: [] },
      ) as never;
    const broken = withNamespace(second, { pod: pod() });
    const failure = await deploy(broken, { ...options, rollbackOnFailure: true, onEvent }).catch(
      (error: Error) => error,
    );
    await made;
    expect(failure).toMatchObject({ code: 'RolledBack' });
    expect((failure as Error).message).toContain(`not undone: Namespace ${second} stays: it holds ConfigMap theirs`);
    expect(await namesIn(cluster, second, configMap)).toEqual(['theirs']);
  });
});

it('a namespace whose content cannot be read stays', { timeout: 120_000 }, async () => {
  const options = { ...fresh(), timeoutMs: 100_000 };
  const group = `${freshName('broken')}.example.com`;
  const namespace = options.instance.namespace as string;
  await deploy(small(), options);
  await cluster.create(definition(group, [['v1', true]]));
  await serve(`${group}/v1`);
  proxy.reset(({ path }) => (path.endsWith('/widgets') ? { kind: 'answer', status: 500 } : undefined));
  const { kept } = await destroy(small(), { ...options, cluster: proxy.cluster });
  proxy.reset();
  expect(kept).toEqual([
    expect.stringMatching(new RegExp(`^Namespace ${namespace}: objects of kind Widget cannot be read: .*says 500`)),
  ]);
  expect(await isThere({ ...namespaceKind, name: namespace })).toBe(true);
  await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
});

it('a namespace stays while the server of an API does not answer that may hold something in it', async () => {
  const options = fresh();
  const namespace = options.instance.namespace as string;
  await deploy(small(), options);
  // A real one would hold up the namespaces of all tests.
  const silent = (...apiVersions: string[]): Cluster =>
    new Proxy(cluster, {
      get: (target, key) => {
        if (key === 'resources')
          return (asked: ResourcesOptions = {}) => {
            for (const each of apiVersions) asked.onUnknown?.(each);
            return target.resources(asked);
          };
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  const { kept } = await destroy(small(), { ...options, cluster: silent('down.example.com/v1') });
  expect(kept).toEqual([
    `Namespace ${namespace}: objects of down.example.com/v1 cannot be read: its server does not answer`,
  ]);
  expect((await destroy(small(), { ...options, cluster: silent('metrics.k8s.io/v1beta1') })).kept).toEqual([]);
  expect(await cluster.get({ ...namespaceKind, name: namespace })).toBeUndefined();
});

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

describe('a CustomResourceDefinition', () => {
  const withDefinition = (group: string): Graph =>
    graphOf('holder', () => ({ settings: settings(), definition: widgetDefinition(group) }));

  it('that left the graph stays as long as others have objects of its kind', async () => {
    const options = { ...fresh(), pruneAll: true, allowEmpty: true };
    const group = `${freshName('g')}.example.com`;
    const elsewhere = freshName('elsewhere');
    await cluster.create({ ...namespaceKind, metadata: { name: elsewhere } });
    await deploy(withDefinition(group), options);
    await makeWidget(`${group}/v1`, elsewhere, 'theirs');
    const reason = `deleting it would delete Widget ${elsewhere}/theirs too`;
    expect((await plan(small(), options)).warnings.join('\n')).toContain(
      `CustomResourceDefinition widgets.${group} is no longer in the graph and stays: ${reason}`,
    );
    await deploy(small(), options);
    expect(await isThere({ apiVersion: `${group}/v1`, kind: 'Widget', name: 'theirs', namespace: elsewhere })).toBe(
      true,
    );
    await cluster.delete({ apiVersion: `${group}/v1`, kind: 'Widget', name: 'theirs', namespace: elsewhere });
    await deploy(small(), options);
    expect(await isThere({ ...definitionKind, name: `widgets.${group}` })).toBe(false);
  });

  it('stays when everything goes, with what others have of its kind and names of it', async () => {
    const options = fresh();
    const group = `${freshName('g')}.example.com`;
    const elsewhere = freshName('elsewhere');
    await cluster.create({ ...namespaceKind, metadata: { name: elsewhere } });
    await deploy(withDefinition(group), options);
    for (const name of ['a', 'b', 'c', 'd', 'e']) await makeWidget(`${group}/v1`, elsewhere, name);
    const { kept } = await destroy(withDefinition(group), options);
    const named = ['a', 'b', 'c'].map((name) => `${elsewhere}/${name}`).join(', ');
    expect(kept).toEqual([
      `CustomResourceDefinition widgets.${group}: deleting it would delete Widget ${named} and 2 more too`,
    ]);
    expect(await isThere({ apiVersion: `${group}/v1`, kind: 'Widget', name: 'e', namespace: elsewhere })).toBe(true);
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('stays with what follows from something of others, and not with what follows from what goes', async () => {
    const options = fresh();
    const namespace = options.instance.namespace as string;
    const group = `${freshName('g')}.example.com`;
    const elsewhere = freshName('elsewhere');
    await cluster.create({ ...namespaceKind, metadata: { name: elsewhere } });
    await makeTheirs(elsewhere);
    await deploy(withDefinition(group), options);
    const own = async (place: string, owner: string): Promise<void> => {
      await makeWidget(`${group}/v1`, place, 'owned');
      const uid = (await cluster.get({ ...configMap, name: owner, namespace: place }))!.metadata.uid;
      const ownerReferences = [{ ...configMap, name: owner, uid }];
      const widget = { apiVersion: `${group}/v1`, kind: 'Widget', name: 'owned', namespace: place };
      await cluster.patch(widget, { type: 'merge', body: { metadata: { ownerReferences } } });
    };
    await own(elsewhere, 'theirs');
    await own(namespace, 'settings');
    expect((await destroy(withDefinition(group), options)).kept).toEqual([
      `CustomResourceDefinition widgets.${group}: deleting it would delete Widget ${elsewhere}/owned too`,
    ]);
    await cluster.delete({ ...definitionKind, name: `widgets.${group}` });
  });

  it('is looked into with the permission that the optional roles have', async () => {
    const group = `${freshName('g')}.example.com`;
    const { optional } = await rbac(withDefinition(group), { ...fresh(), for: ['destroy'] });
    expect(optional.flatMap(({ rules }) => rules)).toContainEqual({
      apiGroups: [group],
      resources: ['widgets'],
      verbs: ['list'],
    });
  });

  it('goes with objects of its kind that are part of the deployment', async () => {
    const options = fresh();
    const group = `${freshName('g')}.example.com`;
    const graph = graphOf('holder', () => ({
      definition: widgetDefinition(group),
      widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({
        metadata: { name: 'w' },
        spec: { size: 1 },
      } as never),
    }));
    await deploy(graph, options);
    expect((await destroy(graph, options)).kept).toEqual([]);
    expect(await isThere({ ...definitionKind, name: `widgets.${group}` })).toBe(false);
  });
});
