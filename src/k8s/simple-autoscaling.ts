import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { Input } from '../expr/expression.ts';
import { appLabel } from './app-name.ts';
import { autoscaling } from './kinds.generated.ts';
import { checkMembers, type Namespaced, namespaced, type Shorthand, shorthand } from './shorthand.ts';

export interface HorizontalPodAutoscalerProperties extends Namespaced {
  /** A workload of apps/v1. */
  readonly target: { readonly kind: Input<string>; readonly name: Input<string> };
  readonly minReplicas: Input<number>;
  readonly maxReplicas: Input<number>;
  /** Percent of the requested CPU. @default 80, by the server */
  readonly cpuUtilization?: Input<number> | undefined;
}

/**
 * A HorizontalPodAutoscaler on CPU.
 *
 * @example
 * simple.Hpa({ name: 'web', target: { kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 10, cpuUtilization: 70 });
 */
export const Hpa: Shorthand<HorizontalPodAutoscalerProperties, IHorizontalPodAutoscaler> = shorthand({
  kind: autoscaling.v2.HorizontalPodAutoscaler,
  properties: {
    ...namespaced,
    target: 'required',
    minReplicas: 'required',
    maxReplicas: 'required',
    cpuUtilization: 'optional',
  },
  body: ({ name, namespace, target, minReplicas, maxReplicas, cpuUtilization }, refuse) => {
    checkMembers(target, ['kind', 'name'], { path: 'target', refuse });
    return {
      metadata: { name, namespace, labels: appLabel(name) },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: target.kind, name: target.name },
        minReplicas,
        maxReplicas,
        metrics: cpuUtilization === undefined ? undefined : [cpuMetric(cpuUtilization)],
      },
    };
  },
});

function cpuMetric(averageUtilization: Input<number>): object {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}
