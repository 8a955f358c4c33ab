import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { Cel } from '../../src/expr/cel.ts';
import { history } from '../../src/deploy/history.ts';
import type { DeployOptions, Plan } from '../../src/deploy/options.ts';
import { plan, planToSave } from '../../src/deploy/plan.ts';
import type { SavedPlan } from '../../src/deploy/saved-plan.ts';
import { finishGraph, type Graph } from '../../src/graph/graph.ts';
import { forEach } from '../../src/graph/resource.ts';
import { core, external, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor, secret } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const names = (list: readonly { kind: string; name: string }[]): string[] =>
  list.map(({ kind, name }) => `${kind} ${name}`);

describe('a plan', () => {
  it.each(['direct', 'kro'] as const)(
    'says whose pods restart or end, and which Services are left without pods, mode %s',
    async (mode) => {
      const name = freshName('impact');
      const options = optionsFor({ cluster, namespace: name, mode });
      // Definitions are shared by a whole cluster.
      const own = (graph: Graph): Graph => ({ ...graph, name, kind: `I${name.replaceAll('-', '')}` });
      const child = graphOf('inner', () => ({ inside: simple.Deployment({ name: 'inside', image: 'nginx:1' }) }));
      const inner: Graph = finishGraph({ ...child, name: `${name}-inner`, kind: `J${name.replaceAll('-', '')}` });
      const app = (image: string, label: string, more: boolean): Graph =>
        own(
          graphOf('impact', () => ({
            settings: simple.ConfigMap({ name: 'settings', data: { image } }),
            web: simple.Deployment({ name: 'web', image, ...(more && { env: { GONE: 'later' } }) }),
            still: simple.Deployment({ name: 'still', image: 'nginx:1', resources: { limits: { cpu: '0.5' } } }),
            front: simple.Service({ name: 'front', selector: { app: label }, ports: [{ port: 80 }] }),
            ...(more && {
              inner: inner.instance({}, { name: 'inner' }),
              old: simple.Deployment({ name: 'old', image: 'nginx:1' }),
              behind: simple.Service({ name: 'behind', selector: { app: 'old' }, ports: [{ port: 80 }] }),
            }),
          })),
        );
      expect((await plan(app('nginx:1', 'web', true), options)).impact).toEqual({ restarts: [], endpoints: [] });
      await deploy(app('nginx:1', 'web', true), options);
      expect((await plan(app('nginx:1', 'web', true), options)).impact).toEqual({ restarts: [], endpoints: [] });

      const { impact } = await plan(app('nginx:2', 'typo', false), options);
      const [first, ...others] =
        impact?.restarts.map(({ label, effect, because }) => [label, effect, because.join()]) ?? [];
      const images = /spec\.template\.spec\.containers\[0\]\.image/;
      expect(first).toEqual(['web', 'restart', expect.stringMatching(images)]);
      expect(first?.[2]).toMatch(/containers\[0\]\.env/);
      expect(others.map((each) => each.join(' ')).sort()).toEqual(['inner/inside end ', 'old end ']);
      expect(names(impact?.endpoints ?? []).sort()).toEqual(['Service behind', 'Service front']);
      // Nobody is behind it any more, though the Service stays as it is.
      const scaled = own(
        graphOf('impact', () => ({
          web: simple.Deployment({ name: 'web', image: 'nginx:1', replicas: 0 }),
          front: simple.Service({ name: 'front', selector: { app: 'web' }, ports: [{ port: 80 }] }),
        })),
      );
      expect(names((await plan(scaled, { ...options, allowEmpty: true })).impact?.endpoints ?? [])).toContain(
        'Service front',
      );
    },
  );

  it('shows what only the cluster will know as the expression that gives it, and no Secret', async () => {
    const options = optionsFor({ cluster, namespace: freshName('unknown') });
    const graph = graphOf('unknown', () => {
      const shared = external(core.v1.ConfigMap, { name: 'shared' });
      return {
        shared,
        copy: simple.ConfigMap({ name: 'copy', data: { from: shared.data['text'] as never, fixed: 'text' } }),
        token: simple.Secret({ name: 'token', stringData: { token: shared.data['token'] as never } }),
      };
    });
    const { pending } = await plan(graph, options);
    expect(pending).toMatchObject([
      {
        path: 'copy',
        kind: 'ConfigMap',
        unknown: [{ path: 'data.from', expression: expect.stringMatching(/^\$\{shared\.data.*text.*\}$/) }],
      },
      { path: 'token', kind: 'Secret', unknown: [{ path: 'stringData.token', expression: '(secret)' }] },
    ]);
  });

  it('makes again what is in a namespace that goes away', async () => {
    const options = optionsFor({ cluster, namespace: freshName('going') });
    const { namespace = '' } = options.instance;
    const graph = graphOf('going', configMaps(['a', 'b']));
    await deploy(graph, options);
    const held = { ...configMap, metadata: { name: 'held', namespace, finalizers: ['example.com/hold'] } };
    await cluster.create(held);
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: namespace };
    await cluster.delete(ref);
    const { changes, createsNamespace, problems } = await plan(graph, options);
    await cluster.patch(
      { ...configMap, name: 'held', namespace },
      {
        type: 'merge',
        body: { metadata: { finalizers: null } },
      },
    );
    expect(problems).toEqual([]);
    expect(createsNamespace).toBe(namespace);
    expect(changes.map(({ label, action }) => [label, action])).toEqual([
      ['a', 'create'],
      ['b', 'create'],
    ]);
    expect((await deploy(graph, options)).objects.map(({ action }) => action)).toEqual(['created', 'created']);
  });

  it('says what is written where no field changes', async () => {
    const options = optionsFor({ cluster, namespace: freshName('quiet') });
    const { namespace = '' } = options.instance;
    const graph = (data: Record<string, string>): Graph =>
      graphOf('quiet', () => ({ a: simple.ConfigMap({ name: 'a', data }) }));
    await deploy(graph({ key: 'value', more: 'value' }), options);
    const shared = { ...configMap, metadata: { name: 'a', namespace }, data: { more: 'value' } };
    await cluster.apply(shared, { fieldManager: 'other' });
    expect(await plan(graph({ key: 'value' }), options)).toMatchObject({
      changes: [{ action: 'update', fields: [] }],
      warnings: [expect.stringMatching(/^a: no value changes; it gives up data\.more,/)],
    });
    const failing = graphOf('quiet', () => ({
      a: simple.ConfigMap({ name: 'a', data: { key: 'value' } }),
      bad: simple.ConfigMap({ name: 'BAD', data: {} }),
    }));
    await expect(deploy(failing, options)).rejects.toThrow('BAD');
    expect(await plan(graph({ key: 'value' }), options)).toMatchObject({
      changed: true,
      changes: [{ action: 'unchanged' }],
      warnings: [expect.stringMatching(/no object changes; what is written is the record, as run 2 did not end well/)],
    });
  });

  it('counts what comes later as created where it is certain, and not where it exists', async () => {
    const options = optionsFor({ cluster, namespace: freshName('later') });
    const inner = graphOf('inner', configMaps(['x', 'y', 'z']));
    const graph = graphOf('later', () => {
      const shared = external(core.v1.ConfigMap, { name: 'shared' });
      const first = simple.ConfigMap({ name: 'first', data: {} });
      return {
        shared,
        first,
        named: simple.ConfigMap({ name: 'named', data: { from: first.metadata.name } }),
        unknown: simple.ConfigMap({ name: 'unknown', data: { from: shared.data['text'] as never } }),
        copies: forEach(['a', 'b'], (name) =>
          simple.ConfigMap({ name: Cel.template`each-${name}`, data: { from: first.metadata.name } }),
        ),
        inner: inner.instance({}, { name: first.metadata.name }),
      };
    });
    const actions = async (): Promise<unknown> =>
      (await plan(graph, options)).pending.map(({ path, action, objects }) => [path, action, objects]);
    expect(await actions()).toEqual([
      ['named', 'create', 1],
      ['unknown', undefined, undefined],
      ['copies', 'create', 2],
      ['inner', 'create', 3],
    ]);
    const namespace = options.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await cluster.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace },
      data: { text: 'a' },
    });
    await deploy(graph, options);
    await cluster.delete({ apiVersion: 'v1', kind: 'ConfigMap', name: 'first', namespace });
    expect(await actions()).toEqual(['named', 'copies', 'inner'].map((path) => [path, undefined, undefined]));
  });

  it('masks Secrets, also the copy that kubectl keeps', async () => {
    const options = optionsFor({ cluster, namespace: freshName('masked') });
    const namespace = options.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const copy = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"aHVudGVyMg=="}}' };
    await cluster.create(
      {
        ...secret,
        metadata: { name: 'db', namespace, annotations: copy },
        data: { password: 'aHVudGVyMg==', same: 'eA==' },
      },
      { fieldManager: 'kubectl-client-side-apply' },
    );
    const graph = graphOf('masked', () => ({
      db: simple.Secret({ name: 'db', stringData: { password: 'horse', same: 'x' } }),
    }));
    const planned = await plan(graph, { ...options, adopt: true, take: ['data.password'] });
    const shown = JSON.stringify(planned);
    for (const value of ['hunter2', 'aHVudGVyMg', 'horse', Buffer.from('horse').toString('base64')])
      expect(shown).not.toContain(value);
  });

  it('with nothing to do, the deployment writes nothing, takes no lock and leaves no record', async () => {
    const options = optionsFor({ cluster, namespace: freshName('idle') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('idle', configMaps(['a']));
    await deploy(graph, options);
    const [name = ''] = await namesIn(cluster, namespace, secret);
    const before = await cluster.get({ ...secret, name, namespace });
    const { events: _events, ...quiet } = options;
    const told: string[] = [];
    expect((await deploy(graph, { ...quiet, onEvent: ({ type }) => void told.push(type) })).writes).toBe(0);
    expect(told).not.toContain('lock');
    expect(await cluster.get({ ...secret, name, namespace })).toEqual(before);

    const empty = optionsFor({ cluster, namespace: freshName('idle') });
    const nothing = graphOf('nothing', () => ({}));
    expect(await deploy(nothing, empty)).toMatchObject({ writes: 0, objects: [] });
    expect((await plan(nothing, empty)).changed).toBe(false);
    expect(
      await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: empty.instance.namespace as string }),
    ).toBeUndefined();
  });
});

