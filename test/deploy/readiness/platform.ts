import { condition, conditions, readyFalse, readyTrue, type Row } from './row.ts';

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

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1_000).toISOString();

/** Kinds of Kubernetes that run nothing. */
export const platform: readonly Row[] = [
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
  {
    kind: 'PersistentVolumeClaim',
    says: 'it wants no class',
    spec: { storageClassName: '' },
    status: { phase: 'Pending' },
    context: { waitsForConsumer: () => true },
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
  ...(['true', 'false', 'yes'] as const).flatMap((told): Row[] => {
    const metadata = { namespace: 'ns', annotations: { 'kubewright.dev/wait-for-endpoints': told } };
    const context: Row['context'] = { endpoints: ({ namespace, name }) => `${namespace}/${name}` !== 'ns/x' };
    const state = ({ true: 'waiting', false: 'ready', yes: 'failed' } as const)[told];
    return [
      { kind: 'Service', says: `none of its endpoints is ready and it is told ${told}`, metadata, context, state },
    ];
  }),
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
    kind: 'Namespace',
    says: 'it is on its way out',
    status: { phase: 'Terminating' },
    state: 'waiting',
    reason: /Terminating/,
  },
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
    kind: 'CustomResourceDefinition.apiextensions.k8s.io',
    says: 'its kind is not served',
    spec: { names: { kind: 'Widget' } },
    status: conditions(condition('Established', 'True'), condition('NamesAccepted', 'True')),
    context: { served: () => false },
    state: 'waiting',
    reason: /Widget is not served yet/,
  },
  {
    kind: 'APIService.apiregistration.k8s.io',
    says: 'nobody answers behind it',
    status: conditions(condition('Available', 'False', { reason: 'MissingEndpoints' })),
    state: 'waiting',
    reason: /MissingEndpoints/,
  },
  {
    kind: 'CustomResourceDefinition.apiextensions.k8s.io',
    says: 'it is not established',
    status: conditions(condition('Established', 'False'), condition('NamesAccepted', 'True')),
    state: 'waiting',
    reason: /Established is False/,
  },
  {
    kind: 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    says: 'an endpoint is behind its Service',
    more: { webhooks: [{ name: 'w', clientConfig: { service: { namespace: 'ns', name: 'hook' }, caBundle: 'x' } }] },
    context: { endpoints: () => true },
    state: 'ready',
  },
  {
    kind: 'MutatingWebhookConfiguration.admissionregistration.k8s.io',
    says: 'it has no authority',
    more: { webhooks: [{ name: 'w', clientConfig: { service: {} } }] },
    state: 'waiting',
    reason: /no caBundle/,
  },
  {
    kind: 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    says: 'it has no authority',
    more: { webhooks: [{ name: 'w', clientConfig: { service: {} } }] },
    state: 'waiting',
    reason: /webhook w has no caBundle/,
  },
  {
    kind: 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    says: 'nothing is behind its Service',
    more: { webhooks: [{ name: 'w', clientConfig: { service: { namespace: 'ns', name: 'hook' }, caBundle: 'x' } }] },
    context: { endpoints: ({ namespace, name }) => `${namespace}/${name}` !== 'ns/hook' },
    state: 'waiting',
    reason: /Service ns\/hook of webhook w has no endpoint that is ready/,
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
    kind: 'Gateway.gateway.networking.k8s.io',
    says: 'it is not programmed',
    status: conditions(
      condition('Accepted', 'True'),
      condition('Programmed', 'False', { reason: 'AddressNotAssigned' }),
    ),
    state: 'waiting',
    reason: /Programmed is False \(AddressNotAssigned\)/,
  },
  {
    kind: 'GatewayClass.gateway.networking.k8s.io',
    says: 'no controller takes it',
    status: conditions(condition('Accepted', 'Unknown', { reason: 'Pending' })),
    state: 'waiting',
    reason: /Accepted is Unknown/,
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
];

/** Kinds without a row. */
export const others: readonly Row[] = [
  { kind: 'ConfigMap', says: 'it exists', state: 'ready' },
  { kind: 'Role.rbac.authorization.k8s.io', says: 'it exists', state: 'ready' },
  { kind: 'Widget.example.com', says: 'its definition declares no conditions', state: 'ready' },
  {
    kind: 'Widget.example.com',
    says: 'its definition declares conditions and it has none',
    context: { declaresConditions: () => true },
    state: 'waiting',
    grace: true,
  },
  { kind: 'Widget.example.com', says: 'it says Ready', status: readyTrue, state: 'ready' },
  {
    kind: 'Widget.example.com',
    says: 'it has just said something else',
    status: conditions(condition('Reconciling', 'True', { lastTransitionTime: ago(1) })),
    state: 'waiting',
    reason: /says neither Ready nor Available, but Reconciling/,
    grace: true,
  },
  {
    kind: 'Widget.example.com',
    says: 'it has said nothing else for long',
    status: conditions(condition('Synced', 'True', { lastTransitionTime: ago(60) })),
    state: 'ready',
  },
  {
    kind: 'Widget.example.com',
    says: 'what it says is about an older version',
    status: conditions(condition('Synced', 'True', { lastTransitionTime: ago(60), observedGeneration: 1 })),
    state: 'waiting',
    grace: true,
  },
  {
    kind: 'Widget.example.com',
    says: 'what it says has no time and it is new',
    metadata: { creationTimestamp: ago(1) },
    status: conditions(condition('Synced', 'True')),
    state: 'waiting',
    grace: true,
  },
  {
    kind: 'Widget.example.com',
    says: 'what it says has no time and it is old',
    metadata: { creationTimestamp: ago(60) },
    status: conditions(condition('Synced', 'True')),
    state: 'ready',
  },
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
    says: 'its status is about an older version, which it writes as text',
    status: { observedGeneration: '1', ...readyTrue },
    state: 'waiting',
    reason: /generation 2/,
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
