import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const actions = (objects: readonly { label: string; action: string }[]): Record<string, string> =>
  Object.fromEntries(objects.map(({ label, action }) => [label, action]));
const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;

async function makeNamespace(name: string): Promise<string> {
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

function podTemplate(app: string, image: string, annotations: Record<string, string> = {}): object {
  return { metadata: { labels: { app }, annotations }, spec: { containers: [{ name: 'web', image }] } };
}

describe('objects of other deployments', () => {
  it('20. an object moves between stacks: the new one takes it, the old one leaves it alone', async () => {
    const namespace = await makeNamespace(freshName('moves'));
    const from = optionsFor({ cluster, namespace, name: 'from' });
    const to = optionsFor({ cluster, namespace, name: 'to' });
    await deploy(graphOf('stack', configMaps(['stays', 'moves'])), from);
    const { uid } = (await cluster.get({ ...configMap, name: 'moves', namespace }))!.metadata;
    const other = graphOf('stack', configMaps(['moves', 'own']));
    await expect(deploy(other, to)).rejects.toThrow(
      /moves: ConfigMap .*\/moves exists and belongs to another deployment.*--adopt/,
    );
    expect(actions((await deploy(other, { ...to, adopt: true })).objects)).toEqual({
      moves: 'adopted',
      own: 'created',
    });
    const rest = await deploy(graphOf('stack', configMaps(['stays'])), from);
    expect(actions(rest.objects)).toEqual({ stays: 'unchanged' });
    expect((await deploy(other, to)).writes).toBe(0);
    await destroy(graphOf('stack', configMaps(['stays'])), from);
    const found = await cluster.get({ ...configMap, name: 'moves', namespace });
    expect(found?.metadata.uid).toBe(uid);
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['moves', 'own']);
  });
});

describe('fields that cannot change', () => {
  const withSelector = (app: string): Graph =>
    graphOf('fixed', () => {
      const spec = { replicas: 1, selector: { matchLabels: { app } }, template: podTemplate(app, 'nginx') };
      return { web: kind(deployment)({ metadata: { name: 'web' }, spec } as never) };
    });
  const withImage = (image: string): Graph =>
    graphOf('fixed', () => {
      const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } };
      return {
        job: kind({ apiVersion: 'batch/v1', kind: 'Job' })({ metadata: { name: 'job' }, spec: { template } } as never),
      };
    });
  const withRole = (name: string): Graph =>
    graphOf('fixed', () => {
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
      const binding = kind({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' });
      return { binding: binding({ metadata: { name: 'b' }, roleRef, subjects: [] } as never) };
    });
  const withData = (value: string): Graph =>
    graphOf('fixed', () => ({
      settings: kind(configMap)({ metadata: { name: 'map' }, immutable: true, data: { value } } as never),
    }));

  /** Refused before anything is written, and replaced with consent. */
  async function expectReplaced(graph: (value: string) => Graph, refusal: RegExp): Promise<void> {
    const options = optionsFor({ cluster, namespace: freshName('fixed') });
    await deploy(graph('one'), options);
    const other = graph('two');
    await expect(deploy(other, options)).rejects.toThrow(refusal);
    const planned = await plan(other, { ...options, replace: true });
    expect(planned.problems).toEqual([]);
    expect(planned.changes).toMatchObject([{ action: 'replace' }]);
    const { objects } = await deploy(other, { ...options, replace: true });
    expect(objects).toMatchObject([{ action: 'replaced', ready: true }]);
    expect((await deploy(other, options)).writes).toBe(0);
  }

  it('10. immutable selector change', () =>
    expectReplaced(
      withSelector,
      /web spec\.selector: Deployment .*\/web: spec\.selector cannot change once it exists.*--replace/,
    ));

  it('11. immutable Job template', () =>
    expectReplaced(
      withImage,
      /job spec\.template: Job .*\/job: spec\.template cannot change once it exists.*--replace/,
    ));

  it('the role of a binding', () =>
    expectReplaced(withRole, /binding roleRef: RoleBinding .*\/b: roleRef cannot change once it exists.*--replace/));

  it('data of an immutable ConfigMap', () =>
    expectReplaced(withData, /settings .*ConfigMap .*\/map: .* cannot change once it exists.*--replace/));

  it('of an object that is to be kept are never replaced', async () => {
    const options = optionsFor({ cluster, namespace: freshName('fixed') });
    const kept = (value: string): Graph =>
      graphOf('fixed', () => ({
        settings: kind(configMap)({ metadata: { name: 'map' }, immutable: true, data: { value } } as never, {
          keep: true,
        }),
      }));
    await deploy(kept('one'), options);
    await expect(deploy(kept('two'), { ...options, replace: true })).rejects.toThrow(/marked `keep`/);
  });
});

