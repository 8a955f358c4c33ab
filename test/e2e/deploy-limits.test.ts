import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { plan } from '../../src/deploy/plan.ts';
import { status } from '../../src/deploy/status.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import {
  configMap,
  configMaps,
  connectTo,
  freshName,
  graphOf,
  namesIn,
  optionsFor,
  secret,
  tokenOf,
} from './deploying.ts';
import { startProxy } from './fault-proxy.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const namespaceRef = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', name }) as const;
const makeNamespace = async (name: string): Promise<string> => {
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
};

/** A connection of a user who may do in one namespace what the rules say. */
async function userWith(namespace: string, rules: readonly object[]): Promise<Cluster> {
  const rbac = 'rbac.authorization.k8s.io';
  await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace } });
  await cluster.create({
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata: { name: 'deployer', namespace },
    rules,
  });
  const subjects = [{ kind: 'ServiceAccount', name: 'deployer', namespace }];
  for (const [name, target] of [
    ['deployer', { kind: 'Role', name: 'deployer' }],
    ['viewer', { kind: 'ClusterRole', name: 'view' }],
  ] as const)
    await cluster.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: rbac, ...target },
      subjects,
    });
  const token = await tokenOf(cluster, { name: 'deployer', namespace });
  return connect({ kind: 'server', server: place.server, token, ca: readFileSync(place.caFile, 'utf8') });
}

const all = ['create', 'get', 'list', 'watch', 'patch', 'update', 'delete'];
const bookkeeping = [
  { apiGroups: [''], resources: ['secrets', 'namespaces'], verbs: all },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: all },
];

describe('26. 403 on one kind: the plan names verb and resource, the others continue', () => {
  const graph = graphOf('partly', () => ({
    settings: simple.ConfigMap({ name: 'settings', data: { a: 'b' } }),
    account: kind({ apiVersion: 'v1', kind: 'ServiceAccount' })({ metadata: { name: 'account' } }),
    web: simple.Deployment({ name: 'web', image: 'nginx' }),
  }));
  const configMapsOnly = [...bookkeeping, { apiGroups: [''], resources: ['configmaps'], verbs: all }];

  it('the plan names verb and resource of all that is missing, plans the others, and nothing is written', async () => {
    const namespace = await makeNamespace(freshName('partly'));
    const user = await userWith(namespace, configMapsOnly);
    const options = optionsFor({ cluster: user, namespace });
    const planned = await plan(graph, options);
    expect(planned.changes.map(({ label }) => label).sort()).toEqual(['account', 'settings', 'web']);
    const problems = planned.problems.map(({ message }) => message).join('\n');
    for (const wanted of [
      'create serviceaccounts',
      'patch serviceaccounts',
      'create deployments.apps',
      'patch deployments.apps',
    ])
      expect(problems).toContain(wanted);
    expect(problems).not.toContain('configmaps');
    await expect(deploy(graph, options)).rejects.toThrow(
      /serviceaccounts[\s\S]*deployments\.apps|deployments\.apps[\s\S]*serviceaccounts/,
    );
    expect(await namesIn(cluster, namespace, configMap)).toEqual([]);
    expect(await namesIn(cluster, namespace, secret)).toEqual([]);
    user.close();
  });

  it('a refusal that nobody foresaw fails its object, and the others are made', async () => {
    const namespace = await makeNamespace(freshName('denied'));
    const prefix = freshName('policy');
    const policy = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' };
    const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }];
    const validations = [{ expression: "object.metadata.name != 'forbidden'", message: 'this name is not for you' }];
    await cluster.create({
      ...policy,
      metadata: { name: prefix },
      spec: { failurePolicy: 'Fail', matchConstraints: { resourceRules }, validations },
    });
    const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } };
    const binding = { ...policy, kind: 'ValidatingAdmissionPolicyBinding' };
    await cluster.create({
      ...binding,
      metadata: { name: prefix },
      spec: { policyName: prefix, validationActions: ['Deny'], matchResources },
    });
    const probe = (): Promise<unknown> =>
      cluster.create({ ...configMap, metadata: { name: 'forbidden', namespace } }, { dryRun: true }).then(
        () => 'allowed',
        () => 'denied',
      );
    await expect.poll(probe, { timeout: 20_000, interval: 200 }).toBe('denied');
    const options = optionsFor({ cluster, namespace });
    await expect(deploy(graphOf('denied', configMaps(['a', 'forbidden', 'z'])), options)).rejects.toThrow(
      /forbidden.*this name is not for you/s,
    );
    expect(await namesIn(cluster, namespace, configMap)).toEqual(['a', 'z']);
    await cluster.delete({ ...binding, name: prefix });
    await cluster.delete({ ...policy, name: prefix });
  });
});

describe('21. another cluster behind the same context is noticed', () => {
  it('before anything is read or written', async () => {
    const options = optionsFor({ cluster, namespace: freshName('other') });
    const graph = graphOf('other', configMaps(['a']));
    const clusterId = '00000000-0000-0000-0000-000000000000';
    for (const call of [deploy, plan, destroy, status])
      await expect(call(graph, { ...options, clusterId })).rejects.toThrow(
        /leads to cluster .*, not 00000000-.*Correct the context/,
      );
    expect(await cluster.get(namespaceRef(options.instance.namespace as string))).toBeUndefined();
    const real = (await cluster.get(namespaceRef('kube-system')))?.metadata.uid;
    expect((await deploy(graph, { ...options, clusterId: real })).writes).toBeGreaterThan(0);
  });
});

