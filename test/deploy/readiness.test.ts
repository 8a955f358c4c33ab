import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { judge, rules } from '../../src/deploy/readiness/table.ts';
import type { RuleContext } from '../../src/deploy/readiness/verdict.ts';

interface Row {
  readonly kind: string;
  readonly says: string;
  readonly spec?: object;
  readonly status?: object;
  readonly more?: object;
  readonly metadata?: object;
  readonly state: 'ready' | 'waiting' | 'failed';
  readonly reason?: RegExp;
  readonly context?: RuleContext;
}

const condition = (type: string, status: string, extra: object = {}): object => ({ type, status, ...extra });
const conditions = (...list: object[]): object => ({ conditions: list });
const rolledOut = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
const daemons = {
  observedGeneration: 2,
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberReady: 2,
  numberAvailable: 2,
};
const route = (status: string, observedGeneration = 2): object => ({
  parents: [
    {
      conditions: [
        condition('Accepted', status, { observedGeneration }),
        condition('ResolvedRefs', status, { observedGeneration }),
      ],
    },
  ],
});
const waitingContainer = (reason: string): object => ({
  phase: 'Pending',
  containerStatuses: [{ name: 'web', state: { waiting: { reason, message: 'because' } } }],
});
const readyTrue = conditions(condition('Ready', 'True'));
const readyFalse = conditions(condition('Ready', 'False', { reason: 'Broken', message: 'it is' }));

