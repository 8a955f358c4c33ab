import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { apps, fromEnv, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, optionsFor, secret } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const actions = (objects: readonly { label: string; action: string }[]): Record<string, string> =>
  Object.fromEntries(objects.map(({ label, action }) => [label, action]));

/** A kind of its own for each test: definitions are shared by a whole cluster. */
function shop(kind: string, extra: Record<string, string> = {}): Graph {
  return toResourceGraph(
    {
      name: kind.toLowerCase(),
      apiVersion: 'tests.example.com/v1alpha1',
      kind,
      spec: type({ image: 'string', ...extra }) as never,
      status: type({ ready: 'boolean', address: 'string' }),
    },
    ((schema: { spec: { image: never } }) => {
      const { image } = schema.spec;
      const config = simple.ConfigMap({ name: 'config', data: { IMAGE: image } });
      const db = simple.Secret({ name: 'db', stringData: { password: fromEnv('DEPLOY_KRO_PASSWORD') } });
      const web = simple.Deployment({
        name: 'web',
        image,
        envFrom: [{ configMapRef: { name: config.metadata.name } }, { secretRef: { name: db.metadata.name } }],
      });
      const service = simple.Service({ name: 'web', selector: { app: 'web' }, ports: [{ port: 80 }] });
      return { config, db, web, service };
    }) as never,
    ((
      _schema: never,
      {
        web,
        service,
      }: {
        web: { status: { readyReplicas: { orElse(value: number): { gt(value: number): never } } } };
        service: { metadata: { name: never } };
      },
    ) => ({
      ready: web.status.readyReplicas.orElse(0).gt(0),
      address: Cel.template('http://%s', service.metadata.name),
    })) as never,
  ) as never;
}

process.env['DEPLOY_KRO_PASSWORD'] = 'correct-horse';
const options = (prefix: string, spec: Record<string, unknown> = { image: 'nginx:1' }): ReturnType<typeof optionsFor> =>
  optionsFor({ cluster, namespace: freshName(prefix), mode: 'kro', spec });

