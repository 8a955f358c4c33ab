import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IService } from 'kubernetes-models/v1/Service';
import type { Input } from '../expr/expression.ts';
import type { ResourceRef } from '../graph/resource.ts';
import { appLabel } from './app-name.ts';
import { Service } from './simple-network.ts';
import { Deployment } from './simple-workloads.ts';

export interface WebServiceProperties {
  /** Name of both objects. */
  readonly name: Input<string>;
  readonly image: Input<string>;
  /** Port of the Service. */
  readonly port: Input<number>;
  /** Port of the container. @default port */
  readonly targetPort?: Input<number> | undefined;
  /** @default 1 */
  readonly replicas?: Input<number> | undefined;
  /** @default the namespace of the deployment */
  readonly namespace?: Input<string> | undefined;
}

/**
 * A group of a Deployment and the Service in front of it.
 *
 * @example
 * const web = createWebService({ name: 'web', image: schema.spec.image, port: 80, targetPort: 3000 });
 */
export function createWebService(properties: WebServiceProperties): {
  readonly deployment: ResourceRef<IDeployment>;
  readonly service: ResourceRef<IService>;
} {
  const { name, image, port, targetPort = port, replicas, namespace } = properties;
  return {
    deployment: Deployment({ name, namespace, image, replicas, ports: [{ containerPort: targetPort }] }),
    service: Service({ name, namespace, selector: appLabel(name), ports: [{ port, targetPort }] }),
  };
}
