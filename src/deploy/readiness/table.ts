import type { KubernetesObject } from '../../cluster/cluster.ts';
import { groupKind, groupOf } from '../identity.ts';
import * as platform from './platform.ts';
import {
  byConditions,
  condition,
  explain,
  failed,
  subjectOf,
  waiting,
  type Rule,
  type RuleContext,
  type Verdict,
} from './verdict.ts';
import * as workloads from './workloads.ts';

/** When an object of a kind is ready: one row per kind, the group behind the kind. Kinds without a row: see {@link judge}. */
export const rules: Readonly<Record<string, Rule>> = Object.freeze({
  'Deployment.apps': workloads.deployment,
  'ReplicaSet.apps': workloads.replicaSet,
  'StatefulSet.apps': workloads.statefulSet,
  'DaemonSet.apps': workloads.daemonSet,
  ReplicationController: workloads.replicaSet,
  Pod: workloads.pod,
  'Job.batch': workloads.job,
  'HorizontalPodAutoscaler.autoscaling': workloads.autoscaler,
  'PodDisruptionBudget.policy': workloads.disruptionBudget,
  Service: platform.service,
  'Ingress.networking.k8s.io': platform.ingress,
  PersistentVolumeClaim: platform.volumeClaim,
  Namespace: platform.namespace,
  'CustomResourceDefinition.apiextensions.k8s.io': platform.customResourceDefinition,
  'APIService.apiregistration.k8s.io': platform.apiService,
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': platform.webhookConfiguration,
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': platform.webhookConfiguration,
  'Gateway.gateway.networking.k8s.io': platform.gateway,
  'GatewayClass.gateway.networking.k8s.io': byConditions(['Accepted']),
  'HTTPRoute.gateway.networking.k8s.io': platform.route,
  'GRPCRoute.gateway.networking.k8s.io': platform.route,
  'TLSRoute.gateway.networking.k8s.io': platform.route,
  'TCPRoute.gateway.networking.k8s.io': platform.route,
  'UDPRoute.gateway.networking.k8s.io': platform.route,
  'Certificate.cert-manager.io': workloads.readyCondition,
  'Issuer.cert-manager.io': workloads.readyCondition,
  'ClusterIssuer.cert-manager.io': workloads.readyCondition,
  'ScaledObject.keda.sh': workloads.readyCondition,
  'ScaledJob.keda.sh': workloads.readyCondition,
  'Rollout.argoproj.io': workloads.rollout,
  'ExternalSecret.external-secrets.io': workloads.readyCondition,
  'SecretStore.external-secrets.io': workloads.readyCondition,
  'ClusterSecretStore.external-secrets.io': workloads.readyCondition,
  'Kafka.kafka.strimzi.io': workloads.readyCondition,
  'KafkaTopic.kafka.strimzi.io': workloads.readyCondition,
  'KafkaUser.kafka.strimzi.io': workloads.readyCondition,
  'KafkaNodePool.kafka.strimzi.io': platform.exists,
  'Cluster.postgresql.cnpg.io': platform.cnpgCluster,
  'PodChaos.chaos-mesh.org': byConditions(['AllInjected']),
  'NetworkChaos.chaos-mesh.org': byConditions(['AllInjected']),
  'ResourceGraphDefinition.kro.run': platform.kroDefinition,
});

/** Groups whose objects are ready when they exist, unless they have a row. */
const builtInGroups = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);

function ruleFor(object: KubernetesObject): Rule {
  const row = rules[groupKind(object)];
  if (row) return row;
  const group = groupOf(object.apiVersion);
  return builtInGroups.has(group) || group.endsWith('.k8s.io') ? platform.exists : platform.customResource;
}

/**
 * How an object does. Its status counts only once it speaks about the generation that was applied: callers give the
 * newest version of the object that they have seen.
 */
export function judge(object: KubernetesObject, context: RuleContext = {}): Verdict {
  const { deletionTimestamp, generation = 0 } = object.metadata;
  if (deletionTimestamp) return waiting('it is being deleted');
  const subject = subjectOf(object);
  const seen = subject.status['observedGeneration'];
  if (typeof seen === 'number' && seen < generation)
    return waiting(`its controller has not seen generation ${generation} yet`);
  const stalled = condition(subject, 'Stalled');
  if (stalled?.status === 'True') return failed(explain(stalled, 'it is stalled'));
  return ruleFor(object)(subject, context);
}