describe('a saved plan', () => {
  const graphWith = (text: string, password = 'correct-horse'): Graph =>
    graphOf('saved', () => ({
      settings: simple.ConfigMap({ name: 'settings', data: { text } }),
      db: simple.Secret({ name: 'db', stringData: { password } }),
      web: simple.Deployment({ name: 'web', image: 'nginx:1' }),
    }));

  async function saved(graph: Graph, options: DeployOptions): Promise<SavedPlan> {
    const { save } = await planToSave(graph, options);
    // As from a file.
    return JSON.parse(JSON.stringify(await save())) as SavedPlan;
  }

  it.each(['direct', 'kro'] as const)('is deployed as it was made, mode %s', async (mode) => {
    const namespace = freshName(`saved-${mode}`);
    const options = optionsFor({ cluster, namespace, mode });
    const graph =
      mode === 'direct'
        ? graphWith('one')
        : ({ ...graphWith('one'), name: namespace, kind: `S${namespace.replaceAll('-', '')}` } as Graph);
    const first = await saved(graph, options);
    expect(JSON.stringify(first)).not.toMatch(/correct-horse|Y29ycmVjdC1ob3JzZQ/);
    await deploy(graph, { ...options, saved: first });
    // It was deployed since.
    await expect(deploy(graph, { ...options, saved: first })).rejects.toThrow(
      /the plan is not true any more: .*another deployment was made/,
    );
    // Status moves all the time, and is nothing that a plan depends on.
    const second = await saved(graph, options);
    expect((await deploy(graph, { ...options, saved: second })).writes).toBe(0);
  });

  it('is refused when the stack, its values, its Secrets, an object or the cluster is another one', async () => {
    const namespace = freshName('moved');
    const options = optionsFor({ cluster, namespace });
    await deploy(graphWith('one'), options);
    const made = await saved(graphWith('two'), options);
    const tries: readonly [graph: Graph, wanted: DeployOptions, says: RegExp][] = [
      [graphWith('three'), { ...options, saved: made }, /the stack, its values, its Secrets/],
      [graphWith('two', 'battery-staple'), { ...options, saved: made }, /the stack, its values, its Secrets/],
      [
        graphWith('two'),
        { ...options, instance: { ...options.instance, spec: { text: 'other' } }, saved: made },
        /the stack, its values, its Secrets/,
      ],
      [graphWith('two'), { ...options, saved: { ...made, cluster: 'elsewhere' } }, /it is another cluster/],
    ];
    for (const [graph, wanted, says] of tries) {
      const message = await deploy(graph, wanted).then(
        () => 'deployed',
        (error: Error) => error.message,
      );
      expect(message).toMatch(says);
      expect(message).not.toMatch(/another deployment|battery|horse/);
    }
    await cluster.patch(
      { ...configMap, name: 'settings', namespace },
      { type: 'merge', body: { metadata: { annotations: { edited: 'yes' } } } },
      { fieldManager: 'kubectl-edit' },
    );
    await expect(deploy(graphWith('two'), { ...options, saved: made })).rejects.toMatchObject({
      code: 'PlanMoved',
      message: expect.stringMatching(
        new RegExp(`not true any more: ConfigMap ${namespace}/settings changed\\. .*plan --out`),
      ),
    });
    expect((await cluster.get({ ...configMap, name: 'settings', namespace }))?.['data']).toEqual({ text: 'one' });
    await deploy(graphWith('two'), { ...options, saved: await saved(graphWith('two'), options) });
    expect((await cluster.get({ ...configMap, name: 'settings', namespace }))?.['data']).toEqual({ text: 'two' });
  });
});

