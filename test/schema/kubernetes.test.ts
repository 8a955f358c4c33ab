import { existsSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CelType } from '../../src/expr/types.ts';
import { celTypeOf } from '../../src/schema/cel-type.ts';
import {
  builtInKind,
  builtInKinds,
  checkLiterals,
  kubernetesType,
  schemaVariableType,
} from '../../src/schema/kubernetes.ts';

/** The type at a path: a name is a field, `[]` an element, `{}` a map's value. */
function at(type: CelType | undefined, path: string): CelType | undefined {
  return path.split('.').reduce<CelType | undefined>((current, part) => {
    if (part === '[]') return current?.kind === 'list' ? current.element : undefined;
    if (part === '{}') return current?.kind === 'map' ? current.value : undefined;
    return current?.kind === 'struct' ? current.field(part) : undefined;
  }, type);
}

describe('CEL types of built-in kinds', () => {
  test.each<[string, string, string, string | undefined]>([
    ['apps/v1', 'Deployment', 'spec.replicas', 'int'],
    ['apps/v1', 'Deployment', 'status.readyReplicas', 'int'],
    ['apps/v1', 'Deployment', 'spec.paused', 'bool'],
    ['apps/v1', 'Deployment', 'spec.template.spec.containers.[].image', 'string'],
    ['apps/v1', 'Deployment', 'spec.template.spec.containers.[].ports.[].containerPort', 'int'],
    ['apps/v1', 'Deployment', 'spec.selector.matchLabels.{}', 'string'],
    ['apps/v1', 'Deployment', 'spec.strategy.rollingUpdate.maxSurge', 'dyn'],
    ['apps/v1', 'Deployment', 'spec.template.spec.containers.[].resources.limits.{}', 'dyn'],
    ['apps/v1', 'Deployment', 'spec.replica', undefined],
    ['apps/v1', 'Deployment', 'metadata.creationTimestamp', 'timestamp'],
    ['apps/v1', 'Deployment', 'metadata.labels.{}', 'string'],
    ['apps/v1', 'Deployment', 'metadata.ownerReferences.[].uid', 'string'],
    ['apps/v1', 'Deployment', 'metadata.managedFields.[].fieldsV1', 'struct'],
    ['apps/v1', 'Deployment', 'status.conditions.[].lastTransitionTime', 'timestamp'],
    ['v1', 'Secret', 'data.{}', 'bytes'],
    ['v1', 'Secret', 'stringData.{}', 'string'],
    ['v1', 'ConfigMap', 'data.{}', 'string'],
    ['v1', 'ConfigMap', 'binaryData.{}', 'bytes'],
    ['v1', 'Service', 'spec.ports.[].targetPort', 'dyn'],
    ['v1', 'Service', 'status.loadBalancer.ingress.[].ip', 'string'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', 'spec.metrics.[].resource.target.averageUtilization', 'int'],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', 'spec.metrics.[].resource.target.averageValue', undefined],
    ['coordination.k8s.io/v1', 'Lease', 'spec.renewTime', 'timestamp'],
    ['resource.k8s.io/v1', 'ResourceSlice', 'spec.devices.[].attributes.{}.version', 'string'],
    [
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'spec.versions.[].schema.openAPIV3Schema.maximum',
      'double',
    ],
    [
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'spec.versions.[].schema.openAPIV3Schema.properties.{}',
      'struct',
    ],
    [
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      'spec.versions.[].schema.openAPIV3Schema.properties.{}.type',
      undefined,
    ],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'spec.versions.[].schema.openAPIV3Schema.items', undefined],
  ])('%s %s %s is %s', (apiVersion, kind, path, expected) => {
    expect(at(kubernetesType(apiVersion, kind), path)?.kind).toBe(expected);
  });

  test('have the names of kro', () => {
    expect(kubernetesType('apps/v1', 'Deployment', 'web')).toMatchObject({ kind: 'struct', name: '__type_web' });
    expect(at(kubernetesType('apps/v1', 'Deployment', 'web'), 'spec.template')).toMatchObject({
      name: '__type_web.spec.template',
    });
  });

  test('a kind that Kubernetes does not have', () => {
    expect(kubernetesType('apps/v1', 'Deploymnt')).toBeUndefined();
    expect(builtInKind('gateway.networking.k8s.io/v1', 'HTTPRoute')).toBeUndefined();
  });

  test('a field is the same type each time it is asked for', () => {
    const type = kubernetesType('v1', 'Pod');
    expect(at(type, 'spec')).toBe(at(type, 'spec'));
  });
});

