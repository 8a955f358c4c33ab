// The members of `simple`: flat properties for the common case. Everything else is written with the full factories.
export {
  Namespace,
  type NamespaceProperties,
  Role,
  RoleBinding,
  type RoleBindingProperties,
  type RoleProperties,
  ServiceAccount,
  type ServiceAccountProperties,
} from './simple-access.ts';
export { type HorizontalPodAutoscalerProperties, Hpa, Hpa as HorizontalPodAutoscaler } from './simple-autoscaling.ts';
export { ConfigMap, type ConfigMapProperties, Secret, type SecretProperties } from './simple-config.ts';
export { CronJob, type CronJobProperties, Job, type JobProperties } from './simple-jobs.ts';
export {
  Ingress,
  type IngressProperties,
  NetworkPolicy,
  type NetworkPolicyProperties,
  Service,
  type ServiceProperties,
} from './simple-network.ts';
export {
  PersistentVolume,
  type PersistentVolumeClaimProperties,
  type PersistentVolumeProperties,
  Pvc,
  Pvc as PersistentVolumeClaim,
} from './simple-storage.ts';
export {
  DaemonSet,
  type DaemonSetProperties,
  Deployment,
  type DeploymentProperties,
  StatefulSet,
  type StatefulSetProperties,
} from './simple-workloads.ts';
