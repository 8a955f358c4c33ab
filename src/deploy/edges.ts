import type { KubernetesObject } from '../cluster/cluster.ts';
import { groupKind, groupOf } from './identity.ts';
import { fields, text, type Fields } from './readiness/verdict.ts';

/** Another object that comes first: it has to have been applied, or to be ready too. */
export interface Edge {
  /** Kind and group, as `groupKind` writes them. */
  readonly groupKind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly needs: 'applied' | 'ready';
}

type Reader = (object: KubernetesObject) => readonly Edge[];

const podSpecPaths: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  'Deployment.apps': ['spec', 'template', 'spec'],
  'StatefulSet.apps': ['spec', 'template', 'spec'],
  'DaemonSet.apps': ['spec', 'template', 'spec'],
  'ReplicaSet.apps': ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  'Job.batch': ['spec', 'template', 'spec'],
  'CronJob.batch': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'Rollout.argoproj.io': ['spec', 'template', 'spec'],
};

/** Fields that name other objects: kind of the owner ► path ► what it names. `*` goes through lists. */
const nameFields: Readonly<Record<string, readonly (readonly [path: string, groupKind: string])[]>> = {
  'Ingress.networking.k8s.io': [
    ['spec.ingressClassName', 'IngressClass.networking.k8s.io'],
    ['spec.tls.*.secretName', 'Secret'],
  ],
  PersistentVolumeClaim: [['spec.storageClassName', 'StorageClass.storage.k8s.io']],
  'StatefulSet.apps': [['spec.volumeClaimTemplates.*.spec.storageClassName', 'StorageClass.storage.k8s.io']],
  'Gateway.gateway.networking.k8s.io': [['spec.gatewayClassName', 'GatewayClass.gateway.networking.k8s.io']],
};

const routeFields = [
  ['spec.parentRefs.*', 'Gateway.gateway.networking.k8s.io'],
  ['spec.rules.*.backendRefs.*', 'Service'],
] as const;

/** Fields that hold `{ kind, name, group?, namespace? }`. */
const referenceFields: Readonly<Record<string, readonly (readonly [path: string, groupKind: string])[]>> = {
  'RoleBinding.rbac.authorization.k8s.io': [
    ['roleRef', 'Role.rbac.authorization.k8s.io'],
    ['subjects.*', 'ServiceAccount'],
  ],
  'ClusterRoleBinding.rbac.authorization.k8s.io': [
    ['roleRef', 'ClusterRole.rbac.authorization.k8s.io'],
    ['subjects.*', 'ServiceAccount'],
  ],
  'HTTPRoute.gateway.networking.k8s.io': routeFields,
  'GRPCRoute.gateway.networking.k8s.io': routeFields,
  'TLSRoute.gateway.networking.k8s.io': routeFields,
  'TCPRoute.gateway.networking.k8s.io': routeFields,
  'UDPRoute.gateway.networking.k8s.io': routeFields,
  'Rollout.argoproj.io': [['spec.workloadRef', 'Deployment.apps']],
  'HorizontalPodAutoscaler.autoscaling': [['spec.scaleTargetRef', 'Deployment.apps']],
  'ScaledObject.keda.sh': [['spec.scaleTargetRef', 'Deployment.apps']],
  'Certificate.cert-manager.io': [['spec.issuerRef', 'Issuer.cert-manager.io']],
  'ExternalSecret.external-secrets.io': [['spec.secretStoreRef', 'SecretStore.external-secrets.io']],
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': [['webhooks.*.clientConfig.service', 'Service']],
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': [['webhooks.*.clientConfig.service', 'Service']],
  'APIService.apiregistration.k8s.io': [['spec.service', 'Service']],
  'CustomResourceDefinition.apiextensions.k8s.io': [['spec.conversion.webhook.clientConfig.service', 'Service']],
};

