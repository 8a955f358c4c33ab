/**
 * Kinds of other projects. Failed is only what does not heal by itself: most of them try again whatever they name as an
 * error, as it may be there a moment later (the Secret of a store, the node pool of a Kafka, the Service of a Rollout).
 */
import {
  byConditions,
  condition,
  explain,
  failed,
  fields,
  notObserved,
  ready,
  text,
  waiting,
  type Rule,
} from './verdict.ts';

export const readyCondition: Rule = byConditions(['Ready']);

/** A request that failed is made again after an hour at the earliest (cert-manager's API: `failedIssuanceAttempts`). */
export const certificate: Rule = (subject) => {
  const verdict = readyCondition(subject, {});
  const issuing = condition(subject, 'Issuing');
  const hasFailed = issuing?.status === 'False' && issuing.reason === 'Failed';
  return verdict.state === 'waiting' && hasFailed ? failed(explain(issuing, 'it was not issued')) : verdict;
};

export const rollout: Rule = (subject) => {
  const unseen = notObserved(subject);
  if (unseen) return unseen;
  const { status } = subject;
  const phase = text(status['phase']);
  const said = text(status['message']) ?? `phase ${phase ?? 'not reported'}`;
  switch (phase) {
    case 'Healthy':
      return ready;
    case 'Paused':
      return { state: 'ready', reason: 'paused' };
    case 'Degraded':
      // Its controller looks again every 20 s: what the Rollout names may have been applied after it.
      return condition(subject, 'InvalidSpec')?.status === 'True' ? waiting(said) : failed(said);
    default:
      return waiting(said);
  }
};

/** The phases are sentences; only one of them asks for somebody (`PhaseUnrecoverable` of its API). */
export const cnpgCluster: Rule = ({ status }) => {
  const phase = text(status['phase']);
  if (phase === 'Cluster in healthy state') return ready;
  const said = [phase, text(status['phaseReason'])].filter(Boolean).join(': ');
  return phase?.includes('unrecoverable') ? failed(said) : waiting(said || 'it has no status yet');
};

/** An experiment that is paused or whose duration is over takes back what it injected. */
export const chaos: Rule = (subject) =>
  fields(subject.status['experiment'])['desiredPhase'] === 'Stop'
    ? { state: 'ready', reason: 'it is over, or paused' }
    : byConditions(['AllInjected'])(subject, {});

/** Kinds of Chaos Mesh that inject something. */
export const experiments: readonly string[] = [
  'AWSChaos',
  'AzureChaos',
  'BlockChaos',
  'DNSChaos',
  'GCPChaos',
  'HTTPChaos',
  'IOChaos',
  'JVMChaos',
  'KernelChaos',
  'NetworkChaos',
  'PhysicalMachineChaos',
  'PodChaos',
  'StressChaos',
  'TimeChaos',
];

/** kro retries by itself when a missing kind appears, so Inactive may pass. */
export const kroDefinition: Rule = (subject) =>
  subject.status['state'] === 'Active'
    ? readyCondition(subject, {})
    : waiting(explain(condition(subject, 'Ready'), 'not Active yet'));