describe('a deployment with kro', () => {
  it('makes definition, Secret and instance, waits for what kro makes, writes nothing again, and destroys it', async () => {
    const graph = shop('PlainShop');
    const chosen = options('kro-plain');
    const namespace = chosen.instance.namespace as string;
    const first = await deploy(graph, chosen);
    expect(actions(first.objects)).toEqual({
      'definition plainshop': 'created',
      db: 'created',
      'instance it': 'created',
      config: 'checked',
      web: 'checked',
      service: 'checked',
    });
    expect(first.objects.filter(({ by }) => by === 'kro').map(({ label }) => label)).toEqual(
      first.objects.filter(({ action }) => action === 'checked').map(({ label }) => label),
    );
    expect(first.createdNamespace).toBe(namespace);
    expect(first.status).toEqual({ ready: true, address: 'http://web' });
    const definition = await cluster.get({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      name: 'plainshop',
    });
    expect(JSON.stringify(definition)).not.toContain('correct-horse');
    expect(JSON.stringify(definition)).not.toContain(Buffer.from('correct-horse').toString('base64'));

    expect((await deploy(graph, chosen)).writes).toBe(0);
    expect((await plan(graph, chosen)).changed).toBe(false);
    expect((await status(graph, chosen)).objects.map(({ label, state }) => `${label} ${state}`).sort()).toEqual([
      'config ready',
      'db ready',
      'instance it ready',
      'service ready',
      'web ready',
    ]);

    const second = await deploy(graph, { ...chosen, instance: { ...chosen.instance, spec: { image: 'nginx:2' } } });
    expect(actions(second.objects)).toMatchObject({
      'definition plainshop': 'unchanged',
      db: 'unchanged',
      'instance it': 'updated',
    });
    const web = await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace });
    expect(web).toMatchObject({
      spec: { template: { spec: { containers: [{ image: 'nginx:2' }] } } },
      status: { updatedReplicas: 1, readyReplicas: 1 },
    });

    await destroy(graph, { ...chosen, definition: true });
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeUndefined();
    expect(
      await cluster.get({ apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'plainshop' }),
    ).toBeUndefined();
  });

  it('tells what others did to instance, definition and Secrets, without values of Secrets', async () => {
    const graph = shop('DriftShop', { 'note?': 'string' });
    const chosen = options('kro-drift');
    await deploy(graph, chosen);
    const asked = { ...chosen, drift: true };
    delete process.env['DEPLOY_KRO_PASSWORD'];
    try {
      expect((await status(graph, asked)).drift).toEqual([]);
      const edit = (target: { apiVersion: string; kind: string; name: string }, body: object): Promise<unknown> =>
        cluster.patch(
          { ...target, ...(target.name !== 'driftshop' && { namespace: chosen.instance.namespace }) },
          { type: 'merge', body: body as never },
          { fieldManager: 'kubectl-patch' },
        );
      await edit(
        { apiVersion: 'tests.example.com/v1alpha1', kind: 'DriftShop', name: 'it' },
        { spec: { image: 'nginx:9', note: 'added' } },
      );
      await edit({ ...secret, name: 'db' }, { data: { password: 'eHg=' } });
      await edit(
        { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: 'driftshop' },
        { spec: { schema: { spec: { image: 'string | default="other"' } } } },
      );
      const { drift = [] } = await status(graph, asked);
      expect(drift.map(({ label, path, wanted, found }) => ({ label, path, wanted, found }))).toEqual(
        expect.arrayContaining([
          { label: 'instance it', path: 'spec.image', wanted: 'nginx:1', found: 'nginx:9' },
          { label: 'instance it', path: 'spec.note', wanted: undefined, found: 'added' },
          { label: 'db', path: 'data.password', wanted: '(secret)', found: '(secret)' },
          expect.objectContaining({ label: 'definition driftshop', found: expect.anything() }),
        ]),
      );
      await cluster.delete({
        apiVersion: 'tests.example.com/v1alpha1',
        kind: 'DriftShop',
        name: 'it',
        namespace: chosen.instance.namespace,
      });
      await expect
        .poll(async () => (await status(graph, asked)).drift, { timeout: 20_000 })
        .toContainEqual(
          expect.objectContaining({ label: 'instance it', change: 'deleted', reason: 'somebody deleted it' }),
        );
    } finally {
      process.env['DEPLOY_KRO_PASSWORD'] = 'correct-horse';
    }
  });

  it('sees what another deployment made of a definition that they share', async () => {
    const [one, other] = [options('kro-drift'), options('kro-drift')];
    const graph = shop('CommonShop', { 'note?': 'string' });
    await deploy(graph, one);
    const changed = shop('CommonShop', { note: "string = 'theirs'", 'more?': 'string' });
    await deploy(changed, other);
    const { drift = [] } = await status(graph, { ...one, drift: true });
    const set = { label: 'definition commonshop', manager: 'kubewright', reason: 'another deployment set it' };
    expect(drift.map(({ label, path, manager, reason }) => ({ label, path, manager, reason }))).toEqual([
      { ...set, path: 'spec.schema.spec.more' },
      { ...set, path: 'spec.schema.spec.note' },
    ]);
    expect((await status(changed, { ...other, drift: true })).drift).toEqual([]);
    await destroy(graph, one);
    await destroy(changed, { ...other, definition: true });
  });

  it('gives the same objects and status as direct mode', async () => {
    const graph = shop('SameShop');
    const results = [];
    for (const mode of ['direct', 'kro'] as const) {
      const chosen = optionsFor({ cluster, namespace: freshName(`same-${mode}`), mode, spec: { image: 'nginx:1' } });
      const { status: found } = await deploy(graph, chosen);
      const namespace = chosen.instance.namespace as string;
      const objects = await Promise.all([
        cluster.get({ ...configMap, name: 'config', namespace }),
        cluster.get({ ...secret, name: 'db', namespace }),
        cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace }),
      ]);
      results.push({
        found,
        objects: objects.map((object) => ({
          data: object?.['data'],
          spec: object?.['spec'],
          name: object?.metadata.name,
        })),
      });
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('says that the definition stays, and how it goes', async () => {
    const graph = shop('StayingShop');
    const chosen = options('kro-stays');
    await deploy(graph, chosen);
    const { kept, objects, deletedNamespace } = await destroy(graph, chosen);
    expect(kept).toEqual(['ResourceGraphDefinition stayingshop: --definition deletes it']);
    expect(objects.map(({ label }) => label).sort()).toEqual(['db', 'instance it']);
    expect(deletedNamespace).toBe(chosen.instance.namespace);
    expect(chosen.events).toContainEqual(
      expect.objectContaining({
        plan: expect.objectContaining({ warnings: [expect.stringContaining('--definition deletes it')] }),
      }),
    );
  });

  it('tells nothing of the namespace that is there only for the lock', async () => {
    const graph = shop('LateShop');
    const chosen = options('kro-late');
    await deploy(graph, chosen);
    await destroy(graph, chosen);
    chosen.events.length = 0;
    const { objects, deletedNamespace } = await destroy(graph, { ...chosen, definition: true });
    expect(objects.map(({ label }) => label)).toEqual(['definition lateshop']);
    expect(deletedNamespace).toBeUndefined();
    expect(chosen.events.filter((event) => event.type === 'namespace')).toEqual([]);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: chosen.instance.namespace as string };
    expect(await cluster.get(namespace)).toBeUndefined();
  });

  it('keeps the definition while it has other instances, and says who they are', async () => {
    const graph = shop('SharedShop');
    const [one, two] = [options('kro-one'), options('kro-two')] as [DeployOptions, DeployOptions];
    await deploy(graph, one);
    await deploy(graph, two);
    const wider = shop('SharedShop', { 'size?': 'string' });
    const planned = await plan(wider, one);
    expect(planned.changes).toContainEqual(
      expect.objectContaining({ label: 'definition sharedshop', action: 'update' }),
    );
    expect(planned.warnings).toEqual([
      `ResourceGraphDefinition sharedshop changes for other instances too: ${two.instance.namespace}/it`,
    ]);
    const { kept } = await destroy(graph, { ...one, definition: true });
    expect(kept).toEqual([`ResourceGraphDefinition sharedshop: it has instances: ${two.instance.namespace}/it`]);
    await destroy(graph, { ...two, definition: true });
  });

  it('refuses a change of the kind that kro would refuse, before anything is written', async () => {
    const chosen = options('kro-breaking', { image: 'nginx:1', size: 'big' });
    await deploy(shop('BreakingShop', { size: 'string' }), chosen);
    const narrower = deploy(shop('BreakingShop'), {
      ...chosen,
      instance: { ...chosen.instance, spec: { image: 'nginx:1' } },
    });
    await expect(narrower).rejects.toThrow(
      /definition breakingshop: kro refuses this change of an existing kind: spec\.size: Property size was removed/,
    );
  });

  it('says what is not ready inside of the instance', async () => {
    const graph = toResourceGraph(
      {
        name: 'brokenshop',
        apiVersion: 'tests.example.com/v1alpha1',
        kind: 'BrokenShop',
        spec: type({}),
        status: type({}),
      },
      () =>
        ({
          web: apps.v1.Deployment({
            metadata: { name: 'web' },
            spec: {
              selector: { matchLabels: { app: 'web' } },
              template: {
                metadata: {
                  labels: { app: 'web' },
                  annotations: { 'simulate.kubewright.dev/pod': 'image-pull-error' },
                },
                spec: { containers: [{ name: 'web', image: 'typo' }] },
              },
            },
          }),
        }) as never,
    ) as unknown as Graph;
    await expect(deploy(graph, options('kro-broken', {}))).rejects.toThrow(
      /web: Deployment .*\/web does not become ready: pod web-\S+, container web: (ImagePullBackOff|ErrImagePull)/,
    );
  });

  it('refuses a definition and an instance that somebody else made', async () => {
    const graph = shop('TheirShop');
    const { toDefinition } = await import('../../src/kro/definition.ts');
    await cluster.apply(toDefinition(graph) as never, { fieldManager: 'flux' });
    await expect(deploy(graph, options('kro-theirs'))).rejects.toThrow(
      /definition theirshop: ResourceGraphDefinition theirshop exists and belongs to flux/,
    );
  });
});
