import { describe, expect, test } from 'vitest';
import type { Resource } from '../../src/graph/resource.ts';
import { schemaReference } from '../../src/graph/schema-reference.ts';
import { fromEnv, fromFile } from '../../src/k8s/secret-sources.ts';
import * as simple from '../../src/k8s/simple.ts';
import { createWebService } from '../../src/k8s/web-service.ts';
import { draftOf, objectOf } from './draft-of.ts';

const { spec } = schemaReference<{ domain: string; data: Record<string, string>; accounts: string[] }>();

const named = (apiVersion: string, kind: string, rest: object): object => ({
  apiVersion,
  kind,
  metadata: { name: 'web', labels: { app: 'web' } },
  ...rest,
});
const rbac = 'rbac.authorization.k8s.io';
const rules = [
  {
    host: spec.domain,
    http: {
      paths: [{ path: '/', pathType: 'Prefix' as const, backend: { service: { name: 'web', port: { number: 80 } } } }],
    },
  },
];
const builtRules = [{ ...rules[0], host: '${schema.spec.domain}' }];
const policy = {
  podSelector: { matchLabels: { app: 'db' } },
  ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 'sql' }, { port: 5432 }] }],
};
const target = { kind: 'Deployment', name: 'web' };
const scaleTargetRef = { apiVersion: 'apps/v1', ...target };

const cases: [string, Resource<unknown>, object][] = [
  [
    'Service',
    simple.Service({
      name: 'web',
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 'http' }],
      type: 'LoadBalancer',
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }], type: 'LoadBalancer' },
    },
  ],
  [
    'Ingress',
    simple.Ingress({ name: 'web', rules }),
    named('networking.k8s.io/v1', 'Ingress', { spec: { rules: builtRules } }),
  ],
  [
    'Ingress with everything',
    simple.Ingress({
      name: 'web',
      ingressClassName: 'nginx',
      tls: [{ hosts: [spec.domain] }],
      annotations: { a: 'b' },
    }),
    {
      ...named('networking.k8s.io/v1', 'Ingress', {
        spec: { ingressClassName: 'nginx', tls: [{ hosts: ['${schema.spec.domain}'] }] },
      }),
      metadata: { name: 'web', labels: { app: 'web' }, annotations: { a: 'b' } },
    },
  ],
  [
    'NetworkPolicy',
    simple.NetworkPolicy({ name: 'web', ...policy }),
    named('networking.k8s.io/v1', 'NetworkPolicy', { spec: policy }),
  ],
  [
    'NetworkPolicy that denies',
    simple.NetworkPolicy({ name: 'web', podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [] }),
    named('networking.k8s.io/v1', 'NetworkPolicy', {
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [] },
    }),
  ],
  [
    'ConfigMap',
    simple.ConfigMap({ name: 'web', data: { HOST: spec.domain } }),
    named('v1', 'ConfigMap', { data: { HOST: '${schema.spec.domain}' } }),
  ],
  [
    'ConfigMap of a map',
    simple.ConfigMap({ name: 'web', data: spec.data }),
    named('v1', 'ConfigMap', { data: '${schema.spec.data}' }),
  ],
  ['Secret', simple.Secret({ name: 'web', data: { A: 'YQ==' } }), named('v1', 'Secret', { data: { A: 'YQ==' } })],
  [
    'Secret of text',
    simple.Secret({ name: 'web', stringData: { A: 'a' } }),
    named('v1', 'Secret', { stringData: { A: 'a' } }),
  ],
  [
    'Pvc',
    simple.Pvc({ name: 'web', size: '1Gi' }),
    named('v1', 'PersistentVolumeClaim', {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }),
  ],
  [
    'Pvc without a class',
    simple.Pvc({ name: 'web', size: '1Gi', storageClass: '', accessModes: ['ReadWriteMany'] }),
    named('v1', 'PersistentVolumeClaim', {
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' },
    }),
  ],
  [
    'PersistentVolume on NFS',
    simple.PersistentVolume({
      name: 'web',
      size: '1Gi',
      storageClass: 'slow',
      nfs: { server: 'nas', path: '/a' },
      persistentVolumeReclaimPolicy: 'Delete',
    }),
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'web', annotations: { 'volume.beta.kubernetes.io/storage-class': 'slow' } },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'slow',
        nfs: { server: 'nas', path: '/a' },
      },
    },
  ],
  [
    'PersistentVolume on a node',
    simple.PersistentVolume({ name: 'web', size: '1Gi', hostPath: '/data' }),
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'web' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path: '/data' },
      },
    },
  ],
  [
    'Hpa',
    simple.Hpa({ name: 'web', target, minReplicas: 0, maxReplicas: 3 }),
    named('autoscaling/v2', 'HorizontalPodAutoscaler', { spec: { scaleTargetRef, minReplicas: 0, maxReplicas: 3 } }),
  ],
  [
    'Hpa on CPU',
    simple.Hpa({ name: 'web', target, minReplicas: 1, maxReplicas: 3, cpuUtilization: 70 }),
    named('autoscaling/v2', 'HorizontalPodAutoscaler', {
      spec: {
        scaleTargetRef,
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      },
    }),
  ],
  [
    'ServiceAccount',
    simple.ServiceAccount({ name: 'web', automountServiceAccountToken: false }),
    named('v1', 'ServiceAccount', { automountServiceAccountToken: false }),
  ],
  [
    'Role',
    simple.Role({ name: 'web', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
    named(`${rbac}/v1`, 'Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  ],
  [
    'RoleBinding',
    simple.RoleBinding({ name: 'web', role: 'web', serviceAccounts: ['web'] }),
    named(`${rbac}/v1`, 'RoleBinding', {
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'web' },
      subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: '${schema.metadata.namespace}' }],
    }),
  ],
  [
    'RoleBinding of a ClusterRole',
    simple.RoleBinding({
      name: 'web',
      namespace: 'shop',
      clusterRole: 'view',
      serviceAccounts: ['a'],
      subjects: [{ kind: 'User', name: 'ann' }],
    }),
    {
      ...named(`${rbac}/v1`, 'RoleBinding', {
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
        subjects: [
          { kind: 'ServiceAccount', name: 'a', namespace: 'shop' },
          { kind: 'User', name: 'ann' },
        ],
      }),
      metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    },
  ],
  [
    'Namespace',
    simple.Namespace({ name: 'web', labels: { team: 'a' } }),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web', labels: { team: 'a' } } },
  ],
];

