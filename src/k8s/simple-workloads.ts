import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IContainerPort } from 'kubernetes-models/v1/ContainerPort';
import type { IEnvFromSource } from 'kubernetes-models/v1/EnvFromSource';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { IResourceRequirements } from 'kubernetes-models/v1/ResourceRequirements';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import type { IVolumeMount } from 'kubernetes-models/v1/VolumeMount';
import type { Input, Inputs } from '../expr/expression.ts';
import { appLabel, checkWorkloadName, withAppLabel } from './app-name.ts';
import { type ConfigMapMount, mountConfigMaps } from './config-map-mounts.ts';
import { type EnvironmentVariables, environmentList } from './environment-variables.ts';
import { apps } from './kinds.generated.ts';
import { type Namespaced, namespaced, type Shorthand, shorthand } from './shorthand.ts';

/** Properties of every workload that runs until it is removed. Its name is its container's name and its app label too. */
export interface WorkloadProperties extends Namespaced {
  readonly image: Input<string>;
  readonly env?: EnvironmentVariables | undefined;
  readonly ports?: Inputs<IContainerPort[]> | undefined;
}

export interface DeploymentProperties extends WorkloadProperties {
  /** @default 1 */
  readonly replicas?: Input<number> | undefined;
  /** Replaces the image's entry point. */
  readonly command?: Inputs<string[]> | undefined;
  readonly args?: Inputs<string[]> | undefined;
  /** Further labels of the Deployment and its pods; `app` is always the name. */
  readonly labels?: Inputs<Record<string, string>> | undefined;
  readonly envFrom?: Inputs<IEnvFromSource[]> | undefined;
  readonly resources?: Inputs<IResourceRequirements> | undefined;
  readonly volumes?: Inputs<IVolume[]> | undefined;
  readonly volumeMounts?: Inputs<IVolumeMount[]> | undefined;
  /** ConfigMaps as files: each makes a volume and its mount. */
  readonly configMaps?: readonly ConfigMapMount[] | undefined;
  readonly livenessProbe?: Inputs<IProbe> | undefined;
  readonly readinessProbe?: Inputs<IProbe> | undefined;
}

export interface StatefulSetProperties extends WorkloadProperties {
  /** Name of the headless Service that gives the pods their names; it is not made. */
  readonly serviceName: Input<string>;
  /** @default 1 */
  readonly replicas?: Input<number> | undefined;
  readonly volumeClaimTemplates?: Inputs<Pick<IPersistentVolumeClaim, 'metadata' | 'spec'>[]> | undefined;
}

export interface DaemonSetProperties extends WorkloadProperties {
  readonly resources?: Inputs<IResourceRequirements> | undefined;
  readonly volumes?: Inputs<IVolume[]> | undefined;
  readonly volumeMounts?: Inputs<IVolumeMount[]> | undefined;
}

const workload = { ...namespaced, image: 'required', env: 'optional', ports: 'optional' } as const;

/**
 * A Deployment with one container; its selector is `app: <name>`.
 *
 * @example
 * simple.Deployment({ name: 'web', image: schema.spec.image, replicas: 2, ports: [{ containerPort: 3000 }], env: { PORT: '3000' } });
 */
export const Deployment: Shorthand<DeploymentProperties, IDeployment> = shorthand({
  kind: apps.v1.Deployment,
  properties: {
    ...workload,
    replicas: 'optional',
    command: 'optional',
    args: 'optional',
    labels: 'optional',
    envFrom: 'optional',
    resources: 'optional',
    volumes: 'optional',
    volumeMounts: 'optional',
    configMaps: 'optional',
    livenessProbe: 'optional',
    readinessProbe: 'optional',
  },
  body: (properties, refuse) => {
    const { name, namespace, replicas = 1, command, args, envFrom, livenessProbe, readinessProbe } = properties;
    checkWorkloadName(name, refuse);
    const labels = withAppLabel(name, properties.labels, refuse);
    const { volumes, volumeMounts } = mountConfigMaps(properties, refuse);
    const container = {
      ...containerOf(properties),
      command,
      args,
      envFrom,
      resources: properties.resources,
      volumeMounts,
      livenessProbe,
      readinessProbe,
    };
    return {
      metadata: { name, namespace, labels },
      spec: {
        replicas,
        selector: { matchLabels: appLabel(name) },
        template: { metadata: { labels }, spec: { containers: [container], volumes } },
      },
    };
  },
});

/**
 * A StatefulSet with one container; its selector is `app: <name>`.
 *
 * @example
 * simple.StatefulSet({ name: 'db', image: 'postgres:17', serviceName: 'db', ports: [{ containerPort: 5432 }] });
 */
export const StatefulSet: Shorthand<StatefulSetProperties, IStatefulSet> = shorthand({
  kind: apps.v1.StatefulSet,
  properties: { ...workload, serviceName: 'required', replicas: 'optional', volumeClaimTemplates: 'optional' },
  body: (properties, refuse) => {
    const { name, namespace, serviceName, replicas = 1, volumeClaimTemplates } = properties;
    checkWorkloadName(name, refuse);
    return {
      metadata: { name, namespace, labels: appLabel(name) },
      spec: {
        serviceName,
        replicas,
        selector: { matchLabels: appLabel(name) },
        template: { metadata: { labels: appLabel(name) }, spec: { containers: [containerOf(properties)] } },
        volumeClaimTemplates,
      },
    };
  },
});

/**
 * A DaemonSet with one container; its selector is `app: <name>`.
 *
 * @example
 * simple.DaemonSet({ name: 'agent', image: 'agent:1.0', resources: { limits: { memory: '64Mi' } } });
 */
export const DaemonSet: Shorthand<DaemonSetProperties, IDaemonSet> = shorthand({
  kind: apps.v1.DaemonSet,
  properties: { ...workload, resources: 'optional', volumes: 'optional', volumeMounts: 'optional' },
  body: (properties, refuse) => {
    const { name, namespace, resources, volumes, volumeMounts } = properties;
    checkWorkloadName(name, refuse);
    return {
      metadata: { name, namespace, labels: appLabel(name) },
      spec: {
        selector: { matchLabels: appLabel(name) },
        template: {
          metadata: { labels: appLabel(name) },
          spec: { containers: [{ ...containerOf(properties), resources, volumeMounts }], volumes },
        },
      },
    };
  },
});

function containerOf({ name, image, env, ports }: WorkloadProperties): object {
  return { name, image, env: environmentList(env), ports };
}
