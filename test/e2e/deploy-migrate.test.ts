import { type } from 'arktype';
import { afterAll, describe, expect, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { doneCounts, plannedCounts } from '../../src/cli/counts.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import type { DeployOptions, Mode } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import type { KubewrightError } from '../../src/errors.ts';
import { Cel } from '../../src/expr/cel.ts';
import { finishGraph, toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, namesIn, optionsFor, secret } from './deploying.ts';
import { inParallel } from './least-privilege.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const service = { apiVersion: 'v1', kind: 'Service' } as const;

/** A kind of its own for each test: definitions are shared by a whole cluster. */
function shop(name: string, extra: readonly string[] = []): Graph {
  return toResourceGraph(
    {
      name,
      apiVersion: 'tests.example.com/v1alpha1',
      kind: `M${name.replaceAll('-', '')}`,
      spec: type({ image: 'string' }),
      status: type({}),
    },
    (schema) => ({
      settings: simple.ConfigMap({ name: 'settings', data: { image: schema.spec.image } }),
      db: simple.Secret({ name: 'db', stringData: { password: 'correct-horse' } }),
      web: simple.Deployment({ name: 'web', image: schema.spec.image }),
      service: simple.Service({ name: 'web', selector: { app: 'web' }, ports: [{ port: 80 }] }),
      ...Object.fromEntries(extra.map((each) => [each, simple.ConfigMap({ name: each, data: {} })])),
    }),
  );
}

/** One object needs what only the cluster knows of another. */
function waiting(name: string, secrets: readonly string[] = [], maps: readonly string[] = []): Graph {
  return toResourceGraph(
    {
      name,
      apiVersion: 'tests.example.com/v1alpha1',
      kind: `M${name.replaceAll('-', '')}`,
      spec: type({}),
      status: type({}),
    },
    () => {
      const settings = simple.ConfigMap({ name: 'settings', data: { key: 'value' } });
      const uid = Cel.expr<string>('string(', settings.metadata.uid as never, ')');
      return {
        settings,
        later: simple.ConfigMap({ name: 'later', data: { uid } }),
        ...Object.fromEntries(
          secrets.map((each) => [each, simple.Secret({ name: each, stringData: { a: 'secret-value' } })]),
        ),
        ...Object.fromEntries(maps.map((each) => [each, simple.ConfigMap({ name: each, data: {} })])),
      };
    },
  );
}

const objects = [
  { ...configMap, name: 'settings' },
  { ...secret, name: 'db' },
  { ...deployment, name: 'web' },
  { ...service, name: 'web' },
];

/** Identity of every object: a new UID would be a new object. */
async function uids(namespace: string): Promise<Record<string, string | undefined>> {
  const found = await Promise.all(objects.map((ref) => cluster.get({ ...ref, namespace })));
  const pods = await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace });
  return Object.fromEntries([
    ...objects.map(({ kind }, index) => [kind, found[index]?.metadata.uid]),
    ...pods.items.map(({ metadata }) => [`Pod ${metadata.name}`, metadata.uid]),
  ]);
}

const labelsOf = async (namespace: string): Promise<Record<string, string>> =>
  (await cluster.get({ ...configMap, name: 'settings', namespace }))?.metadata.labels ?? {};

const inMode = (options: DeployOptions, mode: Mode): DeployOptions => ({ ...options, mode, migrate: true });

/** A process that dies behind its n-th write: nothing that it sends later arrives. */
function dyingAfter(writes: number): { readonly cluster: Cluster; readonly died: () => boolean } {
  let left = writes;
  let dead = false;
  const mutating = new Set(['apply', 'create', 'update', 'patch', 'delete']);
  const proxy = new Proxy(cluster, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly { kind?: string; dryRun?: boolean }[]) => {
        const isWrite =
          mutating.has(String(name)) && !args[0]?.kind?.endsWith('Review') && !args.some((arg) => arg?.dryRun);
        if (isWrite && left-- <= 0) dead = true;
        if (dead && name !== 'close') throw new Error('killed');
        return (value as (...all: unknown[]) => unknown).apply(target === receiver ? receiver : target, [...args]);
      };
    },
  });
  return { cluster: proxy, died: () => dead };
}

/** The lock of the dead process is not waited for. */
async function removeLocks(namespace: string): Promise<void> {
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
  for (const name of await namesIn(cluster, namespace, lease)) await cluster.delete({ ...lease, name, namespace });
}

