import { type } from 'arktype';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject, ObjectReference } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import type { DeployEvent, Plan } from '../../src/deploy/options.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, optionsFor, secret } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Options = ReturnType<typeof optionsFor>;
const definitionRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' } as const;
const apiVersion = 'back.example.com/v1';

interface Parts {
  /** Ids and names of ConfigMaps beside `config`. */
  readonly maps?: readonly string[];
  readonly password?: string;
  /** Fields of the spec beside `text`. */
  readonly spec?: Record<string, string>;
  /** Makes an instance of another graph. */
  readonly child?: Graph;
  /** A Pod that fails. */
  readonly broken?: boolean;
}

/** Definitions are shared by a whole cluster, so each test has a name of its own. */
function graphOf(name: string, { maps = [], password, spec = {}, child, broken }: Parts = {}): Graph {
  return toResourceGraph(
    { name, apiVersion, kind: kindOf(name), spec: type({ text: 'string', ...spec }) as never, status: type({}) },
    ((schema: { metadata: { name: never }; spec: { text: never } }) => ({
      config: simple.ConfigMap({ name: schema.metadata.name, data: { text: schema.spec.text } }),
      ...Object.fromEntries(maps.map((each) => [each, simple.ConfigMap({ name: each, data: { fixed: each } })])),
      ...(password && { db: simple.Secret({ name: 'db', stringData: { password } }) }),
      ...(child && { inner: child.instance({ text: schema.spec.text }, { name: 'inner' }) }),
      ...(broken && { pod: failing() }),
    })) as never,
  ) as never;
}

const kindOf = (name: string): string => `B${name.replaceAll('-', '')}`;

function failing(): unknown {
  const annotations = { 'simulate.kubewright.dev/pod': 'fail' };
  return core.v1.Pod({
    metadata: { name: 'pod', annotations },
    spec: { containers: [{ name: 'it', image: 'nginx' }] },
  });
}

const fresh = (namespace = freshName('back'), text = 'one'): Options =>
  optionsFor({ cluster, namespace, mode: 'kro', spec: { text } });
const withSpec = (options: Options, spec: Record<string, unknown>): Options => ({
  ...options,
  instance: { ...options.instance, spec },
});
const namespaceOf = ({ instance }: Options): string => instance.namespace as string;
const definition = (name: string): Promise<KubernetesObject | undefined> => cluster.get({ ...definitionRef, name });
const specOf = async (name: string): Promise<unknown> => (await definition(name))?.['spec'];

/** What is in a namespace: texts of ConfigMaps, passwords of Secrets, instances. */
async function state(options: Options, kinds: readonly string[]): Promise<Record<string, unknown>> {
  const namespace = namespaceOf(options);
  const maps = (await cluster.list({ ...configMap, namespace })).items.filter(
    ({ metadata }) => metadata.name !== 'kube-root-ca.crt',
  );
  const secrets = (await cluster.list({ ...secret, namespace })).items.filter((each) => each['type'] === 'Opaque');
  const instances = await Promise.all(
    kinds.map(async (kind) => {
      try {
        return (await cluster.list({ apiVersion, kind, namespace })).items;
      } catch {
        return [];
      }
    }),
  );
  const dataOf = (object: KubernetesObject): Record<string, string> => (object['data'] ?? {}) as never;
  return {
    maps: Object.fromEntries(maps.map((each) => [each.metadata.name, Object.values(dataOf(each)).join()])),
    secrets: Object.fromEntries(secrets.map((each) => [each.metadata.name, atob(dataOf(each)['password'] ?? '')])),
    instances: Object.fromEntries(instances.flat().map(({ metadata, spec }) => [metadata.name, spec])),
  };
}

const actionsOf = ({ changes }: Plan): string[] => changes.map(({ action, label }) => `${action} ${label}`).sort();

