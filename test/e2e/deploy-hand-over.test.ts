import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { rbac } from '../../src/deploy/rbac.ts';
import { status } from '../../src/deploy/status.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';
import { connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { userWith } from './least-privilege.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } as const;
const namespaceOf = ({ instance }: DeployOptions): string => instance.namespace as string;

async function replicasIn(namespace: string): Promise<unknown> {
  const found = await cluster.get({ ...web, namespace });
  return (found?.['spec'] as { replicas?: number } | undefined)?.replicas;
}

async function scale(namespace: string, replicas: number, fieldManager: string): Promise<void> {
  const body = { spec: { replicas } };
  await cluster.patch({ ...web, namespace }, { type: 'merge', body }, { fieldManager, subresource: 'scale' });
}

const scaledObjects = kind({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  namespaced: false,
})({
  metadata: { name: 'scaledobjects.keda.sh' },
  spec: {
    group: 'keda.sh',
    scope: 'Namespaced',
    names: { plural: 'scaledobjects', singular: 'scaledobject', kind: 'ScaledObject', listKind: 'ScaledObjectList' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
} as never);

/** A Deployment, and an autoscaler that wants at least so many of it. */
const scaled = (replicas: number, { image = 'nginx:1', atLeast }: { image?: string; atLeast: number }): Graph =>
  graphOf('scaled', () => ({
    web: simple.Deployment({ name: 'web', image, replicas }),
    scaler: kind({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' })({
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: atLeast,
        maxReplicas: 5,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    } as never),
  }));

describe('5. HPA owns replicas: no conflict, no reset', () => {
  it('once it has scaled', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    const namespace = namespaceOf(options);
    await deploy(scaled(1, { atLeast: 3 }), options).catch(() => undefined);
    // The controller of Kubernetes itself: below the minimum it needs no metrics.
    await expect.poll(() => replicasIn(namespace), { timeout: 40_000 }).toBe(3);
    expect((await plan(scaled(1, { atLeast: 3 }), options)).problems).toEqual([]);
    const { objects } = await deploy(scaled(2, { atLeast: 3, image: 'nginx:2' }), options);
    expect(objects.map(({ label, action }) => `${label} ${action}`)).toContain('web updated');
    expect(await replicasIn(namespace)).toBe(3);
    expect((await deploy(scaled(2, { atLeast: 3, image: 'nginx:2' }), options)).writes).toBe(0);
    // Also when the graph gives the field up: nobody resets it to its default.
    const without = graphOf('scaled', () => ({
      web: simple.Deployment({ name: 'web', image: 'nginx:3' }),
    }));
    await deploy(without, options);
    expect(await replicasIn(namespace)).toBe(3);
  }, 120_000);

  it('before it has scaled for the first time: what is there stays', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    await deploy(scaled(2, { atLeast: 1 }), options);
    const next = scaled(4, { atLeast: 1, image: 'nginx:2' });
    expect(JSON.stringify((await plan(next, options)).changes)).not.toContain('spec.replicas');
    await deploy(next, options);
    expect(await replicasIn(namespaceOf(options))).toBe(2);
    expect((await deploy(next, options)).writes).toBe(0);
  });

  it('a ScaledObject of KEDA likewise', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    const namespace = namespaceOf(options);
    const graph = (image: string): Graph =>
      graphOf('scaled', () => ({
        definition: scaledObjects,
        web: simple.Deployment({ name: 'web', image, replicas: 1 }),
        scaler: kind({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' })({
          metadata: { name: 'web' },
          spec: { scaleTargetRef: { name: 'web' }, minReplicaCount: 0 },
        } as never),
      }));
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    const run = async (image: string): Promise<number> => {
      const deploying = deploy(graph(image), options);
      const scaler = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web', namespace };
      await expect.poll(() => cluster.get(scaler).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
      await cluster.patch(scaler, { type: 'merge', body: { status: ready } });
      return (await deploying).writes;
    };
    await run('nginx:1');
    for (const replicas of [2, 0]) {
      // As its operator writes when it scales to zero and back.
      await scale(namespace, replicas, 'keda');
      expect(await run('nginx:1')).toBe(0);
      await run(`nginx:${replicas}-later`);
      expect(await replicasIn(namespace)).toBe(replicas);
      await run('nginx:1');
    }
    await destroy(graph('nginx:1'), options);
  });

  it('an autoscaler outside of the graph likewise, until it is gone', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    const namespace = namespaceOf(options);
    const graph = (replicas: number, image = 'nginx:1'): Graph =>
      graphOf('scaled', () => ({ web: simple.Deployment({ name: 'web', image, replicas }) }));
    await deploy(graph(1), options);
    const scaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'theirs', namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 3,
        maxReplicas: 5,
      },
    };
    await cluster.create(scaler);
    await expect.poll(() => replicasIn(namespace), { timeout: 40_000 }).toBe(3);
    expect((await plan(graph(5), options)).problems).toEqual([]);
    await deploy(graph(5, 'nginx:2'), options);
    expect(await replicasIn(namespace)).toBe(3);

    // Its entry among the managers of the fields stays when it is gone.
    await cluster.delete({ ...scaler, name: 'theirs', namespace });
    await expect(deploy(graph(5, 'nginx:3'), options)).rejects.toThrow(
      /web spec\.replicas: .*kube-controller-manager set it to 3, the graph says 5.*--take web:spec\.replicas/,
    );
    const take = ['web:spec.replicas'];
    const { changes } = await plan(graph(5, 'nginx:3'), { ...options, take });
    expect(JSON.stringify(changes)).toContain('spec.replicas');
    await deploy(graph(5, 'nginx:3'), { ...options, take });
    expect(await replicasIn(namespace)).toBe(5);
    expect((await deploy(graph(5, 'nginx:3'), options)).writes).toBe(0);
  }, 120_000);

  it('who may not list autoscalers leaves replicas as one set them, and says so', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    const namespace = namespaceOf(options);
    const graph = (image: string): Graph =>
      graphOf('scaled', () => ({ web: simple.Deployment({ name: 'web', image, replicas: 1 }) }));
    await deploy(graph('nginx:1'), options);
    await scale(namespace, 3, 'kube-controller-manager');
    const account = { namespace, name: 'deployer' };
    const access = await rbac(graph('nginx:1'), { ...options, for: ['deploy', 'status'], serviceAccount: account });
    const user = await userWith(cluster, place, { access, account });
    const asUser = { ...options, cluster: user };
    const { drift } = await status(graph('nginx:1'), { ...asUser, drift: true });
    expect(drift).toMatchObject([
      { path: 'spec.replicas', reason: 'kube-controller-manager set it; autoscalers may not be listed' },
    ]);
    await deploy(graph('nginx:2'), asUser);
    expect(await replicasIn(namespace)).toBe(3);
    const warnings = options.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toContainEqual(expect.stringContaining(`autoscalers in namespace ${namespace} may not be listed`));
    user.close();
  });

  it('a field that is taken is set all the same', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    await deploy(scaled(2, { atLeast: 1 }), options);
    await scale(namespaceOf(options), 3, 'kube-controller-manager');
    const next = scaled(4, { atLeast: 1, image: 'nginx:2' });
    await deploy(next, { ...options, take: ['web:spec.replicas'] });
    expect(await replicasIn(namespaceOf(options))).toBe(4);
  });

  it('a person who scales is no autoscaler: that is a conflict', async () => {
    const options = optionsFor({ cluster, namespace: freshName('scaled') });
    const graph = graphOf('scaled', () => ({ web: simple.Deployment({ name: 'web', image: 'nginx', replicas: 1 }) }));
    await deploy(graph, options);
    for (const replicas of [2, 0]) {
      await scale(namespaceOf(options), replicas, 'kubectl');
      await expect(deploy(graph, options)).rejects.toThrow(
        new RegExp(`web spec\\.replicas: .* set it to ${replicas}, the graph says 1.*--take web:spec\\.replicas`),
      );
      await deploy(graph, { ...options, take: ['spec.replicas'] });
      expect(await replicasIn(namespaceOf(options))).toBe(1);
    }
  });
});

