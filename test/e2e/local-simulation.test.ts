import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { type ApiClient, connectApi } from '../../src/cluster/local/api.ts';
import { place } from './place.ts';

const namespace = `simulation-${Date.now().toString(36)}`;
const { server, token, caFile } = place;
const api: ApiClient = connectApi({ server, token, ca: readFileSync(caFile, 'utf8') });

const core = `/api/v1/namespaces/${namespace}`;
const gatewayGroup = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}`;
const collections: Record<string, string> = {
  Namespace: '/api/v1/namespaces',
  Pod: `${core}/pods`,
  Service: `${core}/services`,
  PersistentVolumeClaim: `${core}/persistentvolumeclaims`,
  Ingress: `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`,
  Job: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  Gateway: `${gatewayGroup}/gateways`,
  HTTPRoute: `${gatewayGroup}/httproutes`,
  GRPCRoute: `${gatewayGroup}/grpcroutes`,
};

interface Condition {
  type: string;
  status: string;
  reason: string;
  observedGeneration: number;
}

async function apply(apiVersion: string, kind: string, name: string, body: object): Promise<void> {
  const object = { apiVersion, kind, metadata: { name }, ...body };
  const path = `${collections[kind]}/${name}?fieldManager=test&force=true`;
  const { status, text } = await api.send({ method: 'PATCH', path, body: object, timeoutMs: 20_000 });
  if (status >= 300) throw new Error(text);
}

async function statusOf<T>(kind: string, name: string): Promise<Partial<T>> {
  const { text } = await api.send({ path: `${collections[kind]}/${name}`, timeoutMs: 20_000 });
  return (JSON.parse(text) as { status?: T }).status ?? {};
}

/** The conditions as `Type=Status Reason`, sorted. */
function summary(conditions: readonly Condition[] = []): string[] {
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`).sort();
}

async function firstParent(kind: string, name: string): Promise<string[]> {
  const { parents } = await statusOf<{ parents: { conditions: Condition[] }[] }>(kind, name);
  return summary(parents?.[0]?.conditions);
}

const poll = { timeout: 20_000, interval: 50 };
const containers = [{ name: 'main', image: 'registry.example/app:1' }];

async function applyPod(name: string, annotations: Record<string, string>): Promise<void> {
  await apply('v1', 'Pod', name, { metadata: { name, annotations }, spec: { containers } });
}

