import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { informer, type Informer } from '../cluster/watch.ts';
import { addressOf, type Item } from './item.ts';
import { condition, explain, fields, subjectOf } from './readiness/verdict.ts';
import { containerProblems, containersOf, imageProblems } from './readiness/workloads.ts';
import { isPod, podTemplate, runs } from './pod-template.ts';
import type { Run } from './run.ts';
import { manyNamespaces } from './world.ts';

/** A workload that is not ready after this time has its pods looked at. */
const patienceMs = 1_500;

/** In place of a namespace: all of them. */
const everywhere = '';

/**
 * What can be wrong with a pod: after how long it is told, and after how long the deployment is given up. An image may
 * be pulled in a second try; an autoscaler may be adding the node that is missing.
 */
const patience = {
  image: { event: 'problem', tellMs: 0, fatalMs: 10_000 },
  crash: { event: 'problem', tellMs: 0, fatalMs: 60_000 },
  unscheduled: { event: 'waiting', tellMs: 15_000, fatalMs: undefined },
} as const;

type Trouble = keyof typeof patience;

/** What a pod shows at one time. */
interface Sign {
  readonly trouble: Trouble;
  /** The container that shows it; none for the pod as a whole. */
  readonly container?: string;
  readonly text: string;
}

interface Problem extends Sign {
  readonly pod: KubernetesObject;
  readonly since: number;
  /** When the pod showed it no more: a container that crashes runs in between. */
  readonly goneAt?: number;
}

/**
 * Why workloads do not become ready, seen at their pods within seconds. One watch per namespace, or one of the whole cluster
 * where many of them wait, and only while something waits.
 */