describe('a definition', () => {
  it('is never replaced, as all objects of its kind would go with it', async () => {
    const group = `${freshName('g')}.example.com`;
    const names = { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' };
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    const versions = [{ name: 'v1', served: true, storage: true, schema }];
    const crd = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespaced: false };
    const scoped = (scope: string): Graph =>
      graphOf('scoped', () => ({
        definition: kind(crd)({
          metadata: { name: `gadgets.${group}` },
          spec: { group, scope, names, versions },
        } as never),
      }));
    const options = optionsFor({ cluster, namespace: freshName('fixed') });
    await deploy(scoped('Namespaced'), options);
    const other = deploy(scoped('Cluster'), { ...options, replace: true });
    await expect(other).rejects.toThrow(
      /definition spec\.scope: .* cannot change once it exists.*so --replace does not/,
    );
    expect((await deploy(scoped('Namespaced'), options)).writes).toBe(0);
    await destroy(scoped('Namespaced'), options);
  });
});

describe('9. rename: the old one goes only when the new one is ready', () => {
  const named = (name: string, annotations = {}): Graph =>
    graphOf('rename', () => {
      const template = podTemplate(name, 'nginx', annotations);
      return {
        web: kind(deployment)({
          metadata: { name },
          spec: { replicas: 1, selector: { matchLabels: { app: name } }, template },
        } as never),
      };
    });

  it('in this order', async () => {
    const options = optionsFor({ cluster, namespace: freshName('rename') });
    await deploy(named('old'), options);
    options.events.length = 0;
    await deploy(named('new', { 'simulate.kubewright.dev/start-delay': '2s' }), options);
    const order = options.events
      .filter(({ type }) => type === 'ready' || type === 'object')
      .map(
        (event) =>
          `${(event as { object: { name: string } }).object.name} ${event.type === 'object' ? event.action : event.type}`,
      );
    expect(order).toEqual(['new created', 'new ready', 'old deleted']);
    expect(await namesIn(cluster, namespaceOf(options), deployment)).toEqual(['new']);
  });

  it('the old one stays when the new one never becomes ready, and goes with the next good one', async () => {
    const options = optionsFor({ cluster, namespace: freshName('rename') });
    await deploy(named('old'), options);
    const broken = named('new', { 'simulate.kubewright.dev/pod': 'image-pull-error' });
    await expect(deploy(broken, options)).rejects.toThrow(/Deployment .*\/new does not become ready/);
    expect(await namesIn(cluster, namespaceOf(options), deployment)).toEqual(['new', 'old']);
    await deploy(named('newer'), options);
    expect(await namesIn(cluster, namespaceOf(options), deployment)).toEqual(['newer']);
  });
});

describe('22. CRD gains a version with new defaults', () => {
  it('objects of the old version are not written again', async () => {
    const group = `${freshName('g')}.example.com`;
    const options = optionsFor({ cluster, namespace: freshName('versions') });
    const graph = (versions: readonly string[]): Graph =>
      graphOf('versions', () => {
        const schemaOf = (name: string): object => ({
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer' },
                  mode: { type: 'string', ...(name === 'v2' && { default: 'fast' }) },
                },
              },
            },
          },
        });
        const served = versions.map((name, index) => ({
          name,
          served: true,
          storage: index === versions.length - 1,
          schema: schemaOf(name),
        }));
        const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
        const definition = kind({
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          namespaced: false,
        });
        return {
          definition: definition({
            metadata: { name: `widgets.${group}` },
            spec: { group, scope: 'Namespaced', names, versions: served },
          } as never),
          widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({
            metadata: { name: 'w' },
            spec: { size: 1 },
          } as never),
        };
      });
    await deploy(graph(['v1']), options);
    const { objects } = await deploy(graph(['v1', 'v2']), options);
    expect(actions(objects)).toEqual({ definition: 'updated', widget: 'unchanged' });
    expect((await deploy(graph(['v1', 'v2']), options)).writes).toBe(0);
    await destroy(graph(['v1', 'v2']), options);
  });
});

describe('simple names', () => {
  it('are taken over only once: a second adoption finds nothing to do', async () => {
    const options = optionsFor({ cluster, namespace: await makeNamespace(freshName('once')) });
    await cluster.create(
      { ...configMap, metadata: { name: 'a', namespace: namespaceOf(options) }, data: { key: 'value' } },
      { fieldManager: 'helm' },
    );
    const graph = graphOf('once', () => ({ a: simple.ConfigMap({ name: 'a', data: { key: 'value' } }) }));
    await deploy(graph, { ...options, adopt: true });
    const { objects, writes } = await deploy(graph, { ...options, adopt: true });
    expect([actions(objects), writes]).toEqual([{ a: 'unchanged' }, 0]);
  });
});
