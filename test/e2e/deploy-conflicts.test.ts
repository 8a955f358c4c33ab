import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';
import { buildHelm, chartOf, hasHelm, helm, kubectl } from './tools.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());
const withHelm = hasHelm();
const noHelm = 'neither Helm nor Go to build it is on this machine';
beforeAll(() => {
  if (process.env['CI'] && !withHelm) throw new Error(noHelm);
  return withHelm ? buildHelm() : undefined;
}, 900_000);

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;
const dataOf = async (namespace: string, name: string): Promise<unknown> =>
  (await cluster.get({ ...configMap, name, namespace }))?.['data'];
const settings = (key: string): Graph => graphOf('settings', configMaps(['settings'], { key }));

/** The graph of one ConfigMap, deployed, and what it is called there. */
async function deployed(): Promise<{ readonly options: DeployOptions; readonly namespace: string }> {
  const options = optionsFor({ cluster, namespace: freshName('conflict') });
  await deploy(settings('ours'), options);
  return { options, namespace: namespaceOf(options) };
}

/** What the other tools do to `data.key` of the ConfigMap, and the field manager that they are. */
type Edit = (namespace: string) => Promise<unknown>;
const theirs = (namespace: string): object => ({
  ...configMap,
  metadata: { name: 'settings', namespace },
  data: { key: 'theirs' },
});
const manifest = (object: object): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'kubewright-manifest-')), 'object.json');
  writeFileSync(file, JSON.stringify(object));
  return file;
};
const install =
  (major: 3 | 4): Edit =>
  (namespace) =>
    helm(major, place.kubeconfig, [
      'install',
      'shop',
      chartOf([theirs(namespace)]),
      '--namespace',
      namespace,
      '--take-ownership',
      ...(major === 4 ? ['--force-conflicts'] : []),
    ]);
const edits: readonly (readonly [tool: string, manager: string, edit: Edit])[] = [
  [
    'kubectl edit',
    'kubectl-edit',
    (namespace) =>
      kubectl(place.kubeconfig, ['edit', 'configmap', 'settings', '--namespace', namespace], {
        KUBE_EDITOR: "sed -i 's/key: ours/key: theirs/'",
      }),
  ],
  [
    'kubectl apply, client-side',
    'kubectl-client-side-apply',
    (namespace) => kubectl(place.kubeconfig, ['apply', '--filename', manifest(theirs(namespace))]),
  ],
  [
    'kubectl apply --server-side --force-conflicts',
    'kubectl',
    (namespace) =>
      kubectl(place.kubeconfig, [
        'apply',
        '--server-side',
        '--force-conflicts',
        '--filename',
        manifest(theirs(namespace)),
      ]),
  ],
  ['Helm 3', 'helm', install(3)],
  ['Helm 4', 'helm', install(4)],
];

