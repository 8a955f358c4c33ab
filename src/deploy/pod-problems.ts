import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { informer, type Informer } from '../cluster/watch.ts';
import { addressOf, type Item } from './item.ts';
import { containerProblem, imageProblems } from './readiness/workloads.ts';
import { fields, type Fields } from './readiness/verdict.ts';
import type { Run } from './run.ts';
import { manyNamespaces } from './world.ts';

/** A workload that is not ready after this time has its pods looked at. */
const patienceMs = 1_500;
/** How long a problem has to last until the deployment is given up; an image may be pulled in a second try. */
const imageFatalMs = 10_000;
const crashFatalMs = 60_000;

/** In place of a namespace: all of them. */
const everywhere = '';

interface Problem {
  readonly reason: string;
  readonly since: number;
  readonly fatalMs: number;
}

/**
 * Why workloads do not become ready, seen at their pods within seconds. One watch per namespace, or one of the whole cluster
 * where many of them wait, and only while something waits.
 */
export class PodProblems {
  readonly #run: Run;
  readonly #onChange: () => void;
  readonly #followed = new Map<string, Item>();
  readonly #problems = new Map<string, Problem>();
  readonly #informers = new Map<string, Informer>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Whether pods may be watched in the whole cluster. */
  #mayBeWide = true;

  constructor(run: Run, onChange: () => void) {
    this.#run = run;
    this.#onChange = onChange;
  }

  follow(item: Item): void {
    const { label, object, namespace } = item.desired;
    if (this.#followed.has(label) || !namespace || !podTemplate(object)) return;
    this.#followed.set(label, item);
    this.#later(patienceMs, () => this.#watch(namespace));
  }

  forget(label: string): void {
    this.#followed.delete(label);
    this.#problems.delete(label);
  }

  /** Why an object will not become ready, once that is certain enough. */
  fatal(label: string): string | undefined {
    const problem = this.#problems.get(label);
    return problem && performance.now() - problem.since >= problem.fatalMs ? problem.reason : undefined;
  }

  /** Whether that is so of any object. */
  isFatal(): boolean {
    return [...this.#problems.keys()].some((label) => this.fatal(label) !== undefined);
  }

  stop(): void {
    this.#end();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #later(delay: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delay);
    this.#timers.add(timer);
  }

  #watch(namespace: string): void {
    const waiting = new Set([...this.#followed.values()].map(({ desired }) => desired.namespace));
    if (!waiting.has(namespace) || this.#informers.has(everywhere)) return;
    if (!this.#mayBeWide || waiting.size <= manyNamespaces) return this.#start(namespace);
    this.#end();
    this.#start(everywhere, () => {
      this.#mayBeWide = false;
      this.#end();
      for (const { desired } of this.#followed.values()) if (desired.namespace) this.#watch(desired.namespace);
    });
  }

  #start(namespace: string, onForbidden?: () => void): void {
    if (this.#informers.has(namespace)) return;
    const pods = informer(
      this.#run.cluster,
      { apiVersion: 'v1', kind: 'Pod', namespace: namespace === everywhere ? undefined : namespace },
      {
        onChange: ({ type, object }) => (type === 'deleted' ? undefined : this.#look(object)),
        // Pods only explain; who may not read them waits without an explanation.
        onError: (error) => (isApiError(error, 'Forbidden') ? onForbidden?.() : undefined),
        store: false,
      },
    );
    this.#informers.set(namespace, pods);
  }

  #end(): void {
    for (const each of this.#informers.values()) each.stop();
    this.#informers.clear();
  }

  #look(pod: KubernetesObject): void {
    if (pod.metadata.deletionTimestamp) return;
    const found = containerProblem(fields(pod['status']));
    if (!found) return;
    for (const item of this.#followed.values()) {
      if (item.desired.namespace !== pod.metadata.namespace || !runs(item.desired.object, pod)) continue;
      const reason = this.#run.secretValues.hide(`pod ${pod.metadata.name}, ${found.text}`);
      const { label } = item.desired;
      const known = this.#problems.get(label);
      const fatalMs = imageProblems.includes(found.reason) ? imageFatalMs : crashFatalMs;
      this.#problems.set(label, { reason, since: known?.since ?? performance.now(), fatalMs });
      if (known) continue;
      this.#run.emit({ type: 'problem', object: addressOf(item.desired), reason });
      this.#later(fatalMs + 1, this.#onChange);
    }
  }
}

function podTemplate(object: KubernetesObject): Fields | undefined {
  const template = fields(fields(object['spec'])['template']);
  return fields(template['spec'])['containers'] ? template : undefined;
}

/** Whether a pod is made from a workload's current template: pods of the version before may fail as they like. */
function runs(workload: KubernetesObject, pod: KubernetesObject): boolean {
  const template = podTemplate(workload);
  if (!template) return false;
  const labels = fields(fields(template['metadata'])['labels']);
  const matches = Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value);
  return matches && imagesOf(fields(template['spec'])) === imagesOf(fields(pod['spec']));
}

function imagesOf(spec: Fields): string {
  const containers = (spec['containers'] ?? []) as readonly Fields[];
  return containers
    .map(({ name, image }) => `${String(name)}=${String(image)}`)
    .sort()
    .join(' ');
}