const table: readonly Row[] = [
  {
    kind: 'Deployment.apps',
    says: 'all replicas are new and available',
    spec: { replicas: 3 },
    status: rolledOut,
    state: 'ready',
  },
  {
    kind: 'Deployment.apps',
    says: 'its controller has not seen it',
    spec: { replicas: 3 },
    status: { ...rolledOut, observedGeneration: 1 },
    state: 'waiting',
    reason: /generation 2/,
  },
  {
    kind: 'Deployment.apps',
    says: 'there is no status',
    spec: { replicas: 0 },
    state: 'waiting',
    reason: /generation 2/,
  },
  {
    kind: 'Deployment.apps',
    says: 'no replicas are wanted',
    spec: { replicas: 0 },
    status: { observedGeneration: 2 },
    state: 'ready',
  },
  {
    kind: 'Deployment.apps',
    says: 'old replicas are left',
    spec: { replicas: 3 },
    status: { ...rolledOut, replicas: 4 },
    state: 'waiting',
    reason: /1 old/,
  },
  {
    kind: 'Deployment.apps',
    says: 'some are not ready',
    spec: { replicas: 3 },
    status: { ...rolledOut, readyReplicas: 1 },
    state: 'waiting',
    reason: /1 of 3 replicas are ready/,
  },
  { kind: 'Deployment.apps', says: 'it is paused', spec: { paused: true }, state: 'ready' },
  {
    kind: 'Deployment.apps',
    says: 'its deadline is over',
    status: conditions(condition('Progressing', 'False', { reason: 'ProgressDeadlineExceeded', message: 'timed out' })),
    state: 'failed',
    reason: /timed out/,
  },
  {
    kind: 'Deployment.apps',
    says: 'a quota forbids pods',
    spec: { replicas: 1 },
    status: {
      observedGeneration: 2,
      ...conditions(condition('ReplicaFailure', 'True', { reason: 'FailedCreate', message: 'exceeded quota' })),
    },
    state: 'waiting',
    reason: /exceeded quota/,
  },
  {
    kind: 'ReplicaSet.apps',
    says: 'all are available',
    spec: { replicas: 1 },
    status: { observedGeneration: 2, availableReplicas: 1 },
    state: 'ready',
  },
  {
    kind: 'ReplicationController',
    says: 'none is available',
    spec: { replicas: 1 },
    status: { observedGeneration: 2 },
    state: 'waiting',
  },
  {
    kind: 'StatefulSet.apps',
    says: 'the revisions are the same',
    spec: { replicas: 1 },
    status: { observedGeneration: 2, readyReplicas: 1, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'a' },
    state: 'ready',
  },
  {
    kind: 'StatefulSet.apps',
    says: 'the revisions differ',
    spec: { replicas: 1 },
    status: { observedGeneration: 2, readyReplicas: 1, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    state: 'waiting',
    reason: /revision b/,
  },
  {
    kind: 'StatefulSet.apps',
    says: 'the rest is held back by a partition',
    spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
    status: { observedGeneration: 2, readyReplicas: 3, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    state: 'ready',
  },
  {
    kind: 'StatefulSet.apps',
    says: 'it updates on delete',
    spec: { replicas: 3, updateStrategy: { type: 'OnDelete' } },
    status: { observedGeneration: 2 },
    state: 'ready',
  },
  { kind: 'DaemonSet.apps', says: 'every node has it', status: daemons, state: 'ready' },
  {
    kind: 'DaemonSet.apps',
    says: 'no node wants it',
    status: { observedGeneration: 2, desiredNumberScheduled: 0 },
    state: 'ready',
  },
  {
    kind: 'DaemonSet.apps',
    says: 'a node is missing',
    status: { ...daemons, numberReady: 1 },
    state: 'waiting',
    reason: /numberReady is 1 of 2/,
  },
  { kind: 'Pod', says: 'it is ready', status: { phase: 'Running', ...readyTrue }, state: 'ready' },
  { kind: 'Pod', says: 'it succeeded', status: { phase: 'Succeeded' }, state: 'ready' },
  {
    kind: 'Pod',
    says: 'it failed',
    status: { phase: 'Failed', reason: 'Evicted' },
    state: 'failed',
    reason: /Evicted/,
  },
  {
    kind: 'Pod',
    says: 'its image cannot be pulled',
    status: waitingContainer('ImagePullBackOff'),
    state: 'failed',
    reason: /container web: ImagePullBackOff: because/,
  },
  { kind: 'Pod', says: 'it crashes', status: waitingContainer('CrashLoopBackOff'), state: 'failed' },
  {
    kind: 'Pod',
    says: 'it is not scheduled',
    status: conditions(condition('PodScheduled', 'False', { reason: 'Unschedulable', message: 'no nodes' })),
    state: 'waiting',
    reason: /no nodes/,
  },
  { kind: 'Job.batch', says: 'it is complete', status: conditions(condition('Complete', 'True')), state: 'ready' },
  {
    kind: 'Job.batch',
    says: 'it failed',
    status: conditions(condition('Failed', 'True', { reason: 'BackoffLimitExceeded' })),
    state: 'failed',
    reason: /BackoffLimitExceeded/,
  },
  { kind: 'Job.batch', says: 'it is suspended', spec: { suspend: true }, state: 'ready' },
  {
    kind: 'Job.batch',
    says: 'it runs',
    status: { active: 1 },
    state: 'waiting',
    reason: /0 of 1 completions, 1 active/,
  },
  { kind: 'PersistentVolumeClaim', says: 'it is bound', status: { phase: 'Bound' }, state: 'ready' },
  {
    kind: 'PersistentVolumeClaim',
    says: 'its class waits for a pod',
    status: { phase: 'Pending' },
    context: { waitsForConsumer: () => true },
    state: 'ready',
  },
  {
    kind: 'PersistentVolumeClaim',
    says: 'its class binds at once',
    status: { phase: 'Pending' },
    context: { waitsForConsumer: () => false },
    state: 'waiting',
  },
  { kind: 'PersistentVolumeClaim', says: 'its volume is lost', status: { phase: 'Lost' }, state: 'failed' },
  { kind: 'Service', says: 'it is internal', spec: { type: 'ClusterIP' }, state: 'ready' },
  {
    kind: 'Service',
    says: 'its load balancer has an address',
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    state: 'ready',
  },
  {
    kind: 'Service',
    says: 'its load balancer has none',
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: {} },
    state: 'waiting',
  },
  {
    kind: 'Ingress.networking.k8s.io',
    says: 'it has an address',
    status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    state: 'ready',
  },
  { kind: 'Ingress.networking.k8s.io', says: 'it has none', state: 'waiting' },
  { kind: 'HorizontalPodAutoscaler.autoscaling', says: 'nobody has said otherwise', state: 'ready' },
  {
    kind: 'HorizontalPodAutoscaler.autoscaling',
    says: 'it cannot scale',
    status: conditions(condition('ScalingActive', 'False', { reason: 'FailedGetScale' })),
    state: 'waiting',
    reason: /FailedGetScale/,
  },
  { kind: 'PodDisruptionBudget.policy', says: 'it was seen', status: { observedGeneration: 2 }, state: 'ready' },
  { kind: 'PodDisruptionBudget.policy', says: 'it was not seen', state: 'waiting' },
  { kind: 'Namespace', says: 'it is active', status: { phase: 'Active' }, state: 'ready' },
  {
    kind: 'CustomResourceDefinition.apiextensions.k8s.io',
    says: 'it is established',
    status: conditions(condition('Established', 'True'), condition('NamesAccepted', 'True')),
    state: 'ready',
  },
  {
    kind: 'CustomResourceDefinition.apiextensions.k8s.io',
    says: 'its names are taken',
    status: conditions(condition('NamesAccepted', 'False', { message: 'taken' })),
    state: 'failed',
    reason: /taken/,
  },
  {
    kind: 'APIService.apiregistration.k8s.io',
    says: 'it is available',
    status: conditions(condition('Available', 'True')),
    state: 'ready',
  },
  {
    kind: 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    says: 'it has no authority',
    more: { webhooks: [{ name: 'w', clientConfig: { service: {} } }] },
    state: 'waiting',
    reason: /webhook w has no caBundle/,
  },
  {
    kind: 'MutatingWebhookConfiguration.admissionregistration.k8s.io',
    says: 'it has one',
    more: { webhooks: [{ name: 'w', clientConfig: { service: {}, caBundle: 'x' } }] },
    state: 'ready',
  },
  {
    kind: 'Gateway.gateway.networking.k8s.io',
    says: 'it is programmed',
    status: conditions(condition('Accepted', 'True'), condition('Programmed', 'True')),
    state: 'ready',
  },
  {
    kind: 'Gateway.gateway.networking.k8s.io',
    says: 'that was an older version of it',
    status: conditions(condition('Accepted', 'True', { observedGeneration: 1 }), condition('Programmed', 'True')),
    state: 'waiting',
  },
  {
    kind: 'GatewayClass.gateway.networking.k8s.io',
    says: 'it is accepted',
    status: conditions(condition('Accepted', 'True')),
    state: 'ready',
  },
  ...['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].flatMap((kind): Row[] => [
    {
      kind: `${kind}.gateway.networking.k8s.io`,
      says: 'its parents accept it',
      spec: { parentRefs: [{}] },
      status: route('True'),
      state: 'ready',
    },
    {
      kind: `${kind}.gateway.networking.k8s.io`,
      says: 'a parent has not answered',
      spec: { parentRefs: [{}] },
      state: 'waiting',
      reason: /0 of 1/,
    },
    {
      kind: `${kind}.gateway.networking.k8s.io`,
      says: 'the answer is old',
      spec: { parentRefs: [{}] },
      status: route('True', 1),
      state: 'waiting',
    },
  ]),
  ...[
    'Certificate.cert-manager.io',
    'Issuer.cert-manager.io',
    'ClusterIssuer.cert-manager.io',
    'ScaledObject.keda.sh',
    'ScaledJob.keda.sh',
    'ExternalSecret.external-secrets.io',
    'SecretStore.external-secrets.io',
    'ClusterSecretStore.external-secrets.io',
    'Kafka.kafka.strimzi.io',
    'KafkaTopic.kafka.strimzi.io',
    'KafkaUser.kafka.strimzi.io',
  ].flatMap((kind): Row[] => [
    { kind, says: 'it says Ready', status: readyTrue, state: 'ready' },
    {
      kind,
      says: 'it says not Ready',
      status: readyFalse,
      state: 'waiting',
      reason: /Ready is False \(Broken: it is\)/,
    },
  ]),
  { kind: 'KafkaNodePool.kafka.strimzi.io', says: 'it exists', state: 'ready' },
  { kind: 'Rollout.argoproj.io', says: 'it is healthy', status: { phase: 'Healthy' }, state: 'ready' },
  {
    kind: 'Rollout.argoproj.io',
    says: 'it is degraded',
    status: { phase: 'Degraded', message: 'oh' },
    state: 'failed',
    reason: /oh/,
  },
  { kind: 'Rollout.argoproj.io', says: 'it progresses', status: { phase: 'Progressing' }, state: 'waiting' },
  {
    kind: 'Cluster.postgresql.cnpg.io',
    says: 'it is healthy',
    status: { phase: 'Cluster in healthy state' },
    state: 'ready',
  },
  {
    kind: 'Cluster.postgresql.cnpg.io',
    says: 'it starts',
    status: { phase: 'Setting up primary' },
    state: 'waiting',
    reason: /Setting up/,
  },
  {
    kind: 'PodChaos.chaos-mesh.org',
    says: 'everything is injected',
    status: conditions(condition('AllInjected', 'True')),
    state: 'ready',
  },
  { kind: 'NetworkChaos.chaos-mesh.org', says: 'nothing is injected', state: 'waiting' },
  {
    kind: 'ResourceGraphDefinition.kro.run',
    says: 'it is Active',
    status: { state: 'Active', ...readyTrue },
    state: 'ready',
  },
  {
    kind: 'ResourceGraphDefinition.kro.run',
    says: 'it is not',
    status: { state: 'Inactive', ...readyFalse },
    state: 'waiting',
    reason: /Broken/,
  },
];