describe('rollback with kro', () => {
  it('restores definitions, Secrets and instance, takes away what the revision had not, and is a revision of its own', async () => {
    const name = freshName('restores');
    const kinds = [kindOf(name), kindOf(`${name}-child`)];
    const child = graphOf(`${name}-child`);
    const one = graphOf(name, { maps: ['first'], password: 'correct-horse' });
    const two = graphOf(name, { maps: ['second'], password: 'battery-staple', child });
    const options = fresh(name);
    await deploy(one, options);
    const before = { objects: await state(options, kinds), definition: await specOf(name) };
    expect(before.objects).toEqual({
      maps: { it: 'one', first: 'first' },
      secrets: { db: 'correct-horse' },
      instances: { it: { text: 'one' } },
    });
    const later = withSpec(options, { text: 'two' });
    await deploy(two, later);
    const after = { objects: await state(options, kinds), definition: await specOf(name) };
    expect(after.objects).toEqual({
      maps: { it: 'two', inner: 'two', second: 'second' },
      secrets: { db: 'battery-staple' },
      instances: { it: { text: 'two' }, inner: { text: 'two' } },
    });
    const plans: Plan[] = [];
    const confirm = (made: Plan): boolean => plans.push(made) > 0;
    const result = await rollback(graphOf(name), { ...withSpec(options, { text: 'now' }), confirm });
    expect(result.revision).toBe(1);
    expect(plans.map(actionsOf)).toEqual([
      [`delete definition ${name}-child`, 'update db', `update definition ${name}`, 'update instance it'],
    ]);
    expect(plans[0]?.warnings).toEqual([
      expect.stringMatching(
        /-child: the CustomResourceDefinition of \w+ stays, unless kro runs with --allow-crd-deletion/,
      ),
    ]);
    expect({ objects: await state(options, kinds), definition: await specOf(name) }).toEqual(before);
    expect(await definition(`${name}-child`)).toBeUndefined();
    const [last] = (await history(one, options)).revisions;
    expect(last).toMatchObject({ number: 3, rollbackTo: 1, result: 'deployed', current: true, mode: 'kro' });
    // The graph of then has nothing to do, nor a second rollback to the same revision.
    expect((await deploy(one, options)).writes).toBe(0);
    expect((await rollback(two, { ...later, to: 1 })).writes).toBe(0);
    // What was taken away comes back.
    await rollback(one, { ...options, to: 2 });
    expect({ objects: await state(options, kinds), definition: await specOf(name) }).toEqual(after);
    const said = JSON.stringify([plans, result, options.events]);
    for (const value of ['correct-horse', 'battery-staple', btoa('correct-horse'), btoa('battery-staple')])
      expect(said).not.toContain(value);
    await destroy(two, { ...options, definition: true });
  });

  it('names the instances of others that change with the definition, and never takes a definition that they use', async () => {
    const name = freshName('shared');
    const child = graphOf(`${name}-child`);
    const [options, theirs] = [fresh(name), fresh(`${name}-theirs`)];
    await deploy(graphOf(name), options);
    await deploy(graphOf(name, { child }), options);
    // As the same graph in another namespace, under the same name, and as an instance of the inner graph itself.
    await deploy(graphOf(name, { child }), theirs);
    await deploy(child, { ...theirs, instance: { ...theirs.instance, name: 'own' } });
    const plans: Plan[] = [];
    const confirm = (made: Plan): boolean => plans.push(made) > 0;
    await rollback(graphOf(name), { ...options, confirm });
    expect(plans.map(actionsOf)).toEqual([['unchanged instance it', `update definition ${name}`]]);
    expect(plans[0]?.warnings).toEqual([
      `ResourceGraphDefinition ${name} changes for other instances too: ${name}-theirs/it`,
      expect.stringMatching(
        new RegExp(
          `${name}-child is no longer needed and stays: it has instances: ${name}-theirs/inner, ${name}-theirs/own`,
        ),
      ),
    ]);
    expect(await definition(`${name}-child`)).toBeDefined();
    expect(await state(options, [kindOf(`${name}-child`)])).toMatchObject({ instances: {} });
  });

  it('refuses what would break the kind before anything is written, and says the way out', async () => {
    const name = freshName('breaks');
    const options = fresh(name);
    await deploy(graphOf(name), options);
    await deploy(graphOf(name, { spec: { 'size?': 'string' } }), withSpec(options, { text: 'two', size: 'big' }));
    const version = (await definition(name))?.metadata.resourceVersion;
    await expect(rollback(graphOf(name), options)).rejects.toMatchObject({
      code: 'BreakingDefinition',
      message: expect.stringMatching(
        /spec\.size: Property size was removed\. Deploy the stack as it was then, with what its schema got since, or allow it: kubectl annotate resourcegraphdefinition \S+ kro\.run\/allow-breaking-changes=true/,
      ),
    });
    expect((await definition(name))?.metadata.resourceVersion).toBe(version);
    expect((await history(graphOf(name), options)).revisions).toHaveLength(2);
    await cluster.patch(
      { ...definitionRef, name },
      { type: 'merge', body: { metadata: { annotations: { 'kro.run/allow-breaking-changes': 'true' } } } },
    );
    await rollback(graphOf(name), options);
    expect(await state(options, [kindOf(name)])).toMatchObject({ instances: { it: { text: 'one' } } });
  });

  it.each([
    ['that there is not', { to: 9 }, { code: 'NoSuchRevision', message: expect.stringMatching(/can be restored: 1/) }],
    ['of another mode', { mode: 'direct' }, { code: 'ModeChange' }],
  ] as const)('refuses a revision %s', async (_, more, error) => {
    const name = freshName('refused');
    const options = fresh(name);
    await deploy(graphOf(name), options);
    await deploy(graphOf(name), withSpec(options, { text: 'two' }));
    await expect(rollback(graphOf(name), { ...options, ...more })).rejects.toMatchObject(error);
  });

  it('refuses a revision of another definition', async () => {
    const name = freshName('renamed');
    const options = fresh(name);
    await deploy(graphOf(name), options);
    const other = { ...graphOf(`${name}-other`), stackName: name };
    await deploy(other, { ...options, migrate: true });
    await expect(rollback(other, { ...options, to: 1 })).rejects.toMatchObject({
      code: 'ModeChange',
      message: expect.stringMatching(/is deployed as \w+other, not \w+\. Choose a revision of the same definition/),
    });
  });
});

