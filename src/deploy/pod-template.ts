import type { KubernetesObject } from '../cluster/cluster.ts';
import { fields, type Fields } from './readiness/verdict.ts';

/** Fields of a container that the server and webhooks leave as they are written, but for what they add. */
const compared = ['command', 'args', 'env', 'envFrom'] as const;

export function isPod({ apiVersion, kind }: KubernetesObject): boolean {
  return apiVersion === 'v1' && kind === 'Pod';
}

/** What a workload makes its pods from. */
export function podTemplate(object: KubernetesObject): Fields | undefined {
  const template = fields(fields(object['spec'])['template']);
  return fields(template['spec'])['containers'] ? template : undefined;
}

/** Whether a pod is made from a workload's current template: pods of the version before may fail as they like. */
export function runs(workload: KubernetesObject, pod: KubernetesObject): boolean {
  const template = podTemplate(workload);
  if (!template) return false;
  const { labels, annotations } = fields(template['metadata']);
  const wanted = containersOf(template['spec']);
  const made = containersOf(pod['spec']);
  return (
    contains(pod.metadata.labels, labels) &&
    contains(pod.metadata.annotations, annotations) &&
    imagesOf(wanted) === imagesOf(made) &&
    wanted.every((container) => {
      const same = fields(made.find(({ name }) => name === container['name']));
      return compared.every((field) => contains(same[field], container[field]));
    })
  );
}

function containersOf(spec: unknown): readonly Fields[] {
  return (fields(spec)['containers'] ?? []) as readonly Fields[];
}

function imagesOf(containers: readonly Fields[]): string {
  return containers
    .map(({ name, image }) => `${String(name)}=${String(image)}`)
    .sort()
    .join(' ');
}

/** Whether a value has all of another one. The server leaves out what is empty. */
function contains(whole: unknown, part: unknown): boolean {
  if (part === undefined || part === null || part === '') return true;
  if (Array.isArray(part))
    return part.every((item, index) => contains(Array.isArray(whole) ? (whole as unknown[])[index] : undefined, item));
  if (typeof part !== 'object') return whole === part;
  return Object.entries(part).every(([name, field]) => contains(fields(whole)[name], field));
}