describe('caBundle under the injector of cert-manager', () => {
  const authority = readFileSync(place.caFile, 'utf8');
  const theirs = Buffer.from(authority).toString('base64');
  const ours = Buffer.from(`${authority}\n`).toString('base64');
  const group = `${freshName('g')}.example.com`;
  const clientConfig = { url: 'https://127.0.0.1:1/', caBundle: ours };
  const hook = (name: string): object => ({
    name: `${name}.${group}`,
    failurePolicy: 'Ignore',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    clientConfig,
    rules: [{ apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: ['widgets'] }],
  });
  const injected = { 'cert-manager.io/inject-ca-from': 'default/webhook' };
  const admission = 'admissionregistration.k8s.io/v1';
  const schema = { openAPIV3Schema: { type: 'object' } };
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };
  const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } };

  it.each<readonly [string, { apiVersion: string; kind: string }, string, object, (bundle: string) => object]>([
    [
      'validating webhooks',
      { apiVersion: admission, kind: 'ValidatingWebhookConfiguration' },
      freshName('validating'),
      { webhooks: [hook('a'), hook('b')] },
      (caBundle) => ({
        webhooks: ['a', 'b'].map((name) => ({ ...hook(name), clientConfig: { ...clientConfig, caBundle } })),
      }),
    ],
    [
      'mutating webhooks',
      { apiVersion: admission, kind: 'MutatingWebhookConfiguration' },
      freshName('mutating'),
      { webhooks: [hook('a')] },
      (caBundle) => ({ webhooks: [{ ...hook('a'), clientConfig: { ...clientConfig, caBundle } }] }),
    ],
    [
      'the conversion of a definition',
      { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
      `things.${group}`,
      {
        spec: {
          group,
          scope: 'Namespaced',
          names,
          conversion,
          versions: [{ name: 'v1', served: true, storage: true, schema }],
        },
      },
      (caBundle) => ({ spec: { conversion: { webhook: { clientConfig: { ...clientConfig, caBundle } } } } }),
    ],
    [
      'an API service',
      { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
      `v1.a${group}`,
      {
        spec: {
          group: `a${group}`,
          version: 'v1',
          groupPriorityMinimum: 1,
          versionPriority: 1,
          caBundle: ours,
          service: { name: 'x', namespace: 'default' },
        },
      },
      (caBundle) => ({ spec: { caBundle } }),
    ],
  ])('%s', async (_title, type, name, body, patch) => {
    const options = { ...optionsFor({ cluster, namespace: freshName('injected') }), timeoutMs: 8_000 };
    const isLocal = type.kind !== 'APIService';
    const graph = (labels: Record<string, string>): Graph =>
      graphOf('injected', () => ({
        it: kind({ ...type, namespaced: false })({
          metadata: { name, labels, annotations: injected },
          ...body,
        }),
      }));
    // Nobody answers for the API service, so its deployment ends at the deadline.
    const run = (labels: Record<string, string>): Promise<unknown> =>
      isLocal
        ? deploy(graph(labels), options)
        : deploy(graph(labels), options).catch((error: Error) => expect(error).toMatchObject({ code: 'Timeout' }));
    await run({ version: 'one' });
    await cluster.patch(
      { ...type, name },
      { type: 'merge', body: patch(theirs) as never },
      { fieldManager: 'cert-manager-cainjector' },
    );
    expect((await plan(graph({ version: 'one' }), options)).problems).toEqual([]);
    await run({ version: 'two' });
    const live = (await cluster.get({ ...type, name })) as KubernetesObject;
    expect(live.metadata.labels).toMatchObject({ version: 'two' });
    expect(JSON.stringify(live)).toContain(`"caBundle":"${theirs}"`);
    expect(JSON.stringify(live)).not.toContain(ours);
    if (isLocal) expect((await deploy(graph({ version: 'two' }), options)).writes).toBe(0);
    await destroy(graph({ version: 'two' }), options);
  });
});