/** Kinds without a row. */
const others: readonly Row[] = [
  { kind: 'ConfigMap', says: 'it exists', state: 'ready' },
  { kind: 'Role.rbac.authorization.k8s.io', says: 'it exists', state: 'ready' },
  { kind: 'Widget.example.com', says: 'its definition declares no conditions', state: 'ready' },
  {
    kind: 'Widget.example.com',
    says: 'its definition declares conditions and it has none',
    context: { declaresConditions: () => true },
    state: 'waiting',
  },
  { kind: 'Widget.example.com', says: 'it says Ready', status: readyTrue, state: 'ready' },
  { kind: 'Widget.example.com', says: 'it says not Ready', status: readyFalse, state: 'waiting' },
  {
    kind: 'Widget.example.com',
    says: 'it is stalled',
    status: conditions(condition('Stalled', 'True', { message: 'stuck' })),
    state: 'failed',
    reason: /stuck/,
  },
  {
    kind: 'Widget.example.com',
    says: 'its status is about an older version',
    status: { observedGeneration: 1, ...readyTrue },
    state: 'waiting',
    reason: /generation 2/,
  },
  {
    kind: 'ConfigMap',
    says: 'it is being deleted',
    metadata: { deletionTimestamp: 'now' },
    state: 'waiting',
    reason: /being deleted/,
  },
];

