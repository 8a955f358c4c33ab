import { afterAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { diff } from '../../src/deploy/diff.ts';
import { valueAt } from '../../src/deploy/field-path.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, optionsFor, secret } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Options = ReturnType<typeof optionsFor>;
const fresh = (): Options => optionsFor({ cluster, namespace: freshName('believable') });
const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
const storageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' } as const;

async function withNamespace(): Promise<Options> {
  const options = fresh();
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(options) } });
  return options;
}

function web(selector: string, labels: string, more: object = {}): Graph {
  const template = { metadata: { labels: { app: labels } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } };
  const spec = { selector: { matchLabels: { app: selector } }, template, ...more };
  return graphOf('believable', () => ({ web: kind(deployment)({ metadata: { name: 'web' }, spec } as never) }));
}

describe('what would be deleted to be made anew', () => {
  it('stays when it is refused for another reason too', async () => {
    const options = fresh();
    await deploy(web('one', 'one'), options);
    const ref = { ...deployment, name: 'web', namespace: namespaceOf(options) };
    const before = await cluster.get(ref);
    const planned = await plan(web('two', 'three'), { ...options, replace: true });
    expect(planned.changes).not.toContainEqual(expect.objectContaining({ action: 'replace' }));
    expect(planned.problems.map(({ message }) => message).join()).toMatch(/selector.*does not match template.*labels/);
    await expect(deploy(web('two', 'three'), { ...options, replace: true })).rejects.toThrow(/does not match template/);
    expect((await cluster.get(ref))?.metadata.uid).toBe(before?.metadata.uid);
  });

  it('shows what changes in the fields that cannot', async () => {
    const options = fresh();
    const jobs = (image: string): Graph =>
      graphOf('believable', () => ({
        job: kind({ apiVersion: 'batch/v1', kind: 'Job' })({
          metadata: { name: 'job' },
          spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image }] } } },
        } as never),
      }));
    await deploy(jobs('busybox:1'), options);
    const { changes } = await plan(jobs('busybox:2'), { ...options, replace: true });
    expect(changes).toMatchObject([
      {
        action: 'replace',
        fields: [{ path: 'spec.template.spec.containers[0].image', before: 'busybox:1', after: 'busybox:2' }],
      },
    ]);
    expect(changes[0]?.fields).toHaveLength(1);
  });

  it('stays when the new one would be refused', async () => {
    const options = fresh();
    const fixed = (value: string): Graph =>
      graphOf('believable', () => ({
        settings: kind(configMap)({ metadata: { name: 'settings' }, immutable: true, data: { value } } as never),
      }));
    await deploy(fixed('one'), options);
    const namespace = namespaceOf(options);
    await cluster.create({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace },
      spec: { hard: { configmaps: '0' } },
    });
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', name: 'none', namespace };
    await expect.poll(async () => (await cluster.get(quota))?.['status']).toHaveProperty('used');
    const says = /settings.*ConfigMap .*\/settings cannot be made anew, so it stays as it is: .*exceeded quota: none/;
    const planned = await plan(fixed('two'), { ...options, replace: true });
    expect(planned.problems.map(({ message }) => message).join()).toMatch(says);
    // Between the plan and the deletion the quota may come too, so it is asked again.
    await expect(deploy(fixed('two'), { ...options, replace: true })).rejects.toThrow(says);
    expect(await cluster.get({ ...configMap, name: 'settings', namespace })).toMatchObject({ data: { value: 'one' } });
  });
});

