import type { KubernetesObject } from '../../cluster/cluster.ts';
import { groupKind, groupOf } from '../identity.ts';
import * as operators from './operators.ts';
import * as platform from './platform.ts';
import {
  byConditions,
  condition,
  explain,
  failed,
  notObserved,
  ready,
  subjectOf,
  text,
  waiting,
  type Rule,
  type RuleContext,
  type Subject,
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
  'Certificate.cert-manager.io': operators.certificate,
  'Issuer.cert-manager.io': operators.readyCondition,
  'ClusterIssuer.cert-manager.io': operators.readyCondition,
  'ScaledObject.keda.sh': operators.readyCondition,
  'ScaledJob.keda.sh': operators.readyCondition,
  'Rollout.argoproj.io': operators.rollout,
  'ExternalSecret.external-secrets.io': operators.readyCondition,
  'SecretStore.external-secrets.io': operators.readyCondition,
  'ClusterSecretStore.external-secrets.io': operators.readyCondition,
  'Kafka.kafka.strimzi.io': operators.readyCondition,
  'KafkaTopic.kafka.strimzi.io': operators.readyCondition,
  'KafkaUser.kafka.strimzi.io': operators.readyCondition,
  'KafkaNodePool.kafka.strimzi.io': platform.exists,
  'Cluster.postgresql.cnpg.io': operators.cnpgCluster,
  ...Object.fromEntries(operators.experiments.map((kind) => [`${kind}.chaos-mesh.org`, operators.chaos])),
  'ResourceGraphDefinition.kro.run': operators.kroDefinition,
});

/** Groups whose objects are ready when they exist, unless they have a row. */
const builtInGroups = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);

function ruleFor(object: KubernetesObject, { hasReadyWhen }: RuleContext): Rule {
  const row = rules[groupKind(object)];
  if (row) return row;
  if (hasReadyWhen) return platform.exists;
  const group = groupOf(object.apiVersion);
  return builtInGroups.has(group) || group.endsWith('.k8s.io') ? platform.exists : platform.customResource;
}

/** A Job with `ttlSecondsAfterFinished` goes after its success. */
function isDone(subject: Subject): boolean {
  return groupKind(subject.object) === 'Job.batch' && condition(subject, 'Complete')?.status === 'True';
}

/**
 * How an object does. Its status counts only once it speaks about the generation that was applied: callers give the
 * newest version of the object that they have seen.
 */
export function judge(object: KubernetesObject, context: RuleContext = {}): Verdict {
  const subject = subjectOf(object);
  if (object.metadata.deletionTimestamp) return isDone(subject) ? ready : waiting('it is being deleted');
  const seen = subject.status['observedGeneration'];
  const unseen = typeof seen === 'number' || text(seen) ? notObserved(subject) : undefined;
  if (unseen) return unseen;
  const stalled = condition(subject, 'Stalled');
  if (stalled?.status === 'True') return failed(explain(stalled, 'it is stalled'));
  return ruleFor(object, context)(subject, context);
}