describe('a change of the mode', () => {
  it('is refused, and says how it is done', async () => {
    const name = freshName('refused');
    const options = optionsFor({ cluster, namespace: name, spec: { image: 'nginx:1' } });
    await deploy(shop(name), options);
    await expect(deploy(shop(name), { ...options, mode: 'kro' })).rejects.toThrow(
      /is deployed in mode direct, not kro\. .*--migrate/,
    );
    await expect(destroy(shop(name), { ...options, mode: 'kro' })).rejects.toThrow(
      /is deployed in mode direct, not kro/,
    );
    expect((await labelsOf(name))['kro.run/owned']).toBeUndefined();
    // A definition of another name is the same deployment all the same.
    const renamed = finishGraph({ ...shop(name), stackName: name, name: `${name}-other`, kind: 'RefusedOther' });
    await expect(deploy(renamed, { ...options, mode: 'kro' })).rejects.toThrow(/is deployed in mode direct, not kro/);
  });

  it.each<{ from: Mode; to: Mode }>([
    { from: 'direct', to: 'kro' },
    { from: 'kro', to: 'direct' },
  ])('is planned without deletions while it is refused, $from to $to', async ({ from, to }) => {
    const name = freshName(`unasked-${to}`);
    const options = optionsFor({ cluster, namespace: name, mode: from });
    await deploy(waiting(name, ['old']), options);
    const { changes, problems } = await plan(waiting(name), { ...options, mode: to });
    expect(problems.map((problem) => (problem as KubewrightError).code)).toEqual(['ModeChange']);
    expect(changes.filter(({ action }) => action === 'delete')).toEqual([]);
  });

  it.each<{ from: Mode; to: Mode }>([
    { from: 'direct', to: 'kro' },
    { from: 'kro', to: 'direct' },
  ])('is planned and told in the same counts, $from to $to', async ({ from, to }) => {
    const name = freshName(`counts-${to}`);
    const graph = waiting(name, [], ['one', 'two']);
    const options = optionsFor({ cluster, namespace: name, mode: from });
    await deploy(waiting(name, ['old'], ['one', 'two', 'former']), options);
    const moving = inMode(options, to);
    const planned = await plan(graph, moving);
    expect([...planned.problems, ...planned.pending]).toEqual([]);
    const result = await deploy(graph, moving);
    const objects = result.objects.filter(({ by }) => by === undefined);
    const [before, after] =
      to === 'kro'
        ? ['2 to create, 3 to take over, 2 to delete', '2 created, 3 taken over, 2 deleted']
        : ['4 to take over, 3 to delete', '4 taken over, 3 deleted'];
    expect(plannedCounts(planned, { mode: 'direct', work: 'deploy' })).toBe(before);
    expect(doneCounts({ ...result, objects })).toBe(after);
    const [revision] = (await history(graph, { ...options, mode: to })).revisions;
    expect(revision?.changes).toMatchObject(
      to === 'kro'
        ? { created: { count: 2 }, deleted: { count: 2 } }
        : { adopted: { count: 4 }, deleted: { count: 3 } },
    );
    expect(revision?.changes.updated).toBeUndefined();
  });

  it('is refused while everything is in its place when it would delete much', async () => {
    const name = freshName('shrinks');
    const options = optionsFor({ cluster, namespace: name, mode: 'kro' });
    await deploy(waiting(name, ['old'], ['former']), options);
    await expect(deploy(waiting(name), inMode(options, 'direct'))).rejects.toThrow(/2 objects would be deleted/);
    expect((await labelsOf(name))['kro.run/owned']).toBe('true');
    expect((await history(waiting(name), options)).revisions).toHaveLength(1);
    await deploy(waiting(name), { ...inMode(options, 'direct'), allowEmpty: true });
    expect(await namesIn(cluster, name, configMap)).toEqual(['later', 'settings']);
  });

  it('moves to kro and back: the same objects and pods, and each mode then works as ever', async () => {
    const name = freshName('moves');
    const graph = shop(name);
    const options = optionsFor({ cluster, namespace: name, spec: { image: 'nginx:1' } });
    const v2 = { ...options, instance: { ...options.instance, spec: { image: 'nginx:2' } } };
    await deploy(shop(name, ['obsolete']), options);
    const before = await uids(name);

    const planned = await plan(graph, inMode(options, 'kro'));
    expect(planned.problems).toEqual([]);
    expect(planned.warnings).toContainEqual(
      expect.stringMatching(/from mode direct to mode kro: 3 objects change hands/),
    );
    expect(planned.changes.filter(({ action }) => action === 'delete').map(({ label }) => label)).toEqual(['obsolete']);
    expect((await labelsOf(name))['kro.run/owned']).toBeUndefined();

    await deploy(graph, inMode(options, 'kro'));
    expect(await uids(name)).toEqual(before);
    expect((await labelsOf(name))['kro.run/owned']).toBe('true');
    expect(await namesIn(cluster, name, configMap)).toEqual(['settings']);
    expect((await deploy(graph, { ...options, mode: 'kro' })).writes).toBe(0);
    await deploy(graph, { ...v2, mode: 'kro' });
    const image = async (): Promise<unknown> =>
      ((await cluster.get({ ...configMap, name: 'settings', namespace: name })) as never as { data: { image: string } })
        .data.image;
    expect(await image()).toBe('nginx:2');
    const inKro = await uids(name);

    const back = await plan(graph, inMode(v2, 'direct'));
    expect(back.problems).toEqual([]);
    expect(back.warnings).toContainEqual(expect.stringMatching(/from mode kro to mode direct: 3 objects change hands/));
    await deploy(graph, inMode(v2, 'direct'));
    expect(await uids(name)).toEqual(inKro);
    const labels = await labelsOf(name);
    expect(Object.keys(labels).filter((key) => key.startsWith('kro.run/'))).toEqual([]);
    expect(
      await cluster.list({ apiVersion: `tests.example.com/v1alpha1`, kind: graph.kind, namespace: name }),
    ).toMatchObject({ items: [] });
    expect((await deploy(graph, v2)).writes).toBe(0);
    await deploy(graph, options);
    expect(await image()).toBe('nginx:1');
    await destroy(graph, options);
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name })).toBeUndefined();
  });

  it.each(['direct', 'kro'] as const)(
    'lists the instances that go with a move of a chain from kro to %s',
    async (to) => {
      const name = freshName('chain');
      const inner = shop(`${name}-inner`);
      const chain = (stackName: string): Graph =>
        toResourceGraph(
          {
            name: stackName,
            apiVersion: 'tests.example.com/v1alpha1',
            kind: `M${stackName.replaceAll('-', '')}`,
            spec: type({}),
          },
          () => ({ shop: inner.instance({ image: 'nginx:1' }, { name: 'shop' }) }),
        ) as never;
      const graph = chain(name);
      const moved = to === 'direct' ? graph : { ...chain(`${name}-other`), stackName: name };
      const options = optionsFor({ cluster, namespace: name, mode: 'kro' });
      await deploy(graph, options);
      const before = await uids(name);
      const { changes, warnings, problems } = await plan(moved, inMode(options, to));
      expect(problems).toEqual([]);
      expect(changes.filter(({ action }) => action === 'delete').map(({ label, kind }) => [label, kind])).toEqual([
        ['instance it', graph.kind],
        ['shop', inner.kind],
      ]);
      expect(warnings).toContainEqual(expect.stringMatching(/: 3 objects change hands/));
      await deploy(moved, inMode(options, to));
      expect(await uids(name)).toEqual(before);
      const instances = { apiVersion: 'tests.example.com/v1alpha1', namespace: name };
      expect((await cluster.list({ ...instances, kind: graph.kind })).items).toEqual([]);
      const nested = (await cluster.list({ ...instances, kind: inner.kind })).items;
      expect(nested).toHaveLength(to === 'direct' ? 0 : 1);
    },
  );

  it('moves to a definition of another name', async () => {
    const name = freshName('renamed');
    const graph = shop(name);
    const renamed = finishGraph({ ...graph, stackName: name, name: `${name}-other`, kind: `${graph.kind}Other` });
    const options = optionsFor({ cluster, namespace: name, mode: 'kro', spec: { image: 'nginx:1' } });
    await deploy(graph, options);
    const before = await uids(name);
    await expect(deploy(renamed, options)).rejects.toThrow(/is deployed as \w+, not \w+Other\. .*--migrate/);
    await deploy(renamed, { ...options, migrate: true });
    expect(await uids(name)).toEqual(before);
    expect((await labelsOf(name))['kro.run/instance-kind']).toBe(renamed.kind);
    await destroy(renamed, { ...options, definition: true });
  });

  it.each<{ from: Mode; to: Mode }>([
    { from: 'direct', to: 'kro' },
    { from: 'kro', to: 'direct' },
  ])('goes on after a kill at any write, $from to $to', { timeout: 400_000 }, async ({ from, to }) => {
    const kill = async (
      writes: number,
    ): Promise<{ writes: number; died: boolean; same: boolean; again: number; owned: boolean }> => {
      const name = freshName(`kill-${to}`);
      const graph = shop(name);
      const options = optionsFor({ cluster, namespace: name, mode: from, spec: { image: 'nginx:1' } });
      await deploy(graph, options);
      const before = await uids(name);
      const dying = dyingAfter(writes);
      await deploy(graph, { ...inMode(options, to), cluster: dying.cluster, timeoutMs: 30_000 }).catch(() => undefined);
      await removeLocks(name);
      await deploy(graph, inMode(options, to));
      const after = await uids(name);
      const { writes: again } = await deploy(graph, { ...options, mode: to });
      const owned = (await labelsOf(name))['kro.run/owned'] === 'true';
      const result = {
        writes,
        died: dying.died(),
        same: JSON.stringify(after) === JSON.stringify(before),
        again,
        owned,
      };
      await destroy(graph, { ...options, mode: to, definition: true });
      const left: KubernetesObject[] = [];
      if (await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name }))
        left.push(...(await cluster.list({ ...deployment, namespace: name })).items);
      expect(left).toEqual([]);
      return result;
    };
    const results = await inParallel([...Array.from({ length: 14 }).keys()], 4, kill);
    expect(results.filter(({ same, again, owned }) => !same || again !== 0 || owned !== (to === 'kro'))).toEqual([]);
    expect(results.filter(({ died }) => died).length).toBeGreaterThan(8);
  });
});