describe('23. quota conflict', () => {
  const quota = (namespace: string, hard: object): object => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'few', namespace },
    spec: { hard },
  });
  const counted = (namespace: string) => async (): Promise<unknown> => {
    const found = await cluster.get({ apiVersion: 'v1', kind: 'ResourceQuota', name: 'few', namespace });
    return (found?.['status'] as { used?: unknown } | undefined)?.used;
  };

  it('that is exceeded names itself, its limit and the object; what fits is made', async () => {
    const namespace = await makeNamespace(freshName('quota'));
    // Kubernetes puts one of its own into each namespace, and what came before the quota is counted at once.
    await expect
      .poll(() => cluster.get({ ...configMap, name: 'kube-root-ca.crt', namespace }), { timeout: 20_000 })
      .toBeDefined();
    await cluster.create(quota(namespace, { 'count/configmaps': '3' }) as never);
    await expect.poll(counted(namespace), { timeout: 20_000 }).toEqual({ 'count/configmaps': '1' });
    const options = optionsFor({ cluster, namespace });
    const started = performance.now();
    await expect(deploy(graphOf('quota', configMaps(['a', 'b', 'c', 'd'])), options)).rejects.toThrow(
      /exceeded quota: few/,
    );
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await namesIn(cluster, namespace, configMap)).toHaveLength(2);
  });

  it('conflicts of many requests that count against one quota heal', async () => {
    const proxy = await startProxy(place);
    const namespace = await makeNamespace(freshName('quota'));
    await cluster.create(quota(namespace, { 'count/configmaps': '1000', 'count/services': '1000' }) as never);
    await expect.poll(counted(namespace), { timeout: 20_000 }).toBeDefined();
    const names = Array.from({ length: 40 }, (_, index) => `c${index}`).sort();
    // As the server answers when others counted in the meantime; how often it does is a matter of luck.
    const body = {
      reason: 'Conflict',
      message: 'Operation cannot be fulfilled on resourcequotas "few": the object has been modified',
      details: { name: 'few', kind: 'resourcequotas' },
    };
    const tries = new Map<string, number>();
    proxy.reset(({ write, path }) => {
      if (!write || !path.includes('/configmaps/')) return undefined;
      tries.set(path, (tries.get(path) ?? 0) + 1);
      return (tries.get(path) ?? 0) <= 2 ? { kind: 'answer', status: 409, body } : undefined;
    });
    const options = optionsFor({ cluster: proxy.cluster, namespace });
    await deploy(graphOf('quota', configMaps(names)), options);
    expect([...tries.values()]).toEqual(names.map(() => 3));
    expect(options.events).toContainEqual(
      expect.objectContaining({ type: 'retry', reason: expect.stringContaining('resourcequotas "few"') }),
    );
    expect(await namesIn(cluster, namespace, configMap)).toEqual(names);
    proxy.close();
  });
});

describe('27. LoadBalancer pending for ever', () => {
  it('ends at the deadline, says so, and everything else is done', async () => {
    const options = { ...optionsFor({ cluster, namespace: freshName('balancer') }), timeoutMs: 4_000 };
    const annotations = { 'simulate.kubewright.dev/address': 'none' };
    const graph = graphOf('balancer', () => ({
      front: kind({ apiVersion: 'v1', kind: 'Service' })({
        metadata: { name: 'front', annotations },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      } as never),
      settings: simple.ConfigMap({ name: 'settings', data: {} }),
    }));
    await expect(deploy(graph, options)).rejects.toThrow(
      /not finished after 4 s; left:\n {2}- front \(Service .*\/front\): its load balancer has no address yet/,
    );
    expect(await namesIn(cluster, options.instance.namespace as string, configMap)).toEqual(['settings']);
    expect((await status(graph, { ...options, timeoutMs: 20_000 })).objects).toMatchObject([
      { label: 'front', state: 'waiting' },
      { label: 'settings', state: 'ready' },
    ]);
  });
});

describe('30. namespace terminating during apply', () => {
  const graph = graphOf('ending', configMaps(['a', 'b', 'c']));

  it('before the run: the run waits until it is gone and makes all of it anew', async () => {
    const options = optionsFor({ cluster, namespace: freshName('ending') });
    const name = options.instance.namespace as string;
    await deploy(graph, options);
    const { uid } = (await cluster.get(namespaceRef(name)))!.metadata;
    await cluster.delete(namespaceRef(name));
    const { objects } = await deploy(graph, options);
    expect(objects.every(({ ready }) => ready)).toBe(true);
    expect((await cluster.get(namespaceRef(name)))?.metadata.uid).not.toBe(uid);
    expect(await namesIn(cluster, name, configMap)).toEqual(['a', 'b', 'c']);
    expect((await deploy(graph, options)).writes).toBe(0);
  });

  it('during the run: the run ends with the reason, and the next one converges', async () => {
    const options = optionsFor({ cluster, namespace: freshName('ending') });
    const name = options.instance.namespace as string;
    const many = graphOf('ending', configMaps(Array.from({ length: 150 }, (_, index) => `c${index}`)));
    let deleting: Promise<unknown> | undefined;
    const onEvent = ({ type }: { type: string }): void => {
      if (type === 'object') deleting ??= cluster.delete(namespaceRef(name));
    };
    const started = performance.now();
    await expect(deploy(many, { ...options, onEvent })).rejects.toThrow(
      new RegExp(`namespace.*${name}|${name}.*terminat`, 'is'),
    );
    expect(performance.now() - started).toBeLessThan(35_000);
    await deleting;
    await deploy(many, { ...options, timeoutMs: 55_000 });
    expect(await namesIn(cluster, name, configMap)).toHaveLength(150);
  }, 120_000);
});