await apply('v1', 'Namespace', namespace, {});
afterAll(async () => {
  await api.send({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
  api.close();
});

describe('pods', () => {
  it.each([
    ['image-pull-error', 'Pending', 'ImagePullBackOff'],
    ['crash-loop', 'Running', 'CrashLoopBackOff'],
    ['fail', 'Failed', 'Error'],
    ['not-ready', 'Running', undefined],
  ])('with the annotation %s stay %s', async (kind, phase, reason) => {
    await applyPod(kind, { 'simulate.kubewright.dev/pod': kind });
    const look = async (): Promise<unknown> => {
      const status = await statusOf<PodStatus>('Pod', kind);
      const found = status.containerStatuses?.[0]?.state;
      const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status;
      return [status.phase, found?.waiting?.reason ?? found?.terminated?.reason, ready];
    };
    await expect.poll(look, poll).toEqual([phase, reason, 'False']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await look()).toEqual([phase, reason, 'False']);
  });

  it('start late when asked to', async () => {
    const before = Date.now();
    await applyPod('slow', { 'simulate.kubewright.dev/start-delay': '2s' });
    await expect.poll(async () => (await statusOf<PodStatus>('Pod', 'slow')).phase, poll).toBe('Running');
    expect(Date.now() - before).toBeGreaterThan(1500);
  });

  it('of Jobs succeed, or fail when asked to', async () => {
    const job = (annotations: object): object => ({
      spec: { backoffLimit: 0, template: { metadata: { annotations }, spec: { restartPolicy: 'Never', containers } } },
    });
    await apply('batch/v1', 'Job', 'good', job({}));
    await apply('batch/v1', 'Job', 'bad', job({ 'simulate.kubewright.dev/pod': 'fail' }));
    await expect.poll(async () => (await statusOf<{ succeeded: number }>('Job', 'good')).succeeded, poll).toBe(1);
    await expect.poll(async () => (await statusOf<{ failed: number }>('Job', 'bad')).failed, poll).toBe(1);
  });
});

interface PodStatus {
  phase: string;
  conditions: Condition[];
  containerStatuses: { state: { waiting?: { reason: string }; terminated?: { reason: string } } }[];
}

describe('addresses and volumes', () => {
  const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
  const address = async (kind: string, name: string): Promise<unknown> =>
    (await statusOf<{ loadBalancer: { ingress?: unknown } }>(kind, name)).loadBalancer?.ingress;

  it('are given to load balancers and ingresses, except where the annotation says none', async () => {
    const annotations = { 'simulate.kubewright.dev/address': 'none' };
    await apply('v1', 'Service', 'never', { metadata: { name: 'never', annotations }, spec });
    await apply('v1', 'Service', 'front', { spec });
    const defaultBackend = { service: { name: 'front', port: { number: 80 } } };
    await apply('networking.k8s.io/v1', 'Ingress', 'front', { spec: { defaultBackend } });
    await expect.poll(async () => address('Service', 'front'), poll).toMatchObject([{ ip: '127.0.0.1' }]);
    await expect.poll(async () => address('Ingress', 'front'), poll).toEqual([{ ip: '127.0.0.1' }]);
    expect(await address('Service', 'never')).toBeUndefined();
  });

  it('binds claims of the default storage class', async () => {
    const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    await apply('v1', 'PersistentVolumeClaim', 'data', { spec: claim });
    const phase = async (): Promise<unknown> =>
      (await statusOf<{ phase: string }>('PersistentVolumeClaim', 'data')).phase;
    await expect.poll(phase, poll).toBe('Bound');
  });
});

describe('the Gateway API', () => {
  const version = 'gateway.networking.k8s.io/v1';
  const gateway = (gatewayClassName: string, hostname?: string): object => ({
    spec: {
      gatewayClassName,
      listeners: [{ name: 'http', port: 80, protocol: 'HTTP', ...(hostname && { hostname }) }],
    },
  });
  const route = (parent: object, service: string, extra: object = {}): object => ({
    spec: { parentRefs: [parent], rules: [{ backendRefs: [{ name: service, port: 80 }] }], ...extra },
  });
  interface GatewayStatus {
    addresses: { value: string }[];
    conditions: Condition[];
    listeners: { attachedRoutes: number; conditions: Condition[] }[];
  }
  const accepted = ['Accepted=True Accepted', 'ResolvedRefs=True ResolvedRefs'];

  it('serves Gateways of its class and the routes on them, and follows their changes', async () => {
    await apply('v1', 'Service', 'web', { spec: { ports: [{ port: 80 }] } });
    await apply(version, 'Gateway', 'edge', gateway('kubewright-local'));
    await apply(version, 'HTTPRoute', 'web', route({ name: 'edge' }, 'web'));
    await apply(version, 'GRPCRoute', 'web', route({ name: 'edge', sectionName: 'http' }, 'web'));
    await expect.poll(async () => firstParent('HTTPRoute', 'web'), poll).toEqual(accepted);
    await expect.poll(async () => firstParent('GRPCRoute', 'web'), poll).toEqual(accepted);
    const edge = async (): Promise<Partial<GatewayStatus>> => statusOf<GatewayStatus>('Gateway', 'edge');
    await expect.poll(async () => (await edge()).listeners?.[0]?.attachedRoutes, poll).toBe(2);
    expect(summary((await edge()).conditions)).toEqual(['Accepted=True Accepted', 'Programmed=True Programmed']);
    expect((await edge()).addresses?.[0]?.value).toBe('127.0.0.1');

    await apply(version, 'Gateway', 'edge', gateway('kubewright-local', 'shop.example.com'));
    await apply(version, 'HTTPRoute', 'web', route({ name: 'edge' }, 'web', { hostnames: ['other.example.com'] }));
    const generations = async (): Promise<unknown> =>
      (await edge()).conditions?.map(({ observedGeneration }) => observedGeneration);
    await expect.poll(generations, poll).toEqual([2, 2]);
    const refused = ['Accepted=False NoMatchingListenerHostname', 'ResolvedRefs=True ResolvedRefs'];
    await expect.poll(async () => firstParent('HTTPRoute', 'web'), poll).toEqual(refused);
  });

  it('refuses routes to missing listeners and Services, until the Service is there', async () => {
    await apply(version, 'Gateway', 'strict', gateway('kubewright-local'));
    await apply(version, 'HTTPRoute', 'lost', route({ name: 'strict', sectionName: 'nope' }, 'late'));
    const lost = async (): Promise<string[]> => firstParent('HTTPRoute', 'lost');
    await expect.poll(lost, poll).toEqual(['Accepted=False NoMatchingParent', 'ResolvedRefs=False BackendNotFound']);
    await apply('v1', 'Service', 'late', { spec: { ports: [{ port: 80 }] } });
    await expect.poll(lost, poll).toEqual(['Accepted=False NoMatchingParent', 'ResolvedRefs=True ResolvedRefs']);
  });

  it('leaves Gateways of other classes, and their routes, to their own controllers', async () => {
    await apply(version, 'Gateway', 'foreign', gateway('envoy'));
    await apply(version, 'HTTPRoute', 'foreign', route({ name: 'foreign' }, 'web'));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await statusOf('HTTPRoute', 'foreign')).toEqual({});
    const status = await statusOf<GatewayStatus>('Gateway', 'foreign');
    expect(summary(status.conditions).filter((text) => text.includes('True'))).toEqual([]);
  });
});
