import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { contextNames } from '../../src/cluster/kubeconfig.ts';
import { informer } from '../../src/cluster/watch.ts';
import { place } from './place.ts';

const namespace = `cluster-${randomBytes(3).toString('hex')}`;
const manager = { fieldManager: 'kubewright' };
let cluster: Cluster;

function configMap(name: string, data: Record<string, unknown> = { key: 'value' }): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function reference(name: string, kind = 'ConfigMap') {
  return { apiVersion: 'v1', kind, name, namespace };
}

describe('a real API server', () => {
  beforeAll(async () => {
    const { kubeconfig } = place;
    cluster = await connect({ kind: 'context', name: contextNames(kubeconfig)[0]!, kubeconfig });
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, manager);
  });

  afterAll(async () => {
    await cluster?.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
    cluster?.close();
  });

  test('says what it is and what it serves', async () => {
    expect((await cluster.version()).gitVersion).toMatch(/^v1\./);
    expect(await cluster.request({ path: '/readyz' })).toMatchObject({ status: 200, body: 'ok' });
    expect(await cluster.discover({ apiVersion: 'apps/v1', kind: 'Deployment' })).toMatchObject({
      plural: 'deployments',
      namespaced: true,
    });
    expect(await cluster.discover({ apiVersion: 'apps/v1', kind: 'Nothing' })).toBeUndefined();
    const kinds = (await cluster.resources()).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`);
    expect(kinds).toEqual(
      expect.arrayContaining(['v1 ConfigMap', 'apps/v1 Deployment', 'autoscaling/v2 HorizontalPodAutoscaler']),
    );
    expect(new Set(kinds).size).toBe(kinds.length);
  });

  test('sees who a context acts as: each group by itself, and what else is said of the user', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubewright-as-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const kubeconfig = join(folder, 'kubeconfig');
    const user = {
      token: place.token,
      as: 'bob',
      'as-uid': '7',
      'as-groups': ['qa', 'system:masters'],
      'as-user-extra': { 'example.com/team': ['red', 'blue'], 'Scopes%': ['view'] },
    };
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: place.server, 'certificate-authority': place.caFile } }],
        users: [{ name: 'u', user }],
        contexts: [{ name: 'as', context: { cluster: 'c', user: 'u' } }],
      }),
    );
    const acting = await connect({ kind: 'context', name: 'as', kubeconfig });
    onTestFinished(() => acting.close());
    const review = await acting.create({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    expect(review['status']).toEqual({
      userInfo: {
        username: 'bob',
        uid: '7',
        groups: ['qa', 'system:masters', 'system:authenticated'],
        extra: { 'example.com/team': ['red', 'blue'], 'scopes%': ['view'] },
      },
    });
  });

  describe('apply', () => {
    test('creates once, then changes nothing', async () => {
      const first = await cluster.apply(configMap('apply'), manager);
      const second = await cluster.apply(configMap('apply'), manager);
      expect([first.created, second.created]).toEqual([true, false]);
      expect(second.object.metadata.resourceVersion).toBe(first.object.metadata.resourceVersion);
    });

    test('as a dry run stores nothing', async () => {
      expect(await cluster.apply(configMap('dry'), { ...manager, dryRun: true })).toMatchObject({ created: true });
      expect(await cluster.get(reference('dry'))).toBeUndefined();
    });

    test('of a field of somebody else is a conflict that names both, until forced', async () => {
      await cluster.apply(configMap('owned', { key: 'theirs' }), { fieldManager: 'them' });
      await expect(cluster.apply(configMap('owned'), manager)).rejects.toMatchObject({
        code: 'Conflict',
        details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.key', manager: 'them' }] },
      });
      const { object } = await cluster.apply(configMap('owned'), { ...manager, force: true });
      expect(object['data']).toEqual({ key: 'value' });
    });

    test.each([
      ['an unknown field', { ...configMap('bad'), dta: {} }, '.dta: field not declared in schema'],
      ['a wrong type', configMap('bad', { key: 5 }), '.data.key: expected string'],
      ['a bad value', configMap('bad', { 'bad key': 'x' }), 'data[bad key]: Invalid value'],
    ])('of %s is Invalid', async (_, object, expected) => {
      await expect(cluster.apply(object, manager)).rejects.toMatchObject({
        code: 'Invalid',
        message: expect.stringContaining(expected),
      });
    });

    test('into a namespace that does not exist is NotFound of the namespace', async () => {
      const object = { ...configMap('lost'), metadata: { name: 'lost', namespace: `${namespace}-none` } };
      await expect(cluster.apply(object, manager)).rejects.toMatchObject({
        code: 'NotFound',
        details: { kind: 'namespaces' },
      });
    });

    test('of a given UID or version touches no other object', async () => {
      const { object } = await cluster.apply(configMap('exact'), manager);
      const { uid = '' } = object.metadata;
      const pinned = (metadata: object): KubernetesObject => ({
        ...configMap('exact', { key: 'new' }),
        metadata: { ...configMap('exact').metadata, ...metadata },
      });
      await expect(cluster.apply(pinned({ uid: 'another' }), manager)).rejects.toMatchObject({ code: 'Invalid' });
      await expect(cluster.apply(pinned({ resourceVersion: '1' }), manager)).rejects.toMatchObject({
        code: 'Conflict',
      });
      await expect(
        cluster.apply(pinned({ uid, resourceVersion: object.metadata.resourceVersion }), manager),
      ).resolves.toMatchObject({ created: false });
      await cluster.delete(reference('exact'));
      await expect(cluster.apply(pinned({ uid }), manager)).rejects.toMatchObject({ code: 'Conflict' });
    });

    test('hands the deprecation warnings over', async () => {
      const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'old', namespace } };
      expect((await cluster.apply(endpoints, manager)).warnings).toEqual([expect.stringContaining('deprecated')]);
    });
  });

  test('create, update and patch keep their promises', async () => {
    const created = await cluster.create(configMap('crud'));
    await expect(cluster.create(configMap('crud'))).rejects.toMatchObject({ code: 'AlreadyExists' });
    const updated = await cluster.update({ ...created, data: { key: 'second' } });
    await expect(cluster.update({ ...created, data: { key: 'third' } })).rejects.toMatchObject({ code: 'Conflict' });
    const merged = await cluster.patch(reference('crud'), { type: 'merge', body: { data: { more: 'x' } } });
    expect(merged['data']).toEqual({ key: 'second', more: 'x' });
    const failing = [{ op: 'test', path: '/data/key', value: 'other' }] as const;
    await expect(cluster.patch(reference('crud'), { type: 'json', body: failing })).rejects.toMatchObject({
      code: 'Invalid',
    });
    expect(updated.metadata.uid).toBe(created.metadata.uid);
    await expect(cluster.patch(reference('none'), { type: 'merge', body: {} })).rejects.toMatchObject({
      code: 'NotFound',
    });
  });

  test('a status is written apart from its object', async () => {
    const status = { loadBalancer: { ingress: [{ ip: '10.1.1.1' }] } };
    await cluster.apply(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      },
      manager,
    );
    const patched = await cluster.patch(
      reference('web', 'Service'),
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
    expect(patched['status']).toMatchObject({ loadBalancer: { ingress: [{ ip: '10.1.1.1' }] } });
  });

  test('delete honours preconditions and tells gone from terminating and absent', async () => {
    const { object } = await cluster.apply(configMap('doomed'), manager);
    await expect(cluster.delete(reference('doomed'), { uid: 'another' })).rejects.toMatchObject({ code: 'Conflict' });
    await expect(cluster.delete(reference('doomed'), { resourceVersion: '1' })).rejects.toMatchObject({
      code: 'Conflict',
    });
    const { uid, resourceVersion } = object.metadata;
    expect(await cluster.delete(reference('doomed'), { uid, resourceVersion, dryRun: true })).not.toBe('absent');
    expect(await cluster.delete(reference('doomed'), { uid, resourceVersion })).toBe('gone');
    expect(await cluster.delete(reference('doomed'))).toBe('absent');
    await cluster.create({
      ...configMap('held'),
      metadata: { ...configMap('held').metadata, finalizers: ['example.com/hold'] },
    });
    expect(await cluster.delete(reference('held'))).toBe('terminating');
    await cluster.patch(reference('held'), { type: 'merge', body: { metadata: { finalizers: null } } });
    expect(await cluster.get(reference('held'))).toBeUndefined();
  });

  test('access reviews answer, and a missing permission names verb and resource', async () => {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'create', resource: 'pods', namespace } },
    };
    expect((await cluster.create(review))['status']).toMatchObject({ allowed: true });
    await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'weak', namespace } }, manager);
    const issued = await cluster.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/weak/token`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
    });
    const { status } = JSON.parse(issued.body) as { status: { token: string } };
    const ca = readFileSync(place.caFile, 'utf8');
    const weak = await connect({ kind: 'server', server: cluster.server, token: status.token, ca });
    onTestFinished(() => weak.close());
    await expect(weak.apply(configMap('weak'), manager)).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringContaining('cannot patch resource "configmaps"'),
    });
    const nobody = await connect({ kind: 'server', server: cluster.server, token: 'none', ca });
    onTestFinished(() => nobody.close());
    await expect(nobody.version()).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  test.each([
    ['a wrong type', { stringData: { p: { hunter2: 'hunter2' } } }, '.stringData.p: expected string'],
    ['no base64', { data: { p: 'hunter2!' } }, 'illegal base64 data'],
    [
      'a bad docker configuration',
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'hunter2' } },
      'data[.dockerconfigjson] FieldValueInvalid',
    ],
  ])('a Secret with %s is refused without being quoted', async (_, fields, expected) => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bad', namespace }, ...fields };
    const error = await cluster
      .apply(secret, manager)
      .catch((reason: unknown) => reason as Error & { details: object });
    expect(error).toMatchObject({ code: 'Invalid', message: expect.stringContaining(expected) });
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('hunter2');
  });

  test('a new CustomResourceDefinition is served after a while, its objects apply, older versions are Expired', {
    timeout: 30_000,
  }, async () => {
    const group = `${namespace}.example.com`;
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget' };
    const object = { ...widget, metadata: { name: 'a', namespace }, spec: { size: 1 } };
    await expect(cluster.apply(object, manager)).rejects.toMatchObject({ code: 'KindNotServed' });
    const schema = {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    };
    await cluster.apply(definition, manager);
    await vi.waitFor(async () => expect(await cluster.discover(widget)).toBeDefined(), { timeout: 20_000 });
    await vi.waitFor(async () => expect(await cluster.apply(object, manager)).toBeDefined(), { timeout: 10_000 });
    await expect(cluster.apply({ ...object, spec: { siz: 1 } }, manager)).rejects.toMatchObject({ code: 'Invalid' });
    await cluster.delete({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: `widgets.${group}`,
    });
  });

  test('a list of 1,200 objects has them all', { timeout: 60_000 }, async () => {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < 1_200) {
        const name = `many-${next++}`;
        await cluster.apply({ ...configMap(name), metadata: { name, namespace, labels: { many: 'yes' } } }, manager);
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    const { items, resourceVersion } = await cluster.list({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace,
      labelSelector: 'many=yes',
    });
    expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBe(1_200);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(Number(resourceVersion)).toBeGreaterThan(0);
  });

  describe('an informer', () => {
    const query = { apiVersion: 'v1', kind: 'Secret', namespace };
    const secret = (name: string): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
    });

    test('sees what is created, changed and deleted', async () => {
      const seen: string[] = [];
      const secrets = informer(cluster, query, {
        onChange: ({ type, object }) => seen.push(`${type} ${object.metadata.name}`),
      });
      onTestFinished(() => secrets.stop());
      await secrets.ready;
      await cluster.apply(secret('seen'), manager);
      await cluster.patch(reference('seen', 'Secret'), { type: 'merge', body: { metadata: { labels: { a: 'b' } } } });
      await cluster.delete(reference('seen', 'Secret'));
      await vi.waitFor(() => expect(seen).toEqual(['changed seen', 'changed seen', 'deleted seen']), {
        timeout: 10_000,
      });
    });

    test('survives a network that silently drops everything', { timeout: 20_000 }, async () => {
      const relay = await startRelay(cluster.server);
      onTestFinished(() => relay.stop());
      const ca = readFileSync(place.caFile, 'utf8');
      const relayed = await connect({ kind: 'server', server: relay.url, token: place.token, ca });
      onTestFinished(() => relayed.close());
      const secrets = informer(relayed, query, { onChange: () => undefined, timeoutSeconds: 1, graceMs: 500 });
      onTestFinished(() => secrets.stop());
      await secrets.ready;
      relay.freeze();
      await cluster.apply(secret('during-silence'), manager);
      await vi.waitFor(() => expect(secrets.object('during-silence', namespace)).toBeDefined(), { timeout: 10_000 });
    });

    test.each(['stopped', 'closed', 'neither'])(
      'does not keep the process when %s',
      { timeout: 30_000 },
      async (how) => {
        const module = (name: string): string =>
          JSON.stringify(fileURLToPath(new URL(`../../src/cluster/${name}.ts`, import.meta.url)));
        const program = `
        import { connect } from ${module('connect')};
        import { informer } from ${module('watch')};
        const cluster = await connect(${JSON.stringify({ kind: 'server', server: cluster.server, token: place.token, ca: readFileSync(place.caFile, 'utf8') })});
        ${how === 'neither' ? '' : `const secrets = informer(cluster, ${JSON.stringify(query)}, { onChange: () => undefined }); await secrets.ready;`}
        await cluster.version();
        ${how === 'stopped' ? 'secrets.stop();' : how === 'closed' ? 'cluster.close();' : ''}
      `;
        const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
        const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
        const [exitCode] = (await once(child, 'exit')) as [number | null];
        clearTimeout(timer);
        expect(exitCode).toBe(0);
      },
    );
  });

  test('what is applied into a terminating namespace is Forbidden with that cause', async () => {
    const name = `${namespace}-ending`;
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name, finalizers: ['example.com/hold'] } },
      manager,
    );
    expect(await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name })).toBe('terminating');
    const object = { ...configMap('late'), metadata: { name: 'late', namespace: name } };
    const pending = cluster.apply(object, manager);
    await expect(pending).rejects.toMatchObject({
      code: 'Forbidden',
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    });
    await cluster.patch(
      { apiVersion: 'v1', kind: 'Namespace', name },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
  });
});

/** A TCP relay whose open connections can be frozen: bytes vanish, nothing is closed. */
async function startRelay(target: string): Promise<{ url: string; freeze: () => void; stop: () => void }> {
  const { hostname, port } = new URL(target);
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const onward = net.connect(Number(port), hostname);
    for (const end of [socket, onward]) {
      open.add(end);
      end.on('error', () => undefined);
    }
    socket.pipe(onward).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      for (const end of open) end.unpipe().pause();
    },
    stop: () => {
      server.close();
      for (const end of open) end.destroy();
    },
  };
}
