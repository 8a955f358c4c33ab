import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubewrightError } from '../../errors.ts';
import type { ApiClient } from './api.ts';
import { type BootstrapObject, type BootstrapObjects, binaryFiles } from './binaries-folder.ts';

/** The class that Gateways name to be served by the simulated controller. */
const gatewayClassName = 'kubewright-local';

const collections: Record<string, string> = {
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  StorageClass: '/apis/storage.k8s.io/v1/storageclasses',
  GatewayClass: '/apis/gateway.networking.k8s.io/v1/gatewayclasses',
  Node: '/api/v1/nodes',
};

const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'local',
    annotations: { 'kwok.x-k8s.io/node': 'fake' },
    labels: {
      'kubernetes.io/hostname': 'local',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'topology.kubernetes.io/region': 'local',
      'topology.kubernetes.io/zone': 'local-a',
    },
  },
};

const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: gatewayClassName },
  spec: { controllerName: 'kubewright.dev/local-gateway' },
};

const nodeLease = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.metadata.name}`;

export function readBootstrapObjects(binaries: string): BootstrapObjects {
  return JSON.parse(readFileSync(join(binaries, binaryFiles.objects), 'utf8')) as BootstrapObjects;
}

/** Installs kro's CRDs and waits until they are served. */
export async function installKroTypes(api: ApiClient, objects: BootstrapObjects): Promise<void> {
  await applyTypes(api, objects.kro);
}

/** Installs what workloads need: the Gateway API, a class of it, a default StorageClass and the node. */
export async function installClusterObjects(api: ApiClient, objects: BootstrapObjects): Promise<void> {
  const basics = [...objects.storage, node].map(async (object) => apply(api, object));
  await Promise.all([...basics, applyTypes(api, objects.gatewayApi)]);
  await apply(api, gatewayClass);
}

/** Whether objects become ready: kwok keeps the node, Gateways have a class, pods a service account. */
export async function isServing(api: ApiClient): Promise<boolean> {
  const paths = ['/api/v1/namespaces/default/serviceaccounts/default', nodeLease];
  const answers = await Promise.all(paths.map(async (path) => api.send({ path })));
  if (!answers.every(({ status }) => status === 200)) return false;
  return (await hasCondition(api, pathOf(node), 'Ready')) && hasCondition(api, pathOf(gatewayClass), 'Accepted');
}

/** Ends the claim of the last run's kwok: the new one would wait 40 s for it before it looks after waiting pods. */
export async function releaseNode(api: ApiClient): Promise<void> {
  await api.send({ method: 'DELETE', path: nodeLease, timeoutMs: 30_000 });
}

async function applyTypes(api: ApiClient, types: readonly BootstrapObject[]): Promise<void> {
  await Promise.all(
    types.map(async (type) => {
      await apply(api, type);
      while (!(await hasCondition(api, pathOf(type), 'Established'))) await sleep(30);
    }),
  );
}

async function apply(api: ApiClient, object: BootstrapObject): Promise<void> {
  const path = `${pathOf(object)}?fieldManager=kubewright-local&force=true`;
  for (let attempt = 1; ; attempt += 1) {
    const { status, text } = await api.send({ method: 'PATCH', path, body: object, timeoutMs: 30_000 });
    if (status < 300) return;
    // A type that has just been established may be served a moment later.
    if (attempt < 40 && (status === 404 || status === 409 || status === 429 || status >= 500)) {
      await sleep(50);
      continue;
    }
    throw new KubewrightError({
      code: 'LocalBootstrap',
      message: `local control plane: ${object.kind} ${object.metadata.name} was refused (${status}): ${text}`,
      hint: 'Run "kubewright local reset" to start with an empty cluster.',
    });
  }
}

async function hasCondition(api: ApiClient, path: string, type: string): Promise<boolean> {
  const { status, text } = await api.send({ path, timeoutMs: 30_000 });
  if (status !== 200) return false;
  const object = JSON.parse(text) as { status?: { conditions?: { type: string; status: string }[] } };
  return (
    object.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false
  );
}

function pathOf(object: BootstrapObject): string {
  return `${collections[object.kind] ?? ''}/${object.metadata.name}`;
}
