import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { fromEnv, kind, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;
const password = 'correct-horse';

describe('status', () => {
  it('needs no values of Secrets', async () => {
    const graph = graphOf('unset', () => ({
      db: simple.Secret({ name: 'db', stringData: { user: 'ann', password: fromEnv('STATUS_TEST_PASSWORD') } }),
    }));
    const options = optionsFor({ cluster, namespace: freshName('unset') });
    process.env['STATUS_TEST_PASSWORD'] = password;
    await deploy(graph, options);
    delete process.env['STATUS_TEST_PASSWORD'];
    const asked = { ...options, why: true, drift: true };
    expect(await status(graph, asked)).toMatchObject({ objects: [{ label: 'db', state: 'ready' }], drift: [] });
    const db = { apiVersion: 'v1', kind: 'Secret', name: 'db', namespace: namespaceOf(options) };
    const body = { data: { password: 'eHg=' } } as never;
    await cluster.patch(db, { type: 'merge', body }, { fieldManager: 'kubectl-edit' });
    expect((await status(graph, asked)).drift).toMatchObject([{ path: 'data.password', found: '(secret)' }]);
    // Without a record nothing says what it was.
    const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Secret', namespace: db.namespace });
    for (const { metadata } of items) if (metadata.name !== 'db') await cluster.delete({ ...db, name: metadata.name });
    expect((await status(graph, asked)).drift).toMatchObject([
      { change: 'unknown', reason: expect.stringMatching(/not compared: .*STATUS_TEST_PASSWORD is not set/) },
    ]);
    await expect(deploy(graph, options)).rejects.toThrow(/STATUS_TEST_PASSWORD is not set/);
  });
});

type Target = ReturnType<typeof optionsFor>;

describe('status --drift', () => {
  it('is empty after a deployment, and after a change of the graph', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    await deploy(graphOf('drift', configMaps(['a'])), options);
    expect((await status(graphOf('drift', configMaps(['a'])), { ...options, drift: true })).drift).toEqual([]);
    const changed = graphOf('drift', configMaps(['a', 'b'], { key: 'new', more: 'new' }));
    expect(await status(changed, { ...options, drift: true })).toMatchObject({
      drift: [],
      objects: [
        { label: 'a', state: 'ready' },
        { label: 'b', state: 'undeployed' },
      ],
    });
  });

  it('compares with what was deployed, whatever the graph is now', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    await deploy(graphOf('drift', configMaps(['a', 'left', 'gone'])), options);
    const namespace = namespaceOf(options);
    for (const name of ['a', 'left']) {
      const body = { data: { key: 'theirs' } } as never;
      await cluster.patch({ ...configMap, name, namespace }, { type: 'merge', body }, { fieldManager: 'kubectl-edit' });
    }
    await cluster.delete({ ...configMap, name: 'gone', namespace });
    const changed = graphOf('drift', configMaps(['a', 'new'], { key: 'never deployed' }));
    const { drift } = await status(changed, { ...options, drift: true });
    expect(drift).toMatchObject([
      { label: 'a', change: 'field', path: 'data.key', wanted: 'value', found: 'theirs' },
      { label: 'left', change: 'field', path: 'data.key', wanted: 'value', found: 'theirs' },
      { label: 'gone', change: 'deleted' },
    ]);
  });

  it('sees what another deployment made of an object that it took over', async () => {
    const namespace = freshName('drift');
    const [one, other] = ['one', 'other'].map((name) => optionsFor({ cluster, namespace, name })) as [Target, Target];
    const names = ['a', 'same'];
    await deploy(graphOf('first', configMaps([...names, 'mine'], { key: 'one', more: 'one' })), one);
    const theirs = graphOf('second', () => ({
      a: simple.ConfigMap({ name: 'a', data: { key: 'two', extra: 'two' } }),
      ...configMaps(['same'], { key: 'one', more: 'one' })(),
    }));
    await deploy(theirs, { ...other, adopt: true });
    const asked = { ...one, drift: true };
    const reason = expect.stringMatching(/^it belongs to another deployment now \(applyset-/);
    const set = { label: 'a', change: 'field', manager: 'kubewright', reason: 'another deployment set it' };
    // Whether the graph still names it or not.
    for (const left of [names, []]) {
      const { drift = [] } = await status(graphOf('first', configMaps([...left, 'mine'])), asked);
      expect(drift).toHaveLength(5);
      expect(drift).toMatchObject(
        expect.arrayContaining([
          expect.objectContaining({ label: 'a', change: 'released', reason }),
          expect.objectContaining({ label: 'same', change: 'released', reason }),
          expect.objectContaining({ ...set, path: 'data.key', wanted: 'one', found: 'two' }),
          expect.objectContaining({ ...set, path: 'data.extra', found: 'two' }),
          expect.objectContaining({ label: 'a', path: 'data.more', wanted: 'one', reason: 'somebody removed it' }),
        ]),
      );
    }
    expect((await status(theirs, { ...other, drift: true })).drift).toEqual([]);
  });

  it('sees what somebody wrote under our name', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    const graph = graphOf('drift', configMaps(['a']));
    await deploy(graph, options);
    const live = await cluster.get({ ...configMap, name: 'a', namespace: namespaceOf(options) });
    const { labels, name, namespace } = live!.metadata;
    const object = {
      ...configMap,
      metadata: { name, namespace: namespace as string, labels },
      data: { key: 'theirs' },
    };
    await cluster.apply(object as never, { fieldManager: 'kubewright', force: true });
    expect((await status(graph, { ...options, drift: true })).drift).toMatchObject([
      { label: 'a', change: 'field', path: 'data.key', manager: 'kubewright', wanted: 'value', found: 'theirs' },
    ]);
  });

  it('tells what is gone from what left the graph and was let go, and from what was made anew', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    const namespace = namespaceOf(options);
    const names = ['freed', 'gone', 'anew'];
    await deploy(graphOf('drift', configMaps(['a', ...names])), options);
    const free = { metadata: { labels: { 'applyset.kubernetes.io/part-of': null } } };
    await cluster.patch({ ...configMap, name: 'freed', namespace }, { type: 'merge', body: free });
    for (const name of ['gone', 'anew']) await cluster.delete({ ...configMap, name, namespace });
    await cluster.create({ ...configMap, metadata: { name: 'anew', namespace } });
    for (const left of [names, []]) {
      const { drift } = await status(graphOf('drift', configMaps(['a', ...left])), { ...options, drift: true });
      expect(drift?.map(({ label, change, reason }) => [label, change, reason]).sort()).toEqual([
        ['anew', 'deleted', 'somebody deleted it and made another one'],
        ['freed', 'released', 'it does not carry the label of this deployment any more'],
        ['gone', 'deleted', 'somebody deleted it'],
      ]);
    }
  });

  it('blames nobody for a Job that goes by itself, and a plan says that it runs once more', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    const job = (name: string): never =>
      kind({ apiVersion: 'batch/v1', kind: 'Job' })({
        metadata: { name },
        spec: {
          ttlSecondsAfterFinished: 3600,
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } },
        },
      } as never) as never;
    const graph = (...names: readonly string[]): ReturnType<typeof graphOf> =>
      graphOf('drift', () => ({
        ...configMaps(['a'])(),
        ...Object.fromEntries(names.map((name) => [name, job(name)])),
      }));
    await deploy(graph('once'), options);
    const once = { apiVersion: 'batch/v1', kind: 'Job', name: 'once', namespace: namespaceOf(options) };
    await cluster.delete(once, { propagation: 'Background' });
    const reason = 'it is gone; it may have been removed after it finished (ttlSecondsAfterFinished)';
    const { objects, drift } = await status(graph('once'), { ...options, drift: true });
    expect(objects).toContainEqual(expect.objectContaining({ label: 'once', state: 'missing', reason }));
    expect(drift).toMatchObject([{ label: 'once', change: 'deleted', reason }]);
    const { warnings } = await plan(graph('once', 'new'), options);
    expect(warnings).toEqual([`Job ${once.namespace}/once: ${reason}, and it runs once more`]);
  });

  it('after a run that failed, says what it cannot compare', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    await deploy(graphOf('drift', configMaps(['a', 'b'])), options);
    const broken = graphOf('drift', () => ({
      ...configMaps(['a'], { other: 'new' })(),
      b: simple.ConfigMap({ name: 'b', data: { key: 'value' } }),
      bad: simple.ConfigMap({ name: 'Not-A-Name', data: {} }),
    }));
    await expect(deploy(broken, options)).rejects.toThrow();
    const asked = { ...options, drift: true };
    expect((await status(broken, asked)).drift).toEqual([]);
    const { drift = [] } = await status(graphOf('drift', configMaps(['b'])), asked);
    expect(drift.filter(({ change }) => change !== 'unknown')).toEqual([]);
  });

  it('leaves replicas to an autoscaler of the graph, as a plan does', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    const graph = graphOf('drift', () => ({
      web: simple.Deployment({ name: 'web', image: 'nginx:1', replicas: 2 }),
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
    }));
    await deploy(graph, options);
    const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: namespaceOf(options) };
    const scale = { fieldManager: 'kubectl', subresource: 'scale' } as const;
    await cluster.patch(web, { type: 'merge', body: { spec: { replicas: 4 } } }, scale);
    expect((await plan(graph, options)).changed).toBe(false);
    expect((await status(graph, { ...options, drift: true })).drift).toEqual([]);
  });

  it('names fields and their new managers, removed fields, deleted and released objects; Secrets are masked', async () => {
    const options = optionsFor({ cluster, namespace: freshName('drift') });
    const namespace = namespaceOf(options);
    const graph = graphOf('drift', () => ({
      a: simple.ConfigMap({ name: 'a', data: { key: 'ours', other: 'ours' } }),
      web: simple.Deployment({ name: 'web', image: 'nginx:1', replicas: 1 }),
      scaled: simple.Deployment({ name: 'scaled', image: 'nginx:1', replicas: 1 }),
      db: simple.Secret({ name: 'db', stringData: { password } }),
      gone: simple.ConfigMap({ name: 'gone', data: {} }),
      freed: simple.ConfigMap({ name: 'freed', data: {} }),
    }));
    await deploy(graph, options);
    const edit = async (
      target: { apiVersion: string; kind: string; name: string },
      body: object,
      more: object = { fieldManager: 'kubectl-edit' },
    ): Promise<unknown> => cluster.patch({ ...target, namespace }, { type: 'merge', body: body as never }, more);
    const deploymentRef = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name });
    await edit({ ...configMap, name: 'a' }, { data: { key: 'theirs', other: null } });
    const body = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'nginx:2' }] as const;
    await cluster.patch(
      { ...deploymentRef('web'), namespace },
      { type: 'json', body },
      { fieldManager: 'kubectl-set' },
    );
    await edit(
      deploymentRef('scaled'),
      { spec: { replicas: 3 } },
      { fieldManager: 'kube-controller-manager', subresource: 'scale' },
    );
    await edit(
      { apiVersion: 'v1', kind: 'Secret', name: 'db' },
      { data: { password: Buffer.from('battery').toString('base64') } },
    );
    await edit({ ...configMap, name: 'freed' }, { metadata: { labels: { 'applyset.kubernetes.io/part-of': null } } });
    await cluster.delete({ ...configMap, name: 'gone', namespace });
    const result = await status(graph, { ...options, drift: true });
    const shown = (result.drift ?? []).map(({ label, change, path, manager, wanted, found, reason }) => ({
      label,
      change,
      ...(path && { path }),
      ...(manager && { manager }),
      ...(wanted !== undefined && { wanted }),
      ...(found !== undefined && { found }),
      reason,
    }));
    expect(shown).toEqual(
      expect.arrayContaining([
        { label: 'gone', change: 'deleted', reason: 'somebody deleted it' },
        { label: 'freed', change: 'released', reason: 'it does not carry the label of this deployment any more' },
        {
          label: 'a',
          change: 'field',
          path: 'data.key',
          manager: 'kubectl-edit',
          wanted: 'ours',
          found: 'theirs',
          reason: 'kubectl-edit set it',
        },
        { label: 'a', change: 'field', path: 'data.other', wanted: 'ours', reason: 'somebody removed it' },
        {
          label: 'web',
          change: 'field',
          path: 'spec.template.spec.containers[name="web"].image',
          manager: 'kubectl-set',
          wanted: 'nginx:1',
          found: 'nginx:2',
          reason: 'kubectl-set set it',
        },
        {
          label: 'scaled',
          change: 'field',
          path: 'spec.replicas',
          manager: 'kube-controller-manager',
          wanted: 1,
          found: 3,
          reason: 'kube-controller-manager set it',
        },
        {
          label: 'db',
          change: 'field',
          path: 'data.password',
          manager: 'kubectl-edit',
          wanted: '(secret)',
          found: '(secret)',
          reason: 'kubectl-edit set it',
        },
      ]),
    );
    expect(shown).toHaveLength(7);
    expect(JSON.stringify(result)).not.toMatch(
      new RegExp(`${password}|battery|${Buffer.from('battery').toString('base64')}`),
    );
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['a', 'freed']);
  });
});
