import type { ObjectMeta } from 'kubewright/k8s';

/** The parts of the Gateway API that these stacks use (gateway.networking.k8s.io/v1). */
export interface Gateway {
  apiVersion: 'gateway.networking.k8s.io/v1';
  kind: 'Gateway';
  metadata: ObjectMeta;
  spec: {
    gatewayClassName: string;
    listeners: { name: string; hostname?: string; port: number; protocol: 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' | 'UDP' }[];
  };
  status?: { addresses?: { type: string; value: string }[] };
}

export interface HTTPRoute {
  apiVersion: 'gateway.networking.k8s.io/v1';
  kind: 'HTTPRoute';
  metadata: ObjectMeta;
  spec: {
    parentRefs: { name: string; namespace?: string; sectionName?: string }[];
    hostnames?: string[];
    rules: {
      matches?: { path?: { type: 'Exact' | 'PathPrefix'; value: string } }[];
      backendRefs: { name: string; port: number; weight?: number }[];
    }[];
  };
}
