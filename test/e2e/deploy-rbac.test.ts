import { setTimeout as sleep } from 'node:timers/promises';
import { type } from 'arktype';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployEvent, DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rbac, type Access } from '../../src/deploy/rbac.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, external, kind, simple } from '../../src/k8s/index.ts';
import { configMap, connectTo, freshName, graphOf, optionsFor, secret } from './deploying.ts';
import { holdAll, inParallel, leaveLock, omissionsOf, resourceOf, userWith, type Omission } from './least-privilege.ts';
import { place } from './place.ts';

const admin = await connectTo(place);
afterAll(() => admin.close());

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const claimKind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' } as const;
const roleKind = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' } as const;
const gadgetKind = { apiVersion: 'widgets.example.com/v1', kind: 'Gadget' } as const;
const lazyClass = freshName('lazy');

beforeAll(async () => {
  await admin.create({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: lazyClass },
    provisioner: 'example.com/none',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  await admin.create({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'gadgets.widgets.example.com' },
    spec: {
      group: 'widgets.example.com',
      scope: 'Namespaced',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  while (!(await admin.discover(gadgetKind, { refresh: true }))) await sleep(50);
});

const claim = (): never =>
  kind(claimKind)({
    metadata: { name: 'data' },
    spec: { storageClassName: lazyClass, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  } as never) as never;

/** Everything that asks for a permission of its own. */
function directGraph(name: string, other: string, version: 1 | 2): Graph {
  return graphOf(name, () => {
    const shared = external(core.v1.ConfigMap, { name: 'shared' });
    return {
      shared,
      settings: simple.ConfigMap({ name: 'settings', data: { version: String(version) } }),
      ...(version === 1 && { old: simple.ConfigMap({ name: 'old', data: {} }) }),
      copy: simple.ConfigMap({ name: 'copy', data: { from: shared.data['text'] as never } }),
      far: simple.ConfigMap({ name: 'far', namespace: other, data: {} }),
      db: simple.Secret({ name: 'db', stringData: { password: 'correct-horse' } }),
      web: simple.Deployment({ name: 'web', image: 'nginx:1' }),
      data: claim(),
      gadget: kind(gadgetKind)({ metadata: { name: 'gadget' } }),
      reader: simple.Role({ name: 'reader', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
      own: simple.RoleBinding({ name: 'own', role: 'reader', serviceAccounts: ['default'] }),
      viewer: simple.RoleBinding({ name: 'viewer', clusterRole: 'view', serviceAccounts: ['default'] }),
    };
  });
}

const directKinds = [
  configMap,
  secret,
  deployment,
  claimKind,
  gadgetKind,
  roleKind,
  { ...roleKind, kind: 'RoleBinding' },
];

/** A stage where the permissions of one user are tried. */
interface Stage {
  readonly options: DeployOptions & { readonly events: DeployEvent[]; readonly definition?: boolean };
  readonly namespaces: readonly string[];
  readonly graph: (version: 1 | 2) => Graph;
  readonly kinds: typeof directKinds | readonly { apiVersion: string; kind: string }[];
}

async function directStage(prefix: string): Promise<Stage> {
  const [namespace, other] = [freshName(prefix), freshName(`${prefix}-far`)];
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: other } });
  return {
    options: optionsFor({ cluster: admin, namespace }),
    namespaces: [namespace, other],
    graph: (version) => directGraph('privileges', other, version),
    kinds: directKinds,
  };
}

/** A kind of its own for each try: definitions are shared by a whole cluster. */
function kroGraph(name: string, other: string, version: 1 | 2): Graph {
  return toResourceGraph(
    {
      name,
      apiVersion: 'tests.example.com/v1',
      kind: `K${name.replaceAll('-', '')}`,
      spec: type({}),
      status: type({}),
    },
    () => {
      const shared = external(core.v1.ConfigMap, { name: 'shared' });
      return {
        shared,
        settings: simple.ConfigMap({ name: 'settings', data: { version: String(version) } }),
        copy: simple.ConfigMap({ name: 'copy', data: { from: shared.data['text'] as never } }),
        far: simple.ConfigMap({ name: 'far', namespace: other, data: {} }),
        db: simple.Secret({ name: 'db', stringData: { password: 'correct-horse' } }),
        ...(version === 1 && { old: simple.Secret({ name: 'old', stringData: { password: 'correct-horse' } }) }),
        web: simple.Deployment({ name: 'web', image: 'nginx:1' }),
        data: claim(),
        gadget: kind(gadgetKind)({ metadata: { name: 'gadget' } }),
      };
    },
  );
}

async function kroStage(prefix: string): Promise<Stage> {
  const [namespace, other] = [freshName(prefix), freshName(`${prefix}-far`)];
  for (const name of [namespace, other])
    await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await admin.create({ ...configMap, metadata: { name: 'shared', namespace }, data: { text: 'hello' } });
  return {
    options: { ...optionsFor({ cluster: admin, namespace, mode: 'kro' }), definition: true },
    namespaces: [namespace, other],
    graph: (version) => kroGraph(namespace, other, version),
    kinds: [secret],
  };
}

/** Plans, deploys, changes, prunes and destroys; everything that it said, whether it went well or not. */
async function live(stage: Stage, user: Cluster): Promise<{ readonly failed: boolean; readonly said: string }> {
  const options = { ...stage.options, cluster: user, timeoutMs: 60_000 };
  const said = (): string =>
    options.events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])).join('\n');
  const shared = { ...configMap, metadata: { name: 'shared', namespace: options.instance.namespace as string } };
  const onEvent = (event: DeployEvent): void => {
    options.events.push(event);
    // What the graph reads comes while it is waited for.
    if (event.type === 'pending') void admin.create({ ...shared, data: { text: 'hello' } }).catch(() => undefined);
  };
  try {
    const planned = await plan(stage.graph(1), options);
    if (planned.problems.length > 0) throw new Error(planned.problems.map(({ message }) => message).join('\n'));
    await deploy(stage.graph(1), { ...options, onEvent });
    let release = await holdAll(admin, stage.kinds, stage.namespaces);
    try {
      await deploy(stage.graph(2), { ...options, onEvent });
      if ((await deploy(stage.graph(2), options)).writes !== 0) throw new Error('nothing had to be written');
    } finally {
      await release();
    }
    release = await holdAll(admin, stage.kinds, stage.namespaces);
    try {
      await destroy(stage.graph(2), options);
    } finally {
      await release();
    }
    return { failed: false, said: said() };
  } catch (error) {
    return { failed: true, said: `${said()}\n${(error as Error).message}` };
  }
}

