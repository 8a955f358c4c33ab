import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { definesKind, edgesOf } from '../../src/deploy/edges.ts';

type Row = readonly [says: string, kind: string, content: object, ...edges: readonly string[]];

/** In the namespace `shop`, or in none. */
function objectOf(kind: string, content: object): KubernetesObject {
  const [name = '', ...group] = kind.split('.');
  const apiVersion = group.length > 0 ? `${group.join('.')}/v1` : 'v1';
  return { apiVersion, kind: name, metadata: { name: 'x' }, ...content };
}

const edgeTexts = (object: KubernetesObject): string[] =>
  edgesOf(object)
    .map(({ groupKind, namespace, name, needs }) => `${groupKind} ${namespace ?? '-'}/${name} ${needs}`)
    .sort();

const pod = (spec: object): object => ({ spec });
const templated = (spec: object): object => ({ spec: { template: { spec } } });
const env = (from: object): object => ({
  env: [
    { name: 'plain', value: 'x' },
    { name: 'key', valueFrom: from },
  ],
});
const volume = (source: object): object => pod({ volumes: [{ name: 'v', ...source }] });
const account = { serviceAccountName: 'runner' };
const edgeToAccount = 'ServiceAccount -/runner applied';
const webhooks = { webhooks: [{ clientConfig: { service: { namespace: 'ops', name: 'hook', path: '/x' } } }] };
const routes = (names: object): object => ({
  spec: {
    parentRefs: [{ name: 'edge', namespace: 'infra' }],
    rules: [{ backendRefs: [{ name: 'web', port: 80 }, names] }],
  },
});
const routeEdges = [
  'Gateway.gateway.networking.k8s.io infra/edge applied',
  'InferencePool.inference.networking.k8s.io -/model applied',
  'Service -/web applied',
] as const;
const pool = { group: 'inference.networking.k8s.io', kind: 'InferencePool', name: 'model' };

const everyPod: readonly Row[] = [
  ['account', 'Pod', pod(account), edgeToAccount],
  ['priority class', 'Pod', pod({ priorityClassName: 'high' }), 'PriorityClass.scheduling.k8s.io -/high applied'],
  ['runtime class', 'Pod', pod({ runtimeClassName: 'gvisor' }), 'RuntimeClass.node.k8s.io -/gvisor applied'],
  ['pull secret', 'Pod', pod({ imagePullSecrets: [{ name: 'pull' }] }), 'Secret -/pull applied'],
  ['ConfigMap volume', 'Pod', volume({ configMap: { name: 'files' } }), 'ConfigMap -/files applied'],
  ['Secret volume', 'Pod', volume({ secret: { secretName: 'keys' } }), 'Secret -/keys applied'],
  ['claim', 'Pod', volume({ persistentVolumeClaim: { claimName: 'data' } }), 'PersistentVolumeClaim -/data applied'],
  [
    'storage class of an ephemeral volume',
    'Pod',
    volume({ ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'fast' } } } }),
    'StorageClass.storage.k8s.io -/fast applied',
  ],
  [
    'projected volume',
    'Pod',
    volume({ projected: { sources: [{ configMap: { name: 'files' } }, { secret: { name: 'keys' } }] } }),
    'ConfigMap -/files applied',
    'Secret -/keys applied',
  ],
  ...['containers', 'initContainers'].flatMap((list): readonly Row[] => [
    [
      `envFrom of ${list}`,
      'Pod',
      pod({ [list]: [{ envFrom: [{ configMapRef: { name: 'all' } }, { secretRef: { name: 'keys' } }] }] }),
      'ConfigMap -/all applied',
      'Secret -/keys applied',
    ],
    [
      `env of ${list} from a ConfigMap`,
      'Pod',
      pod({ [list]: [env({ configMapKeyRef: { name: 'one', key: 'k' } })] }),
      'ConfigMap -/one applied',
    ],
    [
      `env of ${list} from a Secret`,
      'Pod',
      pod({ [list]: [env({ secretKeyRef: { name: 'one', key: 'k' } })] }),
      'Secret -/one applied',
    ],
  ]),
];