describe('6. a kubectl edit: conflict names manager, path, values, ways out', () => {
  it.for(edits)('so does a change by %s', async ([, manager, edit], { skip }) => {
    skip(manager === 'helm' && !withHelm, noHelm);
    const { options, namespace } = await deployed();
    await edit(namespace);
    expect(await dataOf(namespace, 'settings')).toEqual({ key: 'theirs' });
    const refused = (await deploy(settings('ours'), options).catch((error: Error) => error)) as Error;
    expect(refused).toMatchObject({ code: 'FieldConflict', resource: 'settings', path: 'data.key' });
    const who = manager === 'helm' ? `Helm release ${namespace}/shop` : manager;
    expect(refused.message.replace(/\(\/.*\/deploying\.ts:\d+:\d+\)/, '(our line)')).toBe(
      `settings data.key: ConfigMap ${namespace}/settings: ${who} set it to "theirs", the graph says "ours" (our line). ` +
        `Take it over with --take settings:data.key, leave it to ${manager} by dropping it from the graph, or use its value.`,
    );
    expect(await dataOf(namespace, 'settings')).toEqual({ key: 'theirs' });
  });

  it.for(edits)('taken over from %s with --take, by the plan too', async ([, manager, edit], { skip }) => {
    skip(manager === 'helm' && !withHelm, noHelm);
    const { options, namespace } = await deployed();
    await edit(namespace);
    const take = ['data.key'];
    expect((await plan(settings('ours'), options)).problems).toHaveLength(1);
    const planned = await plan(settings('ours'), { ...options, take });
    expect(planned.problems).toEqual([]);
    expect(planned.changes).toMatchObject([
      { action: 'update', fields: [{ path: 'data.key', before: 'theirs', after: 'ours' }] },
    ]);
    await deploy(settings('ours'), { ...options, take });
    expect(await dataOf(namespace, 'settings')).toEqual({ key: 'ours' });
    expect((await deploy(settings('ours'), options)).writes).toBe(0);
  });

  it.for(edits)('left to %s, with the value that is there', async ([, manager, edit], { skip }) => {
    skip(manager === 'helm' && !withHelm, noHelm);
    const { options, namespace } = await deployed();
    await edit(namespace);
    const without = graphOf('settings', configMaps(['settings'], { other: 'ours' }));
    await deploy(without, options);
    expect(await dataOf(namespace, 'settings')).toEqual({ key: 'theirs', other: 'ours' });
    expect((await deploy(without, options)).writes).toBe(0);
  });

  it.for(edits)(
    'co-owned with %s: the same value is no conflict, and the next difference is',
    async ([, manager, edit], { skip }) => {
      skip(manager === 'helm' && !withHelm, noHelm);
      const { options, namespace } = await deployed();
      await edit(namespace);
      await deploy(settings('theirs'), options);
      const live = (await cluster.get({ ...configMap, name: 'settings', namespace })) as KubernetesObject;
      const owners = (live.metadata.managedFields ?? []).filter(({ fieldsV1 }) =>
        JSON.stringify(fieldsV1).includes('f:key'),
      );
      expect(new Set(owners.map((entry) => entry.manager))).toEqual(new Set([manager, 'kubewright']));
      expect((await deploy(settings('theirs'), options)).writes).toBe(0);
      await expect(deploy(settings('ours'), options)).rejects.toThrow(/(.*) set it to "theirs"/);
    },
  );

  it('only the fields that were named are taken', async () => {
    const options = optionsFor({ cluster, namespace: freshName('conflict') });
    const namespace = namespaceOf(options);
    const graph = graphOf('two', configMaps(['settings'], { key: 'ours', second: 'ours' }));
    await deploy(graph, options);
    await kubectl(place.kubeconfig, [
      'patch',
      'configmap',
      'settings',
      '--namespace',
      namespace,
      '--type=merge',
      '--patch',
      '{"data":{"key":"x","second":"y"}}',
    ]);
    const message = (await deploy(graph, { ...options, take: ['data.key'] }).catch(
      (error: Error) => error.message,
    )) as string;
    expect(message).toMatch(/^settings data\.second: .*--take settings:data\.second,/);
    expect(message).not.toContain('data.key');
    const both = (await plan(graph, options)).problems.map((problem) => problem.message);
    expect(both).toEqual([
      expect.stringMatching(/own 2 of its fields\n.*--take settings:data\.key.*\n.*--take settings:data\.second/),
    ]);
    const refused = await plan(graph, { ...options, take: ['data.nothing', 'settings.data.key', 'data.key'] });
    expect(refused.problems).toMatchObject([
      { code: 'NothingToTake', message: expect.stringContaining('data.nothing') },
      { code: 'NothingToTake', message: expect.stringContaining('Did you mean "settings:data.key"?') },
      { code: 'FieldConflict', path: 'data.second' },
    ]);
    await deploy(graph, { ...options, take: ['data.key', 'settings:data.second'] });
    expect(await dataOf(namespace, 'settings')).toEqual({ key: 'ours', second: 'ours' });
  });

  it('a field stands for all that is in it', async () => {
    const options = optionsFor({ cluster, namespace: freshName('conflict') });
    const namespace = namespaceOf(options);
    const graph = graphOf('two', configMaps(['settings'], { key: 'ours', second: 'ours' }));
    await deploy(graph, options);
    const theirs = { data: { key: 'x', second: 'y' } };
    await cluster.patch({ ...configMap, name: 'settings', namespace }, { type: 'merge', body: theirs });
    await deploy(graph, { ...options, take: ['settings:data'] });
    expect(await dataOf(namespace, 'settings')).toEqual({ key: 'ours', second: 'ours' });
  });
});