export class PodProblems {
  readonly #run: Run;
  readonly #onChange: () => void;
  readonly #followed = new Map<string, Item>();
  /** By the UID of the pod: another pod of the same workload starts anew. */
  readonly #problems = new Map<string, readonly Problem[]>();
  readonly #told = new Set<string>();
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
    if (!namespace || !(isPod(object) || podTemplate(object))) return;
    const known = this.#followed.has(label);
    this.#followed.set(label, item);
    if (!known) this.#later(patienceMs, () => this.#watch(item, namespace));
  }

  forget(label: string): void {
    if (!this.#followed.delete(label)) return;
    for (const trouble of Object.keys(patience)) this.#told.delete(`${label} ${trouble}`);
  }

  /** Why an object will not become ready, once that is certain enough. */
  fatal(label: string): string | undefined {
    const item = this.#followed.get(label);
    if (!item) return undefined;
    const found = this.#all().find((problem) => isFatal(problem) && concerns(problem, item));
    return found && this.#reason(found);
  }

  /** Whether that is so of any object. */
  isFatal(): boolean {
    return [...this.#followed.keys()].some((label) => this.fatal(label) !== undefined);
  }

  stop(): void {
    this.#end();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #all(): readonly Problem[] {
    return [...this.#problems.values()].flat();
  }

  #later(delay: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delay);
    this.#timers.add(timer);
  }

  #watch(item: Item, namespace: string): void {
    if (!this.#followed.has(item.desired.label)) return;
    if (this.#informers.has(everywhere) || this.#informers.has(namespace)) return this.#tell(this.#all(), [item]);
    const waiting = new Set([...this.#followed.values()].map(({ desired }) => desired.namespace));
    if (!this.#mayBeWide || waiting.size <= manyNamespaces) return this.#start(namespace);
    this.#end();
    this.#start(everywhere, () => {
      this.#mayBeWide = false;
      this.#end();
      for (const other of this.#followed.values())
        if (other.desired.namespace) this.#watch(other, other.desired.namespace);
    });
  }

  #start(namespace: string, onForbidden?: () => void): void {
    if (this.#informers.has(namespace)) return;
    const pods = informer(
      this.#run.cluster,
      { apiVersion: 'v1', kind: 'Pod', namespace: namespace === everywhere ? undefined : namespace },
      {
        onChange: ({ type, object }) => this.#look(object, type === 'deleted'),
        // Pods only explain; who may not read them waits without an explanation.
        onError: (error) => (isApiError(error, 'Forbidden') ? onForbidden?.() : undefined),
        // There may be very many of others.
        store: false,
      },
    );
    this.#informers.set(namespace, pods);
  }

  #end(): void {
    for (const each of this.#informers.values()) each.stop();
    this.#informers.clear();
  }

  #look(pod: KubernetesObject, gone: boolean): void {
    const { uid = '', deletionTimestamp } = pod.metadata;
    const before = this.#problems.get(uid) ?? [];
    const now = gone || deletionTimestamp ? [] : problemsOf(pod, before);
    if (now.length === 0) this.#problems.delete(uid);
    else this.#problems.set(uid, now);
    this.#tellEnd(before.filter((old) => !now.some((problem) => isSame(old, problem))));
    for (const problem of now) {
      const { trouble, since, goneAt } = problem;
      if (goneAt !== undefined || before.some((old) => isSame(old, problem) && old.goneAt === undefined)) continue;
      const { tellMs, fatalMs } = patience[trouble];
      const age = performance.now() - since;
      if (tellMs > age) this.#later(tellMs - age + 1, () => this.#tell(this.#problems.get(uid)));
      if (fatalMs !== undefined) this.#later(Math.max(0, fatalMs - age) + 1, this.#onChange);
    }
    this.#tell(now);
  }

  /** Tells what is wrong with workloads: of each sort the first problem. */
  #tell(problems: readonly Problem[] = [], items: Iterable<Item> = this.#followed.values()): void {
    const now = performance.now();
    const due = problems.filter(
      ({ trouble, since, goneAt }) => goneAt === undefined && now - since >= patience[trouble].tellMs,
    );
    if (due.length === 0) return;
    for (const item of items) {
      for (const problem of due) {
        const what = `${item.desired.label} ${problem.trouble}`;
        if (this.#told.has(what) || !concerns(problem, item)) continue;
        this.#told.add(what);
        const { event } = patience[problem.trouble];
        this.#run.emit({ type: event, object: addressOf(item.desired), reason: this.#reason(problem) });
      }
    }
  }

  /** Nobody is to think that a workload still fails. */
  #tellEnd(over: readonly Problem[]): void {
    for (const problem of over) {
      for (const item of this.#followed.values()) {
        const what = `${item.desired.label} ${problem.trouble}`;
        if (!this.#told.has(what) || !concerns(problem, item)) continue;
        if (this.#all().some((other) => other.trouble === problem.trouble && concerns(other, item))) continue;
        this.#told.delete(what);
        if (patience[problem.trouble].event === 'waiting') continue;
        this.#run.emit({ type: 'waiting', object: addressOf(item.desired), reason: `over: ${this.#reason(problem)}` });
      }
    }
  }

  #reason({ pod, text }: Problem): string {
    return this.#run.secretValues.hide(`pod ${pod.metadata.name}, ${text}`);
  }
}

/** What a pod shows, with what it showed before and may show again. */
function problemsOf(pod: KubernetesObject, before: readonly Problem[]): readonly Problem[] {
  const now = performance.now();
  const shown = signsOf(pod).map((sign): Problem => {
    const old = before.find((each) => isSame(each, sign));
    const isOver = old?.goneAt !== undefined && now - old.goneAt >= patience.crash.fatalMs;
    return { ...sign, pod, since: old && !isOver ? old.since : now };
  });
  const containers = containersOf(fields(pod['status']));
  const hidden = before
    .filter((old) => old.trouble === 'crash' && !shown.some((sign) => isSame(old, sign)))
    .filter(({ container }) => !containers.some(({ name, ready }) => name === container && ready === true))
    .map((old): Problem => ({ ...old, goneAt: old.goneAt ?? now }));
  return [...shown, ...hidden];
}

function signsOf(pod: KubernetesObject): readonly Sign[] {
  const scheduled = condition(subjectOf(pod), 'PodScheduled');
  const unscheduled = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  return [
    ...(unscheduled ? [{ trouble: 'unscheduled', text: explain(scheduled, '') } as const] : []),
    ...containerProblems(fields(pod['status'])).map(({ container, reason, text }): Sign => {
      return { trouble: imageProblems.includes(reason) ? 'image' : 'crash', container, text };
    }),
  ];
}

function isSame(one: Sign, other: Sign): boolean {
  return one.trouble === other.trouble && one.container === other.container;
}

function isFatal({ trouble, since, goneAt }: Problem): boolean {
  const { fatalMs } = patience[trouble];
  return fatalMs !== undefined && goneAt === undefined && performance.now() - since >= fatalMs;
}

function concerns({ pod }: Problem, { desired }: Item): boolean {
  if (desired.namespace !== pod.metadata.namespace) return false;
  return isPod(desired.object) ? desired.name === pod.metadata.name : runs(desired.object, pod);
}