describe('the plan of an adoption', () => {
  const tools = ['kubectl-create', 'kubectl-client-side-apply', 'helm'];

  it.each(tools)('shows what changes and what goes of an object that %s made', async (fieldManager) => {
    const options = await withNamespace();
    const metadata = { name: 'web', namespace: namespaceOf(options), labels: { theirs: 'yes' } };
    const template = {
      metadata: { labels: { app: 'one' }, annotations: { theirs: 'yes' } },
      spec: { containers: [{ name: 'web', image: 'nginx:old', env: [{ name: 'OLD', value: 'x' }] }] },
    };
    const spec = { replicas: 3, selector: { matchLabels: { app: 'one' } }, template };
    const before = await cluster.create({ ...deployment, metadata, spec }, { fieldManager });
    const { changes, problems } = await plan(web('one', 'one'), { ...options, adopt: true });
    expect(problems).toEqual([]);
    await deploy(web('one', 'one'), { ...options, adopt: true });
    const after = await cluster.get({ ...deployment, name: 'web', namespace: namespaceOf(options) });
    // Of annotations there is only that of the controller.
    const done = diff(before, after as KubernetesObject).filter(({ path }) => path !== 'metadata.annotations');
    expect(changes).toMatchObject([{ action: 'adopt' }]);
    expect(changes[0]?.fields).toEqual(done);
    expect(done).toContainEqual({ path: 'spec.replicas', before: 3, after: 1 });
    expect(done.map(({ path }) => path)).toContain('spec.template.spec.containers[0].env');
  });

  it('warns where only taking over shows whether it is accepted', async () => {
    const options = await withNamespace();
    const metadata = { name: 'web', namespace: namespaceOf(options) };
    const withProbe = (probe: object): object => ({
      selector: { matchLabels: { app: 'one' } },
      template: {
        metadata: { labels: { app: 'one' } },
        spec: { containers: [{ name: 'web', image: 'nginx', livenessProbe: probe }] },
      },
    });
    const theirs = withProbe({ httpGet: { path: '/', port: 80 } });
    await cluster.create({ ...deployment, metadata, spec: theirs }, { fieldManager: 'kubectl-create' });
    const ours = withProbe({ tcpSocket: { port: 80 } });
    const graph = graphOf('believable', () => ({
      web: kind(deployment)({ metadata: { name: 'web' }, spec: ours } as never),
    }));
    const { problems, warnings } = await plan(graph, { ...options, adopt: true });
    expect(problems).toEqual([]);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^web: whether it is accepted is known only after it was taken over; .*handler/),
    );
    await deploy(graph, { ...options, adopt: true });
    const live = await cluster.get({ ...deployment, ...metadata });
    expect(valueAt(live, 'spec.template.spec.containers[0].livenessProbe.httpGet')).toBeUndefined();
  });

  it('shows keys of Secrets, and no values', async () => {
    const options = await withNamespace();
    const metadata = { name: 'db', namespace: namespaceOf(options) };
    const data = { password: btoa('hunter2'), extra: btoa('more-hunter2') };
    await cluster.create({ ...secret, metadata, data }, { fieldManager: 'kubectl-create' });
    const graph = graphOf('believable', () => ({
      db: simple.Secret({ name: 'db', stringData: { password: 'horse' } }),
    }));
    const planned = await plan(graph, { ...options, adopt: true });
    expect(planned.problems).toEqual([]);
    expect(planned.changes[0]?.fields.filter(({ path }) => path.startsWith('data'))).toEqual([
      { path: 'data.extra', before: '(secret)' },
      { path: 'data.password', before: '(secret)', after: '(secret)' },
    ]);
    expect(JSON.stringify(planned)).not.toMatch(new RegExp(`hunter2|horse|${Object.values(data).join('|')}`));
  });

  it('names what is left to a controller, before anything is written', async () => {
    const options = await withNamespace();
    const metadata = { name: 'a', namespace: namespaceOf(options) };
    await cluster.create({ ...configMap, metadata, data: { key: 'theirs' } }, { fieldManager: 'operator' });
    const graph = graphOf('believable', configMaps(['a', 'b']));
    const { problems } = await plan(graph, { ...options, adopt: true });
    expect(problems.map(({ message }) => message).join()).toMatch(/a data\.key: .*operator set it to "theirs".*--take/);
    await expect(deploy(graph, { ...options, adopt: true })).rejects.toMatchObject({ code: 'FieldConflict' });
    expect(await cluster.get({ ...configMap, name: 'b', namespace: metadata.namespace })).toBeUndefined();
    await deploy(graph, { ...options, adopt: true, take: ['a:data.key'] });
  });
});

describe('what only another change of the same plan allows', () => {
  it('a field that its definition gains', async () => {
    const options = fresh();
    const group = `${freshName('g')}.example.com`;
    const widget = (fields: readonly string[], spec: object): Graph =>
      graphOf('believable', () => {
        const properties = Object.fromEntries(fields.map((field) => [field, { type: 'string' }]));
        const schema = {
          openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
        };
        const definition = kind({
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          namespaced: false,
        });
        return {
          definition: definition({
            metadata: { name: `widgets.${group}` },
            spec: {
              group,
              scope: 'Namespaced',
              names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
              versions: [{ name: 'v1', served: true, storage: true, schema }],
            },
          } as never),
          widget: kind({ apiVersion: `${group}/v1`, kind: 'Widget' })({ metadata: { name: 'w' }, spec } as never),
        };
      });
    await deploy(widget(['size'], { size: 's' }), options);
    const next = widget(['size', 'color'], { size: 's', color: 'red' });
    const { problems, warnings, changes } = await plan(next, options);
    expect(problems).toEqual([]);
    expect(changes.map(({ label, action }) => `${label} ${action}`)).toEqual(['definition update', 'widget update']);
    expect(warnings).toContainEqual(
      expect.stringMatching(
        /^widget: whether it is accepted is known only after definition changed; as things are: .*color/,
      ),
    );
    await deploy(next, options);
    const live = await cluster.get({
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      name: 'w',
      namespace: namespaceOf(options),
    });
    expect(live?.['spec']).toEqual({ size: 's', color: 'red' });
    // What does not change decides nothing.
    const wrong = widget(['size', 'color'], { size: 's', weight: '1' });
    expect((await plan(wrong, options)).problems).toMatchObject([{ code: 'UnknownField' }]);
    await destroy(next, options);
  });

  it('a volume that its StorageClass lets grow', async () => {
    const options = fresh();
    const name = freshName('class');
    const volume = (size: string, allowVolumeExpansion: boolean): Graph =>
      graphOf('believable', () => ({
        fast: kind({ ...storageClass, namespaced: false })({
          metadata: { name },
          provisioner: 'example.com/none',
          allowVolumeExpansion,
        } as never),
        data: simple.PersistentVolumeClaim({ name: 'data', size, storageClass: name }),
      }));
    await makeVolume(options, name);
    await deploy(volume('1Gi', false), options);
    const { problems, warnings } = await plan(volume('2Gi', true), options);
    expect(problems).toEqual([]);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^data: whether it is accepted is known only after fast changed/),
    );
    await deploy(volume('2Gi', true), options);
    expect(await sizeOf(options)).toBe('2Gi');
    await destroy(volume('2Gi', true), options);
  });
});

/** A volume for the claim `data`, which is bound then. */
async function makeVolume(options: DeployOptions, storageClassName: string): Promise<string> {
  const name = freshName('volume');
  await cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      storageClassName,
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/none' },
      claimRef: { ...claim, name: 'data', namespace: namespaceOf(options) },
    },
  });
  return name;
}

async function sizeOf(options: DeployOptions): Promise<unknown> {
  const found = await cluster.get({ ...claim, name: 'data', namespace: namespaceOf(options) });
  return valueAt(found, 'spec.resources.requests.storage');
}
