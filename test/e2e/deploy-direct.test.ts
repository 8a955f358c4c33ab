import { afterAll, describe, expect, it } from 'vitest';
import picocolors from 'picocolors';
import { planText } from '../../src/cli/plan-text.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { Plan } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { fromEnv, simple } from '../../src/k8s/index.ts';
import { configMap, configMaps, connectTo, freshName, graphOf, namesIn, optionsFor, secret } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const actions = (objects: readonly { label: string; action: string }[]): Record<string, string> =>
  Object.fromEntries(objects.map(({ label, action }) => [label, action]));

describe('a direct deployment', () => {
  it('creates namespace and objects, writes nothing the second time, and destroys everything', async () => {
    const graph = graphOf('plain', configMaps(['a', 'b']));
    const options = optionsFor({ cluster, namespace: freshName('plain') });
    const { namespace } = options.instance as { namespace: string };
    const first = await deploy(graph, options);
    expect(actions(first.objects)).toEqual({ a: 'created', b: 'created' });
    expect(first.objects.every(({ ready }) => ready)).toBe(true);

    const second = await deploy(graph, options);
    expect(second.writes).toBe(0);
    expect(actions(second.objects)).toEqual({ a: 'unchanged', b: 'unchanged' });
    expect((await plan(graph, options)).changed).toBe(false);
    expect((await status(graph, options)).objects.map(({ state }) => state)).toEqual(['ready', 'ready']);

    await destroy(graph, options);
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace })).toBeUndefined();
    expect((await destroy(graph, options)).writes).toBe(0);
  });

  it('deletes what the graph no longer names, after the rest is ready', async () => {
    const options = optionsFor({ cluster, namespace: freshName('prune') });
    await deploy(graphOf('prune', configMaps(['a', 'b', 'c'])), options);
    const result = await deploy(graphOf('prune', configMaps(['a', 'd', 'c'])), options);
    expect(actions(result.objects)).toEqual({ a: 'unchanged', c: 'unchanged', d: 'created', b: 'deleted' });
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['a', 'c', 'd']);
    const last = options.events.filter((event) => event.type === 'object').at(-1);
    expect(last).toMatchObject({ action: 'deleted' });
  });

  it('updates what reads an object that changes', async () => {
    const options = optionsFor({ cluster, namespace: freshName('read') });
    const read = (value: string) =>
      graphOf('read', () => {
        const origin = simple.ConfigMap({ name: 'origin', data: { value } });
        return { origin, reader: simple.ConfigMap({ name: 'reader', data: { copy: origin.data['value'] as never } }) };
      });
    for (const value of ['one', 'two']) {
      await deploy(read(value), options);
      const reader = await cluster.get({ ...configMap, name: 'reader', namespace: options.instance.namespace });
      expect(reader?.['data']).toEqual({ copy: value });
    }
  });

  it('asks before it deletes most of what there is', async () => {
    const options = optionsFor({ cluster, namespace: freshName('shrink') });
    await deploy(graphOf('shrink', configMaps(['a', 'b', 'c', 'd', 'e'])), options);
    const small = graphOf('shrink', configMaps(['a']));
    await expect(deploy(small, options)).rejects.toThrow(
      /4 objects would be deleted and 1 of 5 would be left.*--allow-empty/,
    );
    const { objects } = await deploy(small, { ...options, allowEmpty: true });
    expect(objects.filter(({ action }) => action === 'deleted')).toHaveLength(4);
  });

  it('refuses objects that exist and are not ours, names all of them, and takes them over when told to', async () => {
    const options = optionsFor({ cluster, namespace: freshName('adopt') });
    const namespace = options.instance.namespace as string;
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const name of ['a', 'b'])
      await cluster.create(
        { ...configMap, metadata: { name, namespace }, data: { key: 'theirs', old: 'x' } },
        { fieldManager: 'kubectl-create' },
      );
    const graph = graphOf('adopt', configMaps(['a', 'b', 'c']));
    const refused = await deploy(graph, options).catch((error: Error) => error.message);
    expect(refused).toMatch(/a: ConfigMap .*\/a exists and belongs to kubectl-create\. .*--adopt/);
    expect(refused).toMatch(/b: ConfigMap .*\/b exists/);
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['a', 'b']);

    const { objects } = await deploy(graph, { ...options, adopt: true });
    expect(actions(objects)).toEqual({ a: 'adopted', b: 'adopted', c: 'created' });
    const adopted = await cluster.get({ ...configMap, name: 'a', namespace });
    expect(adopted?.['data']).toEqual({ key: 'value' });
    expect((await deploy(graph, options)).writes).toBe(0);
  });

  it('19. namespace with foreign objects survives', async () => {
    const options = optionsFor({ cluster, namespace: freshName('shared') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('shared', configMaps(['a']));
    await deploy(graph, options);
    await cluster.create({ ...configMap, metadata: { name: 'theirs', namespace } });
    const { kept } = await destroy(graph, options);
    expect(kept).toEqual([`Namespace ${namespace}: it holds ConfigMap theirs`]);
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['theirs']);
    expect(options.events).toContainEqual(
      expect.objectContaining({ type: 'namespace', action: 'kept', reason: 'it holds ConfigMap theirs' }),
    );
  });

  it('says that the namespace goes too, before and after', async () => {
    const options = optionsFor({ cluster, namespace: freshName('goes') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('goes', configMaps(['a']));
    expect(await deploy(graph, options)).toMatchObject({ createdNamespace: namespace });
    const plans: Plan[] = [];
    const { objects, deletedNamespace } = await destroy(graph, {
      ...options,
      confirm: (shown) => plans.push(shown) > 0,
    });
    expect(plans).toMatchObject([{ deletesNamespace: namespace }]);
    const text = planText(plans[0] as Plan, picocolors.createColors(false), { mode: 'direct', work: 'destroy' });
    expect(text).toContain(`- Namespace ${namespace} (if nothing else is in it)`);
    expect(text).toContain(`1 to delete, and Namespace ${namespace}`);
    expect({ objects, deletedNamespace }).toMatchObject({ objects: [{ name: 'a' }], deletedNamespace: namespace });
  });

  it('keeps what is marked so, when it leaves the graph and when everything goes', async () => {
    const options = optionsFor({ cluster, namespace: freshName('keep') });
    const namespace = options.instance.namespace as string;
    const withKept = graphOf('keep', () => ({
      a: simple.ConfigMap({ name: 'a', data: {} }),
      kept: simple.ConfigMap({ name: 'kept', data: {} }, { keep: true }),
    }));
    await deploy(withKept, options);
    const result = await deploy(graphOf('keep', configMaps(['a'], {})), options);
    expect(result.objects.map(({ label }) => label)).toEqual(['a']);
    await destroy(graphOf('keep', configMaps(['a'], {})), options);
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['kept']);
  });

  it('25. no Secret value in plan, JSON, logs or errors; a missing variable is named', async () => {
    const options = optionsFor({ cluster, namespace: freshName('secrets') });
    const namespace = options.instance.namespace as string;
    const graphWith = (text: string) =>
      graphOf('secrets', () => ({
        db: simple.Secret({ name: 'db', stringData: { user: text, password: fromEnv('DEPLOY_TEST_PASSWORD') } }),
      }));
    delete process.env['DEPLOY_TEST_PASSWORD'];
    await expect(deploy(graphWith('alice'), options)).rejects.toThrow(
      /^db stringData\.password: environment variable DEPLOY_TEST_PASSWORD is not set\. /,
    );
    process.env['DEPLOY_TEST_PASSWORD'] = 'correct-horse';
    const result = await deploy(graphWith('alice'), options);
    const stored = (await cluster.get({ ...secret, name: 'db', namespace }))?.['data'] as Record<string, string>;
    expect(
      Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])),
    ).toEqual({ user: 'alice', password: 'correct-horse' });
    expect((await deploy(graphWith('alice'), options)).writes).toBe(0);
    process.env['DEPLOY_TEST_PASSWORD'] = 'battery-staple';
    const planned = await plan(graphWith('alice'), options);
    expect(planned.changes).toMatchObject([
      { action: 'update', fields: [{ path: 'data.password', before: '(secret)', after: '(secret)' }] },
    ]);
    const shown = JSON.stringify([result, planned, options.events]);
    for (const value of ['correct-horse', 'battery-staple', 'alice']) {
      expect(shown).not.toContain(value);
      expect(shown).not.toContain(Buffer.from(value).toString('base64'));
    }
  });

  it('takes Secrets that exist as they are, and names the ones that do not', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('existing') }), secrets: 'existing' as const };
    const namespace = options.instance.namespace as string;
    const graph = graphOf('existing', () => ({
      db: simple.Secret({ name: 'db', stringData: { password: 'unused' } }),
      a: simple.ConfigMap({ name: 'a', data: {} }),
    }));
    await expect(deploy(graph, options)).rejects.toThrow(/^db: Secret .*\/db does not exist.*secrets: 'existing'/);
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await cluster.create({
      ...secret,
      metadata: { name: 'db', namespace },
      stringData: { password: 'theirs' },
    });
    const { objects } = await deploy(graph, options);
    expect(actions(objects)).toEqual({ db: 'checked', a: 'created' });
    await destroy(graph, options);
    expect(await namesIn(cluster, namespace, secret)).toEqual(['db']);
  });

  it('refuses an instance that is deployed in the other mode', async () => {
    const options = optionsFor({ cluster, namespace: freshName('mode') });
    const graph = graphOf('mode', configMaps(['a']));
    await deploy(graph, options);
    await expect(deploy(graph, { ...options, mode: 'kro' })).rejects.toThrow(/is deployed in mode direct, not kro/);
    const { problems } = await plan(graph, { ...options, mode: 'kro' });
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('is deployed in mode direct, not kro'),
    ]);
  });

  it('asks once, with the plan, and writes nothing when the answer is no', async () => {
    const options = optionsFor({ cluster, namespace: freshName('confirm') });
    const graph = graphOf('confirm', configMaps(['a']));
    const asked: string[] = [];
    const refuse = deploy(graph, {
      ...options,
      confirm: ({ changes }) => (asked.push(...changes.map(({ action }) => action)), false),
    });
    await expect(refuse).rejects.toMatchObject({ code: 'Declined' });
    expect(asked).toEqual(['create']);
    expect(
      await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: options.instance.namespace as string }),
    ).toBeUndefined();
  });

  it('reports every object that the server refuses, and makes the others', async () => {
    const options = optionsFor({ cluster, namespace: freshName('invalid') });
    const namespace = options.instance.namespace as string;
    const graph = graphOf('invalid', () => ({
      ok: simple.ConfigMap({ name: 'ok', data: {} }),
      one: simple.ConfigMap({ name: 'UPPER', data: {} }),
      two: simple.ConfigMap({ name: 'under_score', data: {} }),
    }));
    const message = await deploy(graph, options).catch((error: Error) => error.message);
    expect(message).toMatch(/2 problems/);
    expect(message).toContain('UPPER');
    expect(message).toContain('under_score');
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['ok']);
  });
});