describe('objects that other tools made', () => {
  const web = (image: string): Graph =>
    graphOf('taken', () => {
      const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } };
      const spec = { replicas: 1, selector: { matchLabels: { app: 'web' } }, template };
      return { web: kind(deployment)({ metadata: { name: 'web' }, spec } as never) };
    });
  const old = (namespace: string): object => {
    const metadata = { labels: { app: 'web' }, annotations: { 'example.com/theirs': 'yes' } };
    const template = { metadata, spec: { containers: [{ name: 'web', image: 'nginx:old' }] } };
    const spec = { replicas: 2, minReadySeconds: 1, selector: { matchLabels: { app: 'web' } }, template };
    return { ...deployment, metadata: { name: 'web', namespace }, spec };
  };
  const release = (major: 3 | 4) => (namespace: string) =>
    helm(major, place.kubeconfig, ['install', 'shop', chartOf([old(namespace)]), '--namespace', namespace]);

  /** Refused first; then all of its fields are ours. */
  async function expectAdopted(manager: string, make: Edit): Promise<void> {
    const options = optionsFor({ cluster, namespace: freshName('taken') });
    const namespace = namespaceOf(options);
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await make(namespace);
    const isHelm = manager === 'helm';
    const owner = isHelm ? `Helm release ${namespace}/shop (helm)` : manager;
    const forget = `kubectl delete secret --namespace ${namespace} --selector owner=helm,name=shop`;
    const refused = (await deploy(web('nginx:new'), options).catch((error: Error) => error.message)) as string;
    expect(refused).toContain(`web: Deployment ${namespace}/web exists and belongs to ${owner}`);
    expect(refused).toContain('--adopt');
    if (isHelm) expect(refused).toContain(forget);
    const planned = await plan(web('nginx:new'), { ...options, adopt: true });
    expect(planned.warnings.join()).toBe(isHelm ? planned.warnings[0] : '');
    if (isHelm) expect(planned.warnings[0]).toContain(`an object of Helm release ${namespace}/shop will be taken over`);
    const { objects } = await deploy(web('nginx:new'), { ...options, adopt: true });
    expect(objects).toMatchObject([{ label: 'web', action: 'adopted' }]);
    const live = (await cluster.get({ ...deployment, name: 'web', namespace })) as KubernetesObject;
    expect((live.metadata.managedFields ?? []).map((entry) => entry.manager)).not.toContain(manager);
    // What they set and the graph does not say goes, as it would for who had written it by apply.
    expect(live['spec']).toMatchObject({ replicas: 1, template: { spec: { containers: [{ image: 'nginx:new' }] } } });
    expect((live['spec'] as { minReadySeconds?: number }).minReadySeconds ?? 0).toBe(0);
    expect(JSON.stringify(live.metadata.annotations)).not.toMatch(/helm|last-applied/);
    expect(live.metadata.labels?.['app.kubernetes.io/managed-by']).toBeUndefined();
    expect((await deploy(web('nginx:new'), options)).writes).toBe(0);
    expect((await deploy(web('nginx:newer'), options)).objects).toMatchObject([{ action: 'updated' }]);
    if (!isHelm) return;
    await kubectl(place.kubeconfig, forget.split(' ').slice(1));
    expect(await helm(4, place.kubeconfig, ['list', '--namespace', namespace, '--short'])).toBe('');
    expect(await cluster.get({ ...deployment, name: 'web', namespace })).toBeDefined();
  }

  it('7. Helm-3-owned object adopted', async ({ skip }) => {
    skip(!withHelm, noHelm);
    await expectAdopted('helm', release(3));
  });

  it('7. Helm-4-owned object adopted', async ({ skip }) => {
    skip(!withHelm, noHelm);
    await expectAdopted('helm', release(4));
  });

  it('8. kubectl-apply object migrated once', () =>
    expectAdopted('kubectl-client-side-apply', (namespace) =>
      kubectl(place.kubeconfig, ['apply', '--filename', manifest(old(namespace))]),
    ));

  it('8. kubectl-apply object migrated once, server-side', () =>
    expectAdopted('kubectl', (namespace) =>
      kubectl(place.kubeconfig, ['apply', '--server-side', '--filename', manifest(old(namespace))]),
    ));
});
