import { type } from 'arktype';
import { afterAll, describe, expect, inject, it } from 'vitest';
import type { Cluster, KubernetesObject, ListQuery } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, kind as customKind } from '../../src/k8s/index.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { configMap, connectTo, freshName, optionsFor } from './deploying.ts';

const cluster = await connectTo(inject('controlPlane'));
afterAll(() => cluster.close());

const definitionRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' } as const;

interface Parts {
  readonly kind: string;
  readonly name?: string;
  readonly spec?: object;
  readonly status?: object;
  readonly apiVersion?: string;
}

/** A graph of one ConfigMap; each test has a kind of its own, as definitions are shared by a whole cluster. */
function one({
  kind,
  name = kind.toLowerCase(),
  spec = {},
  status,
  apiVersion = 'modes.example.com/v1',
}: Parts): Graph {
  return toResourceGraph(
    { name, apiVersion, kind, spec: type({ text: 'string', ...spec } as never), status: type('object') as never },
    ((schema: { spec: { text: never } }) => ({
      config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { text: schema.spec.text } }),
    })) as never,
    ((_schema: never, { config }: { config: { metadata: { name: never } } }) =>
      status ?? { name: config.metadata.name }) as never,
  ) as never;
}

function options(
  prefix: string,
  more: Partial<DeployOptions> = {},
  of: Cluster = cluster,
): ReturnType<typeof optionsFor> {
  return {
    ...optionsFor({ cluster: of, namespace: freshName(prefix), mode: 'kro', spec: { text: 'a' } }),
    ...more,
  };
}

const read = (name: string): Promise<KubernetesObject | undefined> => cluster.get({ ...definitionRef, name });

describe('a definition that changes', () => {
  it('takes what is compatible, also for the status', async () => {
    const chosen = options('evolve');
    await deploy(one({ kind: 'Evolving' }), chosen);
    const wider = one({ kind: 'Evolving', spec: { 'size?': 'number.integer' }, status: { name: 'x', kind: 'y' } });
    const { objects } = await deploy(wider, {
      ...chosen,
      instance: { ...chosen.instance, spec: { text: 'b', size: 3 } },
    });
    expect(objects).toContainEqual(expect.objectContaining({ label: 'definition evolving', action: 'updated' }));
    await destroy(wider, { ...chosen, definition: true });
  });

  it.each([
    ['a field is removed', { 'size?': 'string' }, {}, undefined, 'spec.size: Property size was removed'],
    ['a status field is removed', {}, {}, { other: 'x' }, 'status.name: Property name was removed'],
    [
      'a type changes',
      { 'size?': 'string' },
      { 'size?': 'number.integer' },
      undefined,
      'spec.size.type: Type changed from string to integer',
    ],
  ])('is refused before anything is written when %s', async (title, before, after, status, message) => {
    const kind = `Break${title.replaceAll(/[^a-z]/g, '')}`;
    const chosen = options('break');
    await deploy(one({ kind, spec: before }), chosen);
    const version = (await read(kind.toLowerCase()))?.metadata.resourceVersion;
    const narrower = one({ kind, spec: after, ...(status && { status }) });
    await expect(deploy(narrower, chosen)).rejects.toThrow(
      `definition ${kind.toLowerCase()}: kro refuses this change of an existing kind: ${message}. Keep what is there and add to it`,
    );
    expect((await read(kind.toLowerCase()))?.metadata.resourceVersion).toBe(version);
    // The way out that the error names.
    await cluster.apply(
      {
        ...definitionRef,
        metadata: { name: kind.toLowerCase(), annotations: { 'kro.run/allow-breaking-changes': 'true' } },
      },
      { fieldManager: 'kubectl' },
    );
    await deploy(narrower, chosen);
    await destroy(narrower, { ...chosen, definition: true });
  });

  it('is compared with the kind that an earlier definition left behind', async () => {
    const chosen = options('behind');
    const wide = one({ kind: 'LeftBehind', spec: { 'size?': 'string' } });
    await deploy(wide, chosen);
    await destroy(wide, { ...chosen, definition: true });
    await expect(deploy(one({ kind: 'LeftBehind' }), chosen)).rejects.toThrow('spec.size: Property size was removed');
    expect(await read('leftbehind')).toBeUndefined();
  });

  it('says what kro does not compare, and so never writes', async () => {
    const chosen = options('unseen');
    await deploy(one({ kind: 'Unseen', spec: { 'tags?': 'string[]' } }), chosen);
    const { warnings } = await plan(one({ kind: 'Unseen', spec: { 'tags?': "'a'[]" } }), chosen);
    expect(warnings).toEqual([
      'ResourceGraphDefinition unseen: kro compares no spec.tags[].enum: Enum was added, so Unseen stays as it is until another field of its schema changes too',
    ]);
  });

  it('is refused when what changes can never change', async () => {
    const chosen = options('moved');
    await deploy(one({ kind: 'Moved', name: 'moved' }), chosen);
    await expect(
      deploy(one({ kind: 'MovedAway', name: 'moved', apiVersion: 'others.example.com/v1' }), chosen),
    ).rejects.toThrow(
      'definition moved spec.schema: ResourceGraphDefinition moved exists, and its group is modes.example.com and cannot become others.example.com, kind is Moved and cannot become MovedAway. Give this graph another name and kind',
    );
  });

  it('is refused when its kind belongs to another definition', async () => {
    await deploy(one({ kind: 'Taken', name: 'taken-first' }), options('taken'));
    await expect(deploy(one({ kind: 'Taken', name: 'taken-second' }), options('taken'))).rejects.toThrow(
      'definition taken-second: kind Taken belongs to ResourceGraphDefinition taken-first',
    );
  });
});

