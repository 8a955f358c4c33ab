import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import type { IIngressRule } from 'kubernetes-models/networking.k8s.io/v1/IngressRule';
import type { IIngressTLS } from 'kubernetes-models/networking.k8s.io/v1/IngressTLS';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicyEgressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyEgressRule';
import type { INetworkPolicyIngressRule } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyIngressRule';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServicePort } from 'kubernetes-models/v1/ServicePort';
import type { Input, Inputs } from '../expr/expression.ts';
import { appLabel } from './app-name.ts';
import { core, networking } from './kinds.generated.ts';
import type { LabelSelector } from './object-meta.ts';
import { type Namespaced, namespaced, type Shorthand, shorthand } from './shorthand.ts';

export interface ServiceProperties extends Namespaced {
  /** Labels of the pods, such as `{ app: 'web' }`. */
  readonly selector: Inputs<Record<string, string>>;
  readonly ports: Inputs<IServicePort[]>;
  /** @default 'ClusterIP', by the server */
  readonly type?: Input<'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'> | undefined;
}

export interface IngressProperties extends Namespaced {
  /** @default the cluster's default class */
  readonly ingressClassName?: Input<string> | undefined;
  readonly rules?: Inputs<IIngressRule[]> | undefined;
  readonly tls?: Inputs<IIngressTLS[]> | undefined;
  readonly annotations?: Inputs<Record<string, string>> | undefined;
}

export interface NetworkPolicyProperties extends Namespaced {
  /** Pods that it is for; `{}` means all of the namespace. */
  readonly podSelector: Inputs<LabelSelector>;
  /** @default Ingress, and Egress where there are egress rules, by the server */
  readonly policyTypes?: Inputs<('Ingress' | 'Egress')[]> | undefined;
  readonly ingress?: Inputs<INetworkPolicyIngressRule[]> | undefined;
  readonly egress?: Inputs<INetworkPolicyEgressRule[]> | undefined;
}

/**
 * A Service; it selects only what is written.
 *
 * @example
 * simple.Service({ name: 'web', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 3000 }] });
 */
export const Service: Shorthand<ServiceProperties, IService> = shorthand({
  kind: core.v1.Service,
  properties: { ...namespaced, selector: 'required', ports: 'required', type: 'optional' },
  body: ({ name, namespace, selector, ports, type }) => ({
    metadata: { name, namespace },
    spec: { selector, ports, type },
  }),
});

/**
 * An Ingress.
 *
 * @example
 * simple.Ingress({
 *   name: 'web',
 *   rules: [{ host: schema.spec.domain, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] } }],
 * });
 */
export const Ingress: Shorthand<IngressProperties, IIngress> = shorthand({
  kind: networking.v1.Ingress,
  properties: {
    ...namespaced,
    ingressClassName: 'optional',
    rules: 'optional',
    tls: 'optional',
    annotations: 'optional',
  },
  body: ({ name, namespace, ingressClassName, rules, tls, annotations }) => ({
    metadata: { name, namespace, labels: appLabel(name), annotations },
    spec: { ingressClassName, rules, tls },
  }),
});

/**
 * A NetworkPolicy.
 *
 * @example
 * simple.NetworkPolicy({ name: 'db', podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] });
 */
export const NetworkPolicy: Shorthand<NetworkPolicyProperties, INetworkPolicy> = shorthand({
  kind: networking.v1.NetworkPolicy,
  properties: {
    ...namespaced,
    podSelector: 'required',
    policyTypes: 'optional',
    ingress: 'optional',
    egress: 'optional',
  },
  body: ({ name, namespace, podSelector, policyTypes, ingress, egress }) => ({
    metadata: { name, namespace, labels: appLabel(name) },
    spec: { podSelector, policyTypes, ingress, egress },
  }),
});