const podFields: readonly (readonly [path: string, groupKind: string])[] = [
  ['serviceAccountName', 'ServiceAccount'],
  ['priorityClassName', 'PriorityClass.scheduling.k8s.io'],
  ['runtimeClassName', 'RuntimeClass.node.k8s.io'],
  ['imagePullSecrets.*.name', 'Secret'],
  ['volumes.*.configMap.name', 'ConfigMap'],
  ['volumes.*.secret.secretName', 'Secret'],
  ['volumes.*.persistentVolumeClaim.claimName', 'PersistentVolumeClaim'],
  ['volumes.*.ephemeral.volumeClaimTemplate.spec.storageClassName', 'StorageClass.storage.k8s.io'],
  ['volumes.*.projected.sources.*.configMap.name', 'ConfigMap'],
  ['volumes.*.projected.sources.*.secret.name', 'Secret'],
  ...['containers', 'initContainers'].flatMap((list): readonly (readonly [string, string])[] => [
    [`${list}.*.envFrom.*.configMapRef.name`, 'ConfigMap'],
    [`${list}.*.envFrom.*.secretRef.name`, 'Secret'],
    [`${list}.*.env.*.valueFrom.configMapKeyRef.name`, 'ConfigMap'],
    [`${list}.*.env.*.valueFrom.secretKeyRef.name`, 'Secret'],
  ]),
];

const readers: readonly Reader[] = [inNamespace, podNames, namedFields, referencedFields];

/** What an object needs by its own content; only edges to objects of the same graph count. */
export function edgesOf(object: KubernetesObject): readonly Edge[] {
  return readers.flatMap((read) => read(object));
}

/** The CRD that an object's kind comes from is found by its group and kind, as its name holds the plural. */
export function definesKind(object: KubernetesObject): string | undefined {
  if (groupKind(object) !== 'CustomResourceDefinition.apiextensions.k8s.io') return undefined;
  const spec = fields(object['spec']);
  const kind = text(fields(spec['names'])['kind']);
  return kind && `${kind}.${String(spec['group'])}`;
}

function inNamespace({ metadata }: KubernetesObject): readonly Edge[] {
  return metadata.namespace
    ? [{ groupKind: 'Namespace', namespace: undefined, name: metadata.namespace, needs: 'ready' }]
    : [];
}

function podNames(object: KubernetesObject): readonly Edge[] {
  const path = podSpecPaths[groupKind(object)];
  if (!path) return [];
  const spec = path.reduce<unknown>((value, name) => fields(value)[name], object);
  return podFields.flatMap(([field, kind]) => named(values(spec, field.split('.')), kind, object));
}

function namedFields(object: KubernetesObject): readonly Edge[] {
  return (nameFields[groupKind(object)] ?? []).flatMap(([field, kind]) =>
    named(values(object, field.split('.')), kind, object),
  );
}

function named(names: readonly unknown[], kind: string, { metadata }: KubernetesObject): readonly Edge[] {
  return names
    .filter((name) => typeof name === 'string')
    .map((name) => ({ groupKind: kind, namespace: metadata.namespace, name: name, needs: 'applied' }));
}

function referencedFields(object: KubernetesObject): readonly Edge[] {
  return (referenceFields[groupKind(object)] ?? []).flatMap(([field, fallback]) =>
    values(object, field.split('.')).flatMap((value): readonly Edge[] => {
      const ref = fields(value);
      const name = text(ref['name']);
      if (!name) return [];
      const kind = text(ref['kind']);
      const group =
        text(ref['apiGroup']) ??
        text(ref['group']) ??
        (text(ref['apiVersion']) ? groupOf(String(ref['apiVersion'])) : undefined);
      const [, ...fallbackGroup] = fallback.split('.');
      const target = kind
        ? [kind, ...(group !== undefined ? [group] : fallbackGroup)].filter(Boolean).join('.')
        : fallback;
      const namespace = text(ref['namespace']) ?? object.metadata.namespace;
      return [{ groupKind: target, namespace, name, needs: 'applied' }];
    }),
  );
}

function values(value: unknown, [head, ...rest]: readonly string[]): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (head === undefined) return [value];
  if (head !== '*') return values((value as Fields)[head], rest);
  return Array.isArray(value) ? value.flatMap((item) => values(item, rest)) : [];
}