describe('rules of a kind', () => {
  const ruled = (maximum: string): Graph =>
    toResourceGraph(
      {
        name: 'ruled',
        apiVersion: 'modes.example.com/v1',
        kind: 'Ruled',
        spec: type({ text: 'string', users: type({ name: `string${maximum}` as 'string' }).array() }).and(
          type({ users: `unknown[]${maximum}` as 'unknown[]' }),
        ),
        fields: { users: { validations: 'self.all(a, self.exists_one(b, a.name == b.name))' } },
      },
      () => ({ config: core.v1.ConfigMap({ metadata: { name: 'config' } }) }),
    ) as never;

  it('that would cost the API server too much are refused before anything is written', async () => {
    const chosen = options('rules');
    const spec = { text: 'a', users: [{ name: 'x' }] };
    await expect(deploy(ruled(''), { ...chosen, instance: { ...chosen.instance, spec } })).rejects.toThrow(
      /definition ruled spec\.schema\.spec\.users: kro refuses it: .*estimated rule cost exceeds budget.*adding maxItems/s,
    );
    expect(await read('ruled')).toBeUndefined();
    expect((await plan(ruled(' <= 9'), { ...chosen, instance: { ...chosen.instance, spec } })).problems).toEqual([]);
  });
});

describe('conditions of an author', () => {
  it('without Ready are warned about, as everything waits for that', async () => {
    const graph = toResourceGraph(
      { name: 'hidden', apiVersion: 'modes.example.com/v1', kind: 'Hidden', spec: type({ text: 'string' }) },
      () => ({ config: core.v1.ConfigMap({ metadata: { name: 'config' } }) }),
      undefined,
      (schema) => [{ type: 'Available', status: schema.spec.text.ne('') }],
    ) as never as Graph;
    const chosen = options('hidden');
    const { warnings } = await plan(graph, chosen);
    expect(warnings).toEqual([
      "ResourceGraphDefinition hidden: the conditions of Hidden are without Ready, for which kubectl wait and GitOps tools wait; Cel.runtime.condition(schema, 'Ready') keeps kro's",
    ]);
    const { status } = await deploy(graph, chosen);
    expect(status).toEqual({ conditions: [{ type: 'Available', status: 'True' }] });
    await destroy(graph, { ...chosen, definition: true });
  });
});

describe('what an instance waits for', () => {
  it('is told with our ids and the lines of the stack', async () => {
    const graph = toResourceGraph(
      { name: 'waiting', apiVersion: 'modes.example.com/v1', kind: 'WaitingFor', spec: type({ text: 'string' }) },
      ({ spec }) => {
        const gate = core.v1.ConfigMap(
          { metadata: { name: 'gate' }, data: { text: spec.text } },
          { readyWhen: (self) => self.metadata.name.eq('never') },
        );
        return { gate, after: core.v1.ConfigMap({ metadata: { name: 'after' }, data: { from: gate.metadata.name } }) };
      },
    ) as never as Graph;
    const chosen = options('waits', { timeoutMs: 8_000 });
    await expect(deploy(graph, chosen)).rejects.toThrow(
      /waiting for node "gate".* \(gate: .*kro-mode\.test\.ts:\d+:\d+\)/,
    );
    await destroy(graph, { ...options('x'), instance: chosen.instance, definition: true });
  });
});