test.each(cases)('simple.%s', (_title, resource, expected) => {
  expect(objectOf(resource)).toEqual(expected);
});

test('long names are the same factories', () => {
  expect(simple.PersistentVolumeClaim).toBe(simple.Pvc);
  expect(simple.HorizontalPodAutoscaler).toBe(simple.Hpa);
});

test('scope, id and options are kept', () => {
  const options = { keep: true };
  expect(draftOf(simple.Namespace({ name: 'web', id: 'home' }, options))).toMatchObject({
    namespaced: false,
    id: 'home',
    options,
  });
  expect(draftOf(simple.ConfigMap({ name: 'web', data: {} }))).toMatchObject({
    namespaced: true,
    id: undefined,
    options: {},
  });
});

describe('secrets that are read at deployment', () => {
  test('stay in the object as what they are read from', () => {
    const made = simple.Secret({ name: 'web', stringData: { A: fromEnv('A') }, data: { B: fromFile('b.txt') } });
    expect(objectOf(made)).toMatchObject({
      stringData: { A: { source: { env: 'A' } } },
      data: { B: { source: { file: 'b.txt' } } },
    });
  });
});

test('createWebService makes a Deployment and its Service', () => {
  const { deployment, service } = createWebService({ name: 'web', image: 'web:1', port: 80, targetPort: 3000 });
  expect(objectOf(deployment)).toEqual(
    objectOf(simple.Deployment({ name: 'web', image: 'web:1', ports: [{ containerPort: 3000 }] })),
  );
  expect(objectOf(service)).toEqual(
    objectOf(simple.Service({ name: 'web', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 3000 }] })),
  );
});