function objectOf({ kind, spec, status, more, metadata }: Row): KubernetesObject {
  const [name = '', ...group] = kind.split('.');
  const apiVersion = group.length > 0 ? `${group.join('.')}/v1` : 'v1';
  return {
    apiVersion,
    kind: name,
    metadata: { name: 'x', generation: 2, ...metadata },
    ...(spec && { spec }),
    ...(status && { status }),
    ...more,
  };
}

describe('readiness', () => {
  it.each([...table, ...others])('$kind is $state when $says', (row) => {
    const verdict = judge(objectOf(row), row.context);
    expect(verdict.state).toBe(row.state);
    if (row.reason) expect(verdict.reason).toMatch(row.reason);
  });

  it('has a test for every row of the table', () => {
    const tested = new Set(table.map(({ kind }) => kind));
    expect(Object.keys(rules).filter((kind) => !tested.has(kind))).toEqual([]);
  });

  it('waits for ever only where somebody is sure to report', () => {
    const patient = table
      .filter((row) => row.state === 'waiting')
      .map((row) => ({ row, verdict: judge(objectOf(row), row.context) }));
    const graceful = patient.filter(({ verdict }) => 'graceMs' in verdict).map(({ row }) => row.kind);
    expect(new Set(graceful)).toEqual(new Set(['Ingress.networking.k8s.io', 'HorizontalPodAutoscaler.autoscaling']));
  });
});