describe('--rollback-on-failure with kro', () => {
  it('restores definition, Secret and instance, also a schema that grew, and deletes what the run created', async () => {
    const name = freshName('undone');
    const kinds = [kindOf(name), kindOf(`${name}-child`)];
    const options = { ...fresh(name), rollbackOnFailure: true };
    const good = graphOf(name, { maps: ['first'], password: 'correct-horse' });
    await deploy(good, options);
    const before = { objects: await state(options, kinds), definition: await specOf(name) };
    const child = graphOf(`${name}-child`);
    const bad = graphOf(name, { password: 'battery-staple', spec: { 'size?': 'string' }, child, broken: true });
    const error = await deploy(bad, withSpec(options, { text: 'two', size: 'big' })).catch(
      (caught: unknown) => caught as Error,
    );
    expect(error).toMatchObject({
      code: 'RolledBack',
      message: expect.stringMatching(
        /pod: Pod[\s\S]*what was there before is restored \(revision 1\)[\s\S]*restored: [\s\S]*deleted: definition \S+-child/,
      ),
    });
    expect((error as Error).message).not.toMatch(/battery|horse/);
    expect({ objects: await state(options, kinds), definition: await specOf(name) }).toEqual(before);
    expect((await definition(name))?.metadata.annotations ?? {}).not.toHaveProperty(['kro.run/allow-breaking-changes']);
    expect(await definition(`${name}-child`)).toBeUndefined();
    const [last] = (await history(good, options)).revisions;
    expect(last).toMatchObject({ number: 2, result: 'rolledBack', current: true });
    expect((await deploy(good, options)).writes).toBe(0);
  });

  it('deletes everything that a first deployment created, instance before definition', async () => {
    const name = freshName('first');
    const options = { ...fresh(name), rollbackOnFailure: true };
    const child = graphOf(`${name}-child`);
    await expect(deploy(graphOf(name, { child, broken: true, password: 'x' }), options)).rejects.toThrow(
      /pod: Pod[\s\S]*nothing was deployed before, so what it created is deleted[\s\S]*CustomResourceDefinition of \w+ stays/,
    );
    expect(await state(options, [kindOf(name), kindOf(`${name}-child`)])).toEqual({
      maps: {},
      secrets: {},
      instances: {},
    });
    expect([await definition(name), await definition(`${name}-child`)]).toEqual([undefined, undefined]);
    const deleted = options.events.flatMap((event) =>
      event.type === 'object' && event.action === 'deleted' ? event.object.label : [],
    );
    expect(deleted).toEqual(['instance it', 'db', `definition ${name}`, `definition ${name}-child`]);
    await deploy(graphOf(name), options);
  });

  it('gives a definition back to the instances that share it', async () => {
    const name = freshName('common');
    const theirs = fresh(`${name}-theirs`);
    await deploy(graphOf(name, { maps: ['first'] }), theirs);
    const before = await specOf(name);
    const options = { ...fresh(name), rollbackOnFailure: true };
    const bad = graphOf(name, { spec: { 'size?': 'string' }, broken: true });
    await expect(deploy(bad, options)).rejects.toMatchObject({ code: 'RolledBack' });
    expect(await specOf(name)).toEqual(before);
    await vi.waitFor(async () => expect(await state(theirs, [])).toMatchObject({ maps: { first: 'first' } }), 10_000);
    expect(await state(options, [kindOf(name)])).toEqual({ maps: {}, secrets: {}, instances: {} });
  });

  it('leaves a definition that the run does not touch as others made it', async () => {
    const name = freshName('theirs');
    const inner = `${name}-inner`;
    const options = { ...fresh(name), rollbackOnFailure: true };
    await deploy(graphOf(name, { child: graphOf(inner) }), options);
    await deploy(graphOf(inner, { maps: ['theirs'] }), fresh(`${name}-theirs`));
    const before = { outer: await specOf(name), inner: await specOf(inner) };
    await expect(deploy(graphOf(name, { broken: true }), options)).rejects.toMatchObject({ code: 'RolledBack' });
    expect({ outer: await specOf(name), inner: await specOf(inner) }).toEqual(before);
  });

  it.each([
    [
      'an instance of others uses what the run added',
      (name: string) => [
        { apiVersion, kind: kindOf(name), name: 'it', namespace: `${name}-theirs` },
        { spec: { size: 'big' } },
      ],
      /kro refuses this change of an existing kind: spec\.size/,
    ],
    [
      'somebody else wrote the definition since',
      (name: string) => [
        { ...definitionRef, name },
        { spec: { schema: { spec: { size: 'string | description="theirs"' } } } },
      ],
      /somebody else changed ResourceGraphDefinition \S+ in the meantime, so it is not restored/,
    ],
  ] as const)('leaves a definition alone when %s, and says so', async (_, edit, reason) => {
    const name = freshName('taken');
    await deploy(graphOf(name), fresh(`${name}-theirs`));
    const [ref, body] = edit(name) as [ObjectReference, object];
    let edited: Promise<unknown> | undefined;
    const onEvent = (event: DeployEvent): void => {
      if (event.type === 'object' && event.object.label === 'instance it')
        edited ??= cluster.patch(ref, { type: 'merge', body: body as never }, { fieldManager: 'kubectl-edit' });
    };
    const bad = graphOf(name, { spec: { 'size?': 'string' }, broken: true });
    const error = await deploy(bad, { ...fresh(name), rollbackOnFailure: true, onEvent }).catch(
      (caught: unknown) => caught,
    );
    await edited;
    expect(error).toMatchObject({ code: 'RollbackFailed', message: expect.stringMatching(reason) });
    expect(JSON.stringify(await specOf(name))).toContain('size');
  });

  it('does not write any more when another run took the lock', async () => {
    const name = freshName('lost');
    const options = { ...fresh(name), rollbackOnFailure: true };
    await deploy(graphOf(name), options);
    const slow = toResourceGraph(
      { name, apiVersion, kind: kindOf(name), spec: type({ text: 'string' }), status: type({}) },
      ({ spec }) => ({
        config: simple.ConfigMap({ name: 'it', data: { text: spec.text } }),
        gate: simple.ConfigMap({ name: 'gate', data: {} }, { readyWhen: (self) => self.metadata.name.eq('never') }),
      }),
    ) as never as Graph;
    const running = deploy(slow, withSpec(options, { text: 'two' })).catch((error: unknown) => error);
    const namespace = namespaceOf(options);
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: `kubewright.${name}.it`, namespace };
    await vi.waitFor(async () => expect(await state(options, [])).toMatchObject({ maps: { it: 'two' } }), 15_000);
    await vi.waitFor(async () => {
      const held = await cluster.get(lease);
      await cluster.update({ ...held, spec: { holderIdentity: 'another-machine/1/x' } } as never);
    }, 5_000);
    expect(await running).toMatchObject({ code: 'LockLost' });
    expect(await state(options, [])).toMatchObject({ maps: { it: 'two' } });
  });

  it('is refused for a move, which has no way back', async () => {
    const name = freshName('moves');
    const options = { ...fresh(name), mode: 'direct' as const, rollbackOnFailure: true };
    await deploy(graphOf(name), options);
    await expect(deploy(graphOf(name), { ...options, mode: 'kro', migrate: true })).rejects.toMatchObject({
      code: 'ModeChange',
      message: expect.stringMatching(/what was there before a move cannot be restored/),
    });
    expect(await definition(name)).toBeUndefined();
  });
});
