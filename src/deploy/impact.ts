import type { KubernetesObject } from '../cluster/cluster.ts';
import type { Impact, ObjectAddress, PlannedChange } from './options.ts';
import { fields } from './readiness/verdict.ts';

/** An object before and after a deployment, as far as both are known. */
export interface Transition {
  readonly change: PlannedChange;
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
}

/** Kinds whose pods are made anew when their template changes; a Job's template cannot change. */
const rolling = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Rollout']);

/** What a plan does to what runs: which pods are replaced or end, and which Services are left without pods. */
export function impactOf(transitions: readonly Transition[]): Impact {
  const restarts: Impact['restarts'][number][] = [];
  for (const { change, before } of transitions) {
    if (!before || !templateOf(before)) continue;
    const because = change.fields.map(({ path }) => path).filter((path) => path.startsWith('spec.template'));
    if (change.action === 'delete') restarts.push({ ...addressOf(change), effect: 'end', because: [] });
    else if (change.action === 'replace')
      restarts.push({ ...addressOf(change), effect: 'restart', because: ['it is replaced'] });
    else if (because.length > 0 && rolling.has(change.kind))
      restarts.push({ ...addressOf(change), effect: 'restart', because });
  }
  const workloads = transitions.filter(({ before, after }) => templateOf(before) ?? templateOf(after));
  const endpoints = transitions
    .filter(({ change }) => change.apiVersion === 'v1' && change.kind === 'Service')
    .filter(({ before }) => before && selects(before, workloads, 'before'))
    .filter(({ change, after }) => change.action === 'delete' || (after && !selects(after, workloads, 'after')))
    .map(({ change }) => addressOf(change));
  return { restarts, endpoints };
}

function addressOf({ fields: _fields, action: _action, ...address }: PlannedChange): ObjectAddress {
  return address;
}

/** Whether a workload of this deployment that has pods at all gives them the labels that a Service selects. */
function selects(service: KubernetesObject, workloads: readonly Transition[], when: 'before' | 'after'): boolean {
  const selector = Object.entries(fields(fields(service['spec'])['selector']));
  if (selector.length === 0) return false;
  return workloads.some(({ [when]: workload }) => {
    const template = templateOf(workload);
    if (!workload || !template || workload.metadata.namespace !== service.metadata.namespace) return false;
    if (fields(workload['spec'])['replicas'] === 0) return false;
    const labels = fields(fields(template['metadata'])['labels']);
    return selector.every(([key, value]) => labels[key] === value);
  });
}

function templateOf(object: KubernetesObject | undefined): Readonly<Record<string, unknown>> | undefined {
  if (!object) return undefined;
  if (object.kind === 'Pod') return { metadata: object.metadata };
  const template = fields(fields(object['spec'])['template']);
  return fields(template['spec'])['containers'] ? template : undefined;
}
