import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import type { Mode } from '../../src/deploy/options.ts';
import { status } from '../../src/deploy/status.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { microservicesApp } from '../../stacks/app.ts';
import { place } from './place.ts';

const { server, token, caFile } = place;
const cluster = await connect({ kind: 'server', server, token, ca: readFileSync(caFile, 'utf8') });

const backend = (name: string, replicas: number) => ({
  image: `${name}-service:1`,
  replicas,
  database: { host: `${name}-db`, name },
});
const values = ({ replicas = 1, routing = 'ingress', environment = 'development' } = {}) => ({
  environment,
  version: '1.0.0',
  gateway: { domain: 'shop.local', replicas: 1, routing },
  services: {
    user: backend('user', replicas),
    product: backend('product', replicas),
    order: backend('order', replicas),
  },
});
const target = (mode: Mode, namespace: string, chosen = values()) => ({
  cluster,
  mode,
  instance: { name: 'microservices-app', namespace, spec: prepareValues(microservicesApp as never, chosen) },
});
const graph = microservicesApp as never;

/** A namespace in which only so many pods may exist. */
async function namespaceWithPods(namespace: string, pods: number): Promise<void> {
  await cluster.create(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { fieldManager: 'test' },
  );
  await cluster.create(
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'pods', namespace },
      spec: { hard: { pods: String(pods) } },
    },
    { fieldManager: 'test' },
  );
}

describe.each<Mode>(['direct', 'kro'])('the microservices application, %s', (mode) => {
  it('is healthy once it is deployed, and a second deployment writes nothing', async () => {
    const options = target(mode, `healthy-${mode}`);
    const first = await deploy(graph, options);
    expect(first.status).toEqual({
      gatewayUrl: 'https://shop.local',
      services: {
        user: { url: 'http://user-service:3000', ready: true },
        product: { url: 'http://product-service:3000', ready: true },
        order: { url: 'http://order-service:3000', ready: true },
      },
      health: 'healthy',
    });
    const config = await cluster.get({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'app-config',
      namespace: `healthy-${mode}`,
    });
    expect(config?.['data']).toMatchObject({ ENVIRONMENT: 'development', LOG_LEVEL: 'debug' });
    expect((await deploy(graph, options)).writes).toBe(0);

    const updated = await deploy(
      graph,
      target(mode, `healthy-${mode}`, values({ environment: 'production', replicas: 2 })),
    );
    expect(updated.status).toMatchObject({ health: 'healthy' });
    const production = await cluster.get({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'app-config',
      namespace: `healthy-${mode}`,
    });
    expect(production?.['data']).toMatchObject({ ENVIRONMENT: 'production', LOG_LEVEL: 'info' });

    await destroy(graph, options);
    await expect
      .poll(() => cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: `healthy-${mode}` }), { timeout: 30_000 })
      .toBeUndefined();
  });

  it('is healthy with no replicas at all', async () => {
    const { status: found } = await deploy(graph, target(mode, `zero-${mode}`, values({ replicas: 0 })));
    expect(found).toMatchObject({ health: 'healthy', services: { user: { ready: true } } });
  });

  it.each([
    // The gateway and the services compete for the pods; with 3 of 7 not everything is ready and something runs.
    { pods: 3, health: 'degraded' },
    { pods: 0, health: 'unhealthy' },
  ])('is $health when only $pods pods can exist', async ({ pods, health }) => {
    const namespace = `${health}-${mode}`;
    await namespaceWithPods(namespace, pods);
    const options = target(mode, namespace, values({ replicas: 2 }));
    await expect(deploy(graph, { ...options, timeoutMs: 6_000 })).rejects.toThrow(
      /exceeded quota|not ready|Timeout|timed out/i,
    );
    await expect.poll(async () => (await status(graph, options)).status, { timeout: 20_000 }).toMatchObject({ health });
  });

  it.each(['gatewayApi', 'loadBalancer'])('becomes ready with routing %s', async (routing) => {
    const namespace = `${routing.toLowerCase()}-${mode}`;
    await deploy(graph, target(mode, namespace, values({ routing })));
    const gateway = await cluster.get({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      name: 'microservices-gateway',
      namespace,
    });
    const service = await cluster.get({ apiVersion: 'v1', kind: 'Service', name: 'api-gateway', namespace });
    const ingress = await cluster.get({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      name: 'microservices-ingress',
      namespace,
    });
    expect({
      gateway: gateway !== undefined,
      ingress: ingress !== undefined,
      service: (service?.['spec'] as { type: string } | undefined)?.type,
    }).toEqual({
      gateway: routing === 'gatewayApi',
      ingress: false,
      service: routing === 'gatewayApi' ? 'ClusterIP' : 'LoadBalancer',
    });
  });
});