describe('a plan that another run overtakes before the lock is taken', () => {
  const graph = (data: Record<string, string>): Graph =>
    graphOf('overtaken', () =>
      Object.fromEntries(Object.entries(data).map(([name, key]) => [name, simple.ConfigMap({ name, data: { key } })])),
    );

  /** Deploys `a` once more, while `between` deploys something else after the first question; gives what was asked. */
  async function overtaken(
    options: DeployOptions,
    between: () => Promise<unknown>,
    answers: readonly boolean[] = [],
  ): Promise<Plan[]> {
    const asked: Plan[] = [];
    const confirm = async (shown: Plan): Promise<boolean> => {
      asked.push(shown);
      if (asked.length === 1) await between();
      return answers[asked.length - 1] ?? true;
    };
    await deploy(graph({ a: 'two', b: 'one' }), { ...options, confirm });
    return asked;
  }

  async function thereAndBack(options: DeployOptions): Promise<void> {
    for (const b of ['two', 'one']) await deploy(graph({ a: 'one', b }), options);
  }

  it('is asked for again when it does something else now, mode kro', async () => {
    const namespace = freshName('overtaken');
    const options = optionsFor({ cluster, namespace, mode: 'kro' });
    const own = (data: Record<string, string>): Graph => ({
      ...graph(data),
      name: namespace,
      kind: `O${namespace.replaceAll('-', '')}`,
    });
    await deploy(own({ a: 'one' }), options);
    let asked = 0;
    const confirm = async (): Promise<boolean> => {
      asked += 1;
      if (asked === 1) await deploy(own({ a: 'three' }), options);
      return asked === 1;
    };
    await expect(deploy(own({ a: 'two' }), { ...options, confirm })).rejects.toMatchObject({ code: 'Declined' });
    expect((await cluster.get({ ...configMap, name: 'a', namespace }))?.['data']).toEqual({ key: 'three' });
  });

  it('is asked for again when it does something else now, deletions included', async () => {
    const options = optionsFor({ cluster, namespace: freshName('overtaken') });
    await deploy(graph({ a: 'one', b: 'one' }), options);
    const asked = await overtaken(options, () => deploy(graph({ a: 'one', b: 'three', c: 'new' }), options));
    const actions = asked.map(({ changes }) => changes.map(({ label, action }) => `${action} ${label}`));
    expect(actions).toEqual([
      ['update a', 'unchanged b'],
      ['update a', 'update b', 'delete c'],
    ]);
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['a', 'b']);
  });

  it('is not done when the answer is no then', async () => {
    const options = optionsFor({ cluster, namespace: freshName('overtaken') });
    const namespace = options.instance.namespace as string;
    await deploy(graph({ a: 'one', b: 'one' }), options);
    const other = (): Promise<unknown> => deploy(graph({ a: 'one', b: 'one', c: 'new' }), options);
    await expect(overtaken(options, other, [true, false])).rejects.toMatchObject({ code: 'Declined' });
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['a', 'b', 'c']);
    expect((await cluster.get({ ...configMap, name: 'a', namespace }))?.['data']).toEqual({ key: 'one' });
    expect(await namesIn(cluster, namespace, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' })).toEqual([]);
  });

  it('is done without another question when it is the same', async () => {
    const options = optionsFor({ cluster, namespace: freshName('overtaken') });
    await deploy(graph({ a: 'one', b: 'one' }), options);
    const asked = await overtaken(options, () => thereAndBack(options));
    expect(asked).toHaveLength(1);
    const live = await cluster.get({ ...configMap, name: 'a', namespace: options.instance.namespace });
    expect(live?.['data']).toEqual({ key: 'two' });
  });

  it('is not done, and not recorded, when the other run did it', async () => {
    const options = optionsFor({ cluster, namespace: freshName('overtaken') });
    await deploy(graph({ a: 'one', b: 'one' }), options);
    const asked = await overtaken(options, () => deploy(graph({ a: 'two', b: 'one' }), options));
    expect(asked).toHaveLength(1);
    expect((await history(graph({}), options)).revisions).toHaveLength(2);
  });

  it('is refused when it was saved', async () => {
    const options = optionsFor({ cluster, namespace: freshName('overtaken') });
    await deploy(graph({ a: 'one', b: 'one' }), options);
    const { save } = await planToSave(graph({ a: 'two', b: 'one' }), options);
    const running = overtaken({ ...options, saved: await save() }, () => thereAndBack(options));
    await expect(running).rejects.toMatchObject({
      code: 'PlanMoved',
      message: expect.stringMatching(/not true any more: another deployment was made/),
    });
    const live = await cluster.get({ ...configMap, name: 'a', namespace: options.instance.namespace });
    expect(live?.['data']).toEqual({ key: 'one' });
  });
});