describe('what only an object has', () => {
  it('is read only where it is an object', async () => {
    const graph = toResourceGraph(
      { name: 'uid-reader', apiVersion: 'modes.example.com/v1', kind: 'UidReader', spec: type({ text: 'string' }) },
      () => ({
        config: core.v1.ConfigMap({
          metadata: { name: 'config' },
          data: { uid: Cel.expr<string>('schema.metadata.uid') },
        }),
      }),
    ) as never as Graph;
    await expect(deploy(graph, options('uid', { mode: 'direct' }))).rejects.toThrow(
      'config: reads schema.metadata.uid, and in mode direct the instance is no object that has one. Make it from',
    );
    const chosen = options('uid');
    await deploy(graph, chosen);
    const { namespace } = chosen.instance;
    const config = await cluster.get({ ...configMap, name: 'config', namespace });
    expect(config?.['data']).toEqual({ uid: config?.metadata.labels?.['kro.run/instance-id'] });
    await destroy(graph, { ...chosen, definition: true });
  });
});

describe('an expression without a value', () => {
  it('is written as null in both modes: a key of a ConfigMap stays, empty', async () => {
    const graph = toResourceGraph(
      {
        name: 'nothing',
        apiVersion: 'modes.example.com/v1',
        kind: 'NothingThere',
        spec: type({ text: 'string', 'note?': 'string' }),
      },
      () => ({
        config: core.v1.ConfigMap({
          metadata: { name: 'config' },
          data: { note: Cel.expr<string>('schema.spec.?note') },
        }),
      }),
    ) as never as Graph;
    const data = [];
    for (const mode of ['direct', 'kro'] as const) {
      const chosen = options(`none-${mode}`, { mode });
      await deploy(graph, chosen);
      const { namespace } = chosen.instance;
      data.push((await cluster.get({ ...configMap, name: 'config', namespace }))?.['data']);
      await destroy(graph, { ...chosen, definition: true });
    }
    expect(data).toEqual([{ note: '' }, { note: '' }]);
  });
});

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

  it.each(['registry.k8s.io/kro/controller:v0.8.5', 'ghcr.io/kro-run/kro/controller:0.11.0'])(
    'that is not supported (%s) is an error before anything is written',
    async (image) => {
      const graph = one({ kind: 'OldKro' });
      const version = /[\d.]+$/.exec(image)?.[0];
      await expect(deploy(graph, options('version', {}, running(image)))).rejects.toThrow(
        new RegExp(
          `^oldkro: kro ${version} runs in .*; supported are 0\\.9\\.3, 0\\.9\\.4\\. Install a supported one: helm upgrade --install kro`,
        ),
      );
      expect(await read('oldkro')).toBeUndefined();
    },
  );

  it('that is supported is none', async () => {
    const graph = one({ kind: 'GoodKro' });
    const { problems, warnings } = await plan(
      graph,
      options('version', {}, running('registry.k8s.io/kro/controller:v0.9.4')),
    );
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  });
});

describe('the schema of a kind that kro has cached', () => {
  const Gizmo = customKind<{ spec: { size?: number } }>({
    apiVersion: 'cached.example.org/v1',
    kind: 'Gizmo',
    namespaced: true,
  });
  const crd = (properties: object): object => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gizmos.cached.example.org' },
    spec: {
      group: 'cached.example.org',
      names: { kind: 'Gizmo', listKind: 'GizmoList', plural: 'gizmos', singular: 'gizmo' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
        },
      ],
    },
  });
  const graph = toResourceGraph(
    { name: 'gizmos', apiVersion: 'modes.example.com/v1', kind: 'GizmoUser', spec: type({ 'text?': 'string' }) },
    () => ({ gizmo: Gizmo({ metadata: { name: 'gizmo' }, spec: { size: 1 } }) }),
  ) as never as Graph;

  it('is warned about, and what the cluster refuses is found before anything is written', async () => {
    await cluster.apply(crd({ name: { type: 'string' } }) as never, { fieldManager: 'test' });
    await expect
      .poll(() => cluster.discover({ apiVersion: 'cached.example.org/v1', kind: 'Gizmo' }), { timeout: 10_000 })
      .toBeDefined();
    await expect(deploy(graph, options('cached'))).rejects.toThrow(
      /gizmo template\.spec\.size: kro refuses it: .*schema not found for field size \(.*kro-mode\.test\.ts:\d+:\d+\)/,
    );
    await cluster.apply(crd({ size: { type: 'integer' } }) as never, { fieldManager: 'test' });
    const { warnings, problems } = await plan(graph, options('cached'));
    expect({ warnings, problems }).toEqual({
      warnings: [
        'CustomResourceDefinition gizmos.cached.example.org changed less than 5 minutes ago, and kro may judge by the schema that it had before until then',
      ],
      problems: [],
    });
    await cluster.delete({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'gizmos.cached.example.org',
    });
  });
});
