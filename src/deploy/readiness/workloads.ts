import {
  condition,
  count,
  explain,
  failed,
  fields,
  notObserved,
  ready,
  text,
  waiting,
  type Fields,
  type Rule,
  type Subject,
  type Verdict,
} from './verdict.ts';

export const deployment: Rule = (subject) => {
  const { spec, status } = subject;
  if (spec['paused'] === true) return { state: 'ready', reason: 'paused' };
  const progressing = condition(subject, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed(explain(progressing, 'it does not progress'));
  const wanted = count(spec['replicas'], 1);
  const unseen = notObserved(subject);
  if (unseen) return unseen;
  const [updated, total, up, available] = ['updatedReplicas', 'replicas', 'readyReplicas', 'availableReplicas'].map(
    (name) => count(status[name]),
  ) as [number, number, number, number];
  const failure = condition(subject, 'ReplicaFailure');
  if (failure?.status === 'True' && total < wanted) return waiting(explain(failure, 'pods cannot be created'));
  if (updated < wanted) return waiting(`${updated} of ${wanted} replicas are updated`);
  if (total > updated) return waiting(`${total - updated} old replicas are still there`);
  const surplus = surplusOf(subject, wanted);
  if (surplus) return surplus;
  if (up < wanted) return waiting(`${up} of ${wanted} replicas are ready`);
  if (available < wanted) return waiting(`${available} of ${wanted} replicas are available`);
  return ready;
};

export const replicaSet: Rule = (subject) => {
  const { spec, status } = subject;
  const failure = condition(subject, 'ReplicaFailure');
  const wanted = count(spec['replicas'], 1);
  const unseen = notObserved(subject);
  if (unseen) return unseen;
  if (failure?.status === 'True') return waiting(explain(failure, 'pods cannot be created'));
  const surplus = surplusOf(subject, wanted);
  if (surplus) return surplus;
  const up = count(status['availableReplicas']);
  return up < wanted ? waiting(`${up} of ${wanted} replicas are available`) : ready;
};

export const statefulSet: Rule = (subject) => {
  const { spec, status } = subject;
  const unseen = notObserved(subject);
  if (unseen) return unseen;
  const strategy = fields(spec['updateStrategy']);
  if (strategy['type'] === 'OnDelete') return ready;
  const wanted = count(spec['replicas'], 1);
  const surplus = surplusOf(subject, wanted);
  if (surplus) return surplus;
  const up = count(status['readyReplicas']);
  if (up < wanted) return waiting(`${up} of ${wanted} replicas are ready`);
  const partition = count(fields(strategy['rollingUpdate'])['partition']);
  const updated = count(status['updatedReplicas']);
  if (updated < wanted - partition) return waiting(`${updated} of ${wanted - partition} replicas are updated`);
  const done = partition > 0 || status['currentRevision'] === status['updateRevision'] || wanted === 0;
  return done ? ready : waiting(`revision ${text(status['updateRevision']) ?? 'unknown'} is not the current one yet`);
};

/** Until they are gone, whoever counts replicas counts them too. */
function surplusOf({ status }: Subject, wanted: number): Verdict | undefined {
  const surplus = count(status['replicas']) - wanted;
  return surplus > 0 ? waiting(`${surplus} replicas too many are still there`) : undefined;
}

export const daemonSet: Rule = (subject) => {
  const { status, spec } = subject;
  const unseen = notObserved(subject);
  if (unseen) return unseen;
  const wanted = count(status['desiredNumberScheduled'], -1);
  if (wanted < 0) return waiting('its controller has not counted nodes yet');
  const checked = fields(spec['updateStrategy'])['type'] === 'OnDelete' ? [] : ['updatedNumberScheduled'];
  for (const name of ['currentNumberScheduled', ...checked, 'numberReady', 'numberAvailable']) {
    const number = count(status[name]);
    if (number < wanted) return waiting(`${name} is ${number} of ${wanted}`);
  }
  return ready;
};

/** Waiting reasons of a container whose image is not there: few of them heal. */
export const imageProblems: readonly string[] = [
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
];
const problemReasons: readonly string[] = [
  ...imageProblems,
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
];

/** What its containers show may pass: how long that may take is a matter of who waits. */
export const pod: Rule = (subject) => {
  const { status } = subject;
  if (status['phase'] === 'Succeeded') return ready;
  if (status['phase'] === 'Failed')
    return failed([text(status['reason']), text(status['message'])].filter(Boolean).join(': ') || 'phase Failed');
  const [stuck] = containerProblems(status);
  if (condition(subject, 'Ready')?.status === 'True') return ready;
  const scheduled = condition(subject, 'PodScheduled');
  if (scheduled?.status === 'False') return waiting(explain(scheduled, 'not scheduled'));
  return waiting(stuck?.text ?? explain(condition(subject, 'Ready'), `phase ${text(status['phase']) ?? 'unknown'}`));
};

/** What is wrong with one container of a pod. */
export interface ContainerProblem {
  readonly container: string;
  readonly reason: string;
  readonly text: string;
}

/** The containers of a pod that are stuck, and why. */
export function containerProblems(status: Fields): readonly ContainerProblem[] {
  return containersOf(status).flatMap((entry) => {
    const wait = fields(fields(entry['state'])['waiting']);
    const reason = text(wait['reason']);
    if (!reason || !problemReasons.includes(reason)) return [];
    const last = fields(fields(entry['lastState'])['terminated']);
    const exit = typeof last['exitCode'] === 'number' ? ` (last exit code ${last['exitCode']})` : '';
    const container = String(entry['name']);
    const said = [reason, text(wait['message'])].filter(Boolean).join(': ');
    return [{ container, reason, text: `container ${container}: ${said}${exit}` }];
  });
}

/** The states of a pod's containers, in the order in which they start. */
export function containersOf(status: Fields): readonly Fields[] {
  return ['initContainerStatuses', 'containerStatuses'].flatMap((list) => (status[list] ?? []) as readonly Fields[]);
}

export const job: Rule = (subject) => {
  const failure = condition(subject, 'Failed');
  if (failure?.status === 'True') return failed(explain(failure, 'the job failed'));
  if (condition(subject, 'Complete')?.status === 'True') return ready;
  if (subject.spec['suspend'] === true) return { state: 'ready', reason: 'suspended' };
  const { status } = subject;
  return waiting(
    `${count(status['succeeded'])} of ${count(subject.spec['completions'], 1)} completions, ${count(status['active'])} active`,
  );
};

export const autoscaler: Rule = (subject) => {
  const scaling = condition(subject, 'ScalingActive');
  // Without a metrics server it never says True; that is no reason to wait.
  return scaling?.status === 'False' ? waiting(explain(scaling, 'ScalingActive is False'), 10_000) : ready;
};

export const disruptionBudget: Rule = (subject) => notObserved(subject) ?? ready;