async function stageFor(
  make: (prefix: string) => Promise<Stage>,
  prefix: string,
): Promise<{ stage: Stage; access: Access; account: { namespace: string; name: string } }> {
  const stage = await make(prefix);
  const namespace = freshName('accounts');
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const account = { namespace, name: 'deployer' };
  const access = await rbac(stage.graph(1), { ...stage.options, serviceAccount: account });
  return { stage, access, account };
}

async function tryOne(
  make: (prefix: string) => Promise<Stage>,
  omit: Omission | undefined,
): Promise<{ failed: boolean; said: string; stage: Stage; resource: string | undefined }> {
  const { stage, access, account } = await stageFor(make, 'rbac');
  const user = await userWith(admin, place, { access, account, omit });
  const record = access.required.find(({ kind: found }) => found === 'Role') as KubernetesObject;
  await leaveLock(admin, { name: record.metadata.name, namespace: stage.options.instance.namespace as string });
  try {
    const resource = omit && resourceOf(access, omit);
    return { ...(await live(stage, user)), stage, resource };
  } finally {
    user.close();
  }
}

describe.each([
  { mode: 'direct', make: directStage },
  { mode: 'kro', make: kroStage },
])('least privilege in mode $mode', ({ make }) => {
  let omissions: readonly Omission[] = [];
  beforeAll(async () => {
    omissions = omissionsOf((await stageFor(make, 'rbac')).access);
  });

  it('plans, deploys, changes, prunes and destroys with exactly these permissions', async () => {
    const { failed, said, stage } = await tryOne(make, undefined);
    expect(said.trim()).toBe('');
    expect(failed).toBe(false);
    for (const kindOfObject of stage.kinds)
      for (const namespace of stage.namespaces) {
        const { items } = await admin.list({ ...kindOfObject, namespace });
        expect(items.filter(({ metadata }) => metadata.labels?.['applyset.kubernetes.io/part-of'])).toEqual([]);
      }
  });

  it('needs every verb of them, and says which one is missing', { timeout: 600_000 }, async () => {
    const results = await inParallel(omissions, 6, async (omit) => ({
      omit,
      ...(await tryOne(make, omit)),
    }));
    const unnoticed = results.filter(({ omit: { verb }, resource = '', said }) => {
      // The server names what would be granted, and not the right to bind.
      const words = verb === 'bind' ? ['RoleBinding', 'grant RBAC permissions'] : [verb, resource];
      return !words.every((word) => said.includes(word));
    });
    expect(
      unnoticed.map(({ omit, resource, failed, said }) => ({ ...omit, resource, failed, said: said.slice(0, 300) })),
    ).toEqual([]);
    expect(omissions.length).toBeGreaterThan(30);
  });
});
