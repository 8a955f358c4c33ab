// The members of `simple`: flat properties for the common case. Everything else is written with the full factories.
export { Namespace, Role, RoleBinding, ServiceAccount } from './simple-access.ts';
export { Hpa, Hpa as HorizontalPodAutoscaler } from './simple-autoscaling.ts';
export { ConfigMap, Secret } from './simple-config.ts';
export { CronJob, Job } from './simple-jobs.ts';
export { Ingress, NetworkPolicy, Service } from './simple-network.ts';
export { PersistentVolume, Pvc, Pvc as PersistentVolumeClaim } from './simple-storage.ts';
export { DaemonSet, Deployment, StatefulSet } from './simple-workloads.ts';