describe('the list of kinds', () => {
  test('holds what Kubernetes 1.36 serves by default', () => {
    const groups = new Map<string, string[]>();
    for (const { apiVersion, kind } of builtInKinds())
      groups.set(apiVersion, [...(groups.get(apiVersion) ?? []), kind]);
    expect(Object.fromEntries(groups)).toEqual({
      v1: [
        'Binding',
        'ConfigMap',
        'Endpoints',
        'Event',
        'LimitRange',
        'Namespace',
        'Node',
        'PersistentVolume',
        'PersistentVolumeClaim',
        'Pod',
        'PodTemplate',
        'ReplicationController',
        'ResourceQuota',
        'Secret',
        'Service',
        'ServiceAccount',
      ],
      'admissionregistration.k8s.io/v1': [
        'MutatingAdmissionPolicy',
        'MutatingAdmissionPolicyBinding',
        'MutatingWebhookConfiguration',
        'ValidatingAdmissionPolicy',
        'ValidatingAdmissionPolicyBinding',
        'ValidatingWebhookConfiguration',
      ],
      'apiextensions.k8s.io/v1': ['CustomResourceDefinition'],
      'apiregistration.k8s.io/v1': ['APIService'],
      'apps/v1': ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
      'authentication.k8s.io/v1': ['SelfSubjectReview', 'TokenReview'],
      'authorization.k8s.io/v1': [
        'LocalSubjectAccessReview',
        'SelfSubjectAccessReview',
        'SelfSubjectRulesReview',
        'SubjectAccessReview',
      ],
      'autoscaling/v1': ['HorizontalPodAutoscaler'],
      'autoscaling/v2': ['HorizontalPodAutoscaler'],
      'batch/v1': ['CronJob', 'Job'],
      'certificates.k8s.io/v1': ['CertificateSigningRequest'],
      'coordination.k8s.io/v1': ['Lease'],
      'discovery.k8s.io/v1': ['EndpointSlice'],
      'events.k8s.io/v1': ['Event'],
      'flowcontrol.apiserver.k8s.io/v1': ['FlowSchema', 'PriorityLevelConfiguration'],
      'networking.k8s.io/v1': ['IPAddress', 'Ingress', 'IngressClass', 'NetworkPolicy', 'ServiceCIDR'],
      'node.k8s.io/v1': ['RuntimeClass'],
      'policy/v1': ['PodDisruptionBudget'],
      'rbac.authorization.k8s.io/v1': ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
      'resource.k8s.io/v1': ['DeviceClass', 'ResourceClaim', 'ResourceClaimTemplate', 'ResourceSlice'],
      'scheduling.k8s.io/v1': ['PriorityClass'],
      'storage.k8s.io/v1': [
        'CSIDriver',
        'CSINode',
        'CSIStorageCapacity',
        'StorageClass',
        'VolumeAttachment',
        'VolumeAttributesClass',
      ],
    });
  });

  test('knows plural, scope and what is never stored', () => {
    expect(builtInKind('networking.k8s.io/v1', 'NetworkPolicy')).toMatchObject({
      plural: 'networkpolicies',
      namespaced: true,
    });
    expect(builtInKind('v1', 'Node')).toMatchObject({ plural: 'nodes', namespaced: false });
    expect(
      builtInKinds()
        .filter(({ transient }) => transient)
        .map(({ kind }) => kind),
    ).toEqual([
      'Binding',
      'SelfSubjectReview',
      'TokenReview',
      'LocalSubjectAccessReview',
      'SelfSubjectAccessReview',
      'SelfSubjectRulesReview',
      'SubjectAccessReview',
    ]);
  });

  test('every kind has a type and a model for its body', () => {
    for (const { apiVersion, kind } of builtInKinds()) {
      expect(kubernetesType(apiVersion, kind)?.kind, kind).toBe('struct');
      expect(
        existsSync(new URL(`../../node_modules/kubernetes-models/${apiVersion}/${kind}.d.ts`, import.meta.url)),
        kind,
      ).toBe(true);
    }
  });

  test('is small', () => {
    expect(statSync(new URL('../../src/schema/kubernetes.json', import.meta.url)).size).toBeLessThan(300_000);
  });
});