const workloads: readonly Row[] = [
  ...[
    'Deployment.apps',
    'StatefulSet.apps',
    'DaemonSet.apps',
    'ReplicaSet.apps',
    'ReplicationController',
    'Job.batch',
    'Rollout.argoproj.io',
  ].map((kind): Row => ['pod template', kind, templated(account), edgeToAccount]),
  ['pod template', 'CronJob.batch', { spec: { jobTemplate: templated(account) } }, edgeToAccount],
  [
    'workload of a Rollout',
    'Rollout.argoproj.io',
    { spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
    'Deployment.apps -/web applied',
  ],
  [
    'storage class of claim templates',
    'StatefulSet.apps',
    { spec: { volumeClaimTemplates: [{ spec: { storageClassName: 'fast' } }, { spec: {} }] } },
    'StorageClass.storage.k8s.io -/fast applied',
  ],
  [
    'storage class',
    'PersistentVolumeClaim',
    { spec: { storageClassName: 'fast' } },
    'StorageClass.storage.k8s.io -/fast applied',
  ],
  [
    'scale target',
    'HorizontalPodAutoscaler.autoscaling',
    { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' } } },
    'StatefulSet.apps -/db applied',
  ],
  [
    'scale target',
    'ScaledObject.keda.sh',
    { spec: { scaleTargetRef: { name: 'web' } } },
    'Deployment.apps -/web applied',
  ],
];

const network: readonly Row[] = [
  [
    'class',
    'Ingress.networking.k8s.io',
    { spec: { ingressClassName: 'nginx' } },
    'IngressClass.networking.k8s.io -/nginx applied',
  ],
  ['certificate', 'Ingress.networking.k8s.io', { spec: { tls: [{ secretName: 'tls' }] } }, 'Secret -/tls applied'],
  [
    'class',
    'Gateway.gateway.networking.k8s.io',
    { spec: { gatewayClassName: 'envoy' } },
    'GatewayClass.gateway.networking.k8s.io -/envoy applied',
  ],
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map(
    (kind): Row => ['parents and backends', `${kind}.gateway.networking.k8s.io`, routes(pool), ...routeEdges],
  ),
];

const rights: readonly Row[] = ['RoleBinding', 'ClusterRoleBinding'].map((kind): Row => {
  const role = kind.replace('Binding', '');
  return [
    'role and subjects',
    `${kind}.rbac.authorization.k8s.io`,
    {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role, name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'ops', name: 'runner' }],
    },
    `${role}.rbac.authorization.k8s.io -/reader applied`,
    'ServiceAccount ops/runner applied',
  ];
});

const extensions: readonly Row[] = [
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].map(
    (kind): Row => ['service', `${kind}.admissionregistration.k8s.io`, webhooks, 'Service ops/hook applied'],
  ),
  [
    'service',
    'APIService.apiregistration.k8s.io',
    { spec: { service: { namespace: 'ops', name: 'metrics' } } },
    'Service ops/metrics applied',
  ],
  [
    'service of its conversion',
    'CustomResourceDefinition.apiextensions.k8s.io',
    { spec: { conversion: { webhook: { clientConfig: { service: { namespace: 'ops', name: 'hook' } } } } } },
    'Service ops/hook applied',
  ],
  [
    'issuer',
    'Certificate.cert-manager.io',
    { spec: { issuerRef: { kind: 'ClusterIssuer', name: 'root' } } },
    'ClusterIssuer.cert-manager.io -/root applied',
  ],
  [
    'store',
    'ExternalSecret.external-secrets.io',
    { spec: { secretStoreRef: { name: 'vault' } } },
    'SecretStore.external-secrets.io -/vault applied',
  ],
];

const table = [...everyPod, ...workloads, ...network, ...rights, ...extensions].map(
  ([says, kind, content, ...edges]) => ({ says, kind, content, edges }),
);

describe('what an object names comes first', () => {
  it.each(table)('$says of a $kind', ({ kind, content, edges }) => {
    expect(edgeTexts(objectOf(kind, content))).toEqual(edges.toSorted());
  });

  it('its namespace too, and that has to be ready', () => {
    const object = { ...objectOf('ConfigMap', {}), metadata: { name: 'x', namespace: 'shop' } };
    expect(edgeTexts(object)).toEqual(['Namespace -/shop ready']);
  });

  it('in the namespace of the object, where it says none', () => {
    const object = { ...objectOf('Pod', pod(account)), metadata: { name: 'x', namespace: 'shop' } };
    expect(edgeTexts(object)).toEqual(['Namespace -/shop ready', 'ServiceAccount shop/runner applied']);
  });

  it('a definition is known by the kind that it defines', () => {
    const spec = { group: 'example.com', names: { kind: 'Widget', plural: 'widgets' } };
    expect(definesKind(objectOf('CustomResourceDefinition.apiextensions.k8s.io', { spec }))).toBe('Widget.example.com');
    expect(definesKind(objectOf('ConfigMap', { spec }))).toBeUndefined();
  });

  it('what is absent, or no name, names nothing', () => {
    expect(edgeTexts(objectOf('Deployment.apps', {}))).toEqual([]);
    expect(edgeTexts(objectOf('Certificate.cert-manager.io', { spec: { issuerRef: {} } }))).toEqual([]);
    expect(edgeTexts(objectOf('APIService.apiregistration.k8s.io', { spec: { service: null } }))).toEqual([]);
  });
});