describe('the variable schema', () => {
  const spec = {
    type: 'object',
    properties: { name: { type: 'string' }, 'x-y': { type: 'integer' }, '2x': { type: 'string' } },
  } as const;

  test('has metadata and spec, and no status', () => {
    const type = schemaVariableType(spec, 'Namespaced');
    expect(type.fieldNames()).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(at(type, 'spec')).toMatchObject({ name: '__type_schema.spec' });
    expect(at(type, 'spec.x-y')?.kind).toBe('int');
    expect(at(type, 'spec.2x')).toBeUndefined();
    expect(at(type, 'metadata.namespace')?.kind).toBe('string');
  });

  test('of a cluster-scoped instance has no namespace', () => {
    const type = schemaVariableType(spec, 'Cluster');
    expect(at(type, 'metadata.namespace')).toBeUndefined();
    expect(at(type, 'metadata.name')?.kind).toBe('string');
  });
});

describe('CEL types of schemas', () => {
  test.each([
    [{ type: 'string', format: 'byte' }, 'bytes'],
    [{ type: 'string', format: 'duration' }, 'duration'],
    [{ type: 'string', format: 'date' }, 'timestamp'],
    [{ type: 'string', format: 'email' }, 'string'],
    [{ type: 'number' }, 'double'],
    [{ 'x-kubernetes-int-or-string': true }, 'dyn'],
    [{ anyOf: [{ type: 'string' }, { type: 'integer' }] }, 'dyn'],
    [{ type: 'object' }, 'struct'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'map'],
  ] as const)('%j is %s', (schema, kind) => {
    expect(celTypeOf(schema, 'x').kind).toBe(kind);
  });

  test('an object of any content is open', () => {
    expect(
      celTypeOf(
        { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'integer' } } },
        'x',
      ),
    ).toMatchObject({ kind: 'struct', open: true });
  });

  test('an embedded object has metadata', () => {
    expect(at(celTypeOf({ type: 'object', 'x-kubernetes-embedded-resource': true }, 'x'), 'metadata.name')?.kind).toBe(
      'string',
    );
  });
});

describe('literals', () => {
  const container = { name: 'web', image: 'nginx', resources: { limits: { cpu: 1, memory: '1Gi' } } };
  const deployment = (spec: unknown): Record<string, unknown> => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec,
  });
  const pod = (fields: object): object => ({ template: { spec: { containers: [{ ...container, ...fields }] } } });
  const place = 'spec.template.spec.containers[0]';

  test.each<[string, unknown, object[]]>([
    ['a good one', { replicas: 1, ...pod({ livenessProbe: { httpGet: { port: 'http' } } }) }, []],
    ['null', { replicas: null }, []],
    [
      'a mistyped field',
      pod({ imag: 'x', image: undefined }),
      [{ path: `${place}.imag`, message: 'is not a field of this kind', hint: 'Did you mean "image"?' }],
    ],
    [
      'a field elsewhere',
      { ports: [] },
      [{ path: 'spec.ports', message: 'is not a field of this kind', hint: undefined }],
    ],
    [
      'text for an integer',
      { replicas: '3' },
      [{ path: 'spec.replicas', message: 'must be an integer (was a string)', hint: 'Write it without quotes.' }],
    ],
    [
      'a fraction for an integer',
      { replicas: 1.5 },
      [{ path: 'spec.replicas', message: 'must be an integer (was a number)', hint: undefined }],
    ],
    [
      'a number for text',
      pod({ env: [{ name: 'A', value: 3 }] }),
      [
        {
          path: `${place}.env[0].value`,
          message: 'must be a string (was an integer)',
          hint: 'Write it as text, in quotes.',
        },
      ],
    ],
    [
      'a list for an object',
      { template: [] },
      [{ path: 'spec.template', message: 'must be an object (was an array)', hint: undefined }],
    ],
    [
      'a boolean for a port',
      pod({ livenessProbe: { tcpSocket: { port: true } } }),
      [
        {
          path: `${place}.livenessProbe.tcpSocket.port`,
          message: 'must be an integer or string (was a boolean)',
          hint: 'Write it as text, in quotes.',
        },
      ],
    ],
  ])('%s', (_, spec, problems) => {
    expect(checkLiterals(deployment(spec))).toEqual(problems);
  });

  test('expressions are left out', () => {
    const expression = Symbol('expression');
    expect(
      checkLiterals(deployment({ replicas: expression, template: expression }), (value) => value === expression),
    ).toEqual([]);
  });

  test('nothing is known of other kinds', () => {
    expect(checkLiterals({ apiVersion: 'example.com/v1', kind: 'Thing', spec: 3 })).toEqual([]);
  });
});
