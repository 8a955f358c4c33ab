import { isApiError } from '../../cluster/api-error.ts';
import type { KubernetesObject } from '../../cluster/cluster.ts';
import { informer, type Informer } from '../../cluster/watch.ts';
import type { Graph } from '../../graph/graph.ts';
import { resolve } from '../../resolve/resolve.ts';
import type { Resolution } from '../../resolve/resolution.ts';
import { Facts } from '../facts.ts';
import { failureOf } from '../failure.ts';
import { Gates } from '../gates.ts';
import { keyOf, refOf } from '../identity.ts';
import { canonical } from '../intent.ts';
import { addressOf, isReady, type Item } from '../item.ts';
import type { ObjectAddress } from '../options.ts';
import { PodProblems } from '../pod-problems.ts';
import { judge } from '../readiness/table.ts';
import {
  condition,
  failed,
  fields,
  ready,
  subjectOf,
  text,
  type Fields,
  waiting,
  type RuleContext,
  type Verdict,
} from '../readiness/verdict.ts';
import { ruleContext } from '../rule-context.ts';
import type { Run } from '../run.ts';
import { verdictOf } from '../verdict-of.ts';
import { look, type World } from '../world.ts';
import { ChildWatch, readChildren, type Child } from './children.ts';
import { addressOfInstance, instanceRef } from './instance.ts';
import { observedOf } from './observed.ts';
import { kroReason } from './reason.ts';
import { withSources } from './sources.ts';

/** What an instance became. */
export interface SettledInstance {
  readonly instance: KubernetesObject;
  readonly children: readonly Item[];
  readonly status: Record<string, unknown>;
  readonly resolution: Resolution;
}

/** kro looks again every 3 s while something waits; after twice that its status is what it is. */
const statusGraceMs = 6_000;
const errorGraceMs = 5_000;
const gatherMs = 20;

/** Waits for kro, then for what it made: kro calls an instance ACTIVE when its objects merely exist. */
export async function settleInstance(
  run: Run,
  world: World,
  awaited: { readonly generation: number; readonly newDefinition: boolean },
): Promise<SettledInstance> {
  const waitingRoom = new WaitingRoom(run, world, awaited);
  try {
    return await waitingRoom.wait();
  } finally {
    waitingRoom.stop();
  }
}

class WaitingRoom {
  readonly #run: Run;
  readonly #world: World;
  readonly #generation: number;
  readonly #newDefinition: boolean;
  readonly #children: ChildWatch;
  readonly #pods: PodProblems;
  readonly #facts: Facts;
  readonly #instance: Informer;
  readonly #told = new Map<string, string>();
  readonly #verdicts = new Map<string, Verdict>();
  #wake = Promise.withResolvers<void>();
  #rules: RuleContext = {};
  #refused: unknown;
  #erredAt: number | undefined;
  #staleSince: number | undefined;
  #since = new Map<string, number>();

  constructor(
    run: Run,
    world: World,
    { generation, newDefinition }: { readonly generation: number; readonly newDefinition: boolean },
  ) {
    this.#run = run;
    this.#world = world;
    this.#generation = generation;
    this.#newDefinition = newDefinition;
    const onError = (error: unknown): void => this.#refuse(error);
    this.#children = new ChildWatch(run, (object) => this.#seeChild(object), onError);
    this.#pods = new PodProblems(run, () => this.#wake.resolve());
    this.#facts = new Facts(run, world, () => this.#wake.resolve());
    const { apiVersion, kind, name, namespace } = instanceRef(run);
    this.#instance = informer(
      run.cluster,
      { apiVersion, kind, namespace, fieldSelector: `metadata.name=${name}` },
      { onChange: () => this.#wake.resolve(), onError },
    );
    run.signal.addEventListener('abort', () => this.#wake.resolve(), { once: true });
  }

  stop(): void {
    this.#instance.stop();
    this.#children.stop();
    this.#pods.stop();
    this.#facts.stop();
  }

  async wait(): Promise<SettledInstance> {
    await Promise.race([this.#instance.ready.catch(() => undefined), this.#wake.promise]);
    for (;;) {
      if (this.#refused) throw this.#refused;
      const { name, namespace } = instanceRef(this.#run);
      const instance = this.#instance.object(name, namespace);
      if (instance) this.#children.follow(this.#run.graph, instance);
      const verdict = this.#judgeInstance(instance);
      const isQuiet =
        [...this.#verdicts.values()].every(({ state }) => state !== 'failed') && !this.#run.signal.aborted;
      if (instance && (verdict.state === 'ready' || !isQuiet || this.#hasPodProblem())) {
        const settled = await this.#look(instance, verdict);
        if (settled) return settled;
      } else if (verdict.state === 'failed' || this.#run.signal.aborted) await this.#fail([], verdict);
      await this.#pause(verdict);
    }
  }

  /** Reads everything once more: watches of several kinds do not promise to be equally new. */
  async #look(instance: KubernetesObject, verdict: Verdict): Promise<SettledInstance | undefined> {
    const children = this.#run.signal.aborted ? [] : await readChildren(this.#run, this.#run.graph, instance);
    const objects = children.map(({ object }) => object);
    if (!this.#run.signal.aborted) this.#rules = { ...(await ruleContext(this.#run, objects)), ...this.#facts.context };
    const items = children.map((child) => this.#itemOf(child));
    if (
      verdict.state !== 'ready' ||
      this.#run.signal.aborted ||
      items.some((item) => item.verdict?.state === 'failed')
    ) {
      await this.#fail(await this.#staying(children, items), verdict);
      return undefined;
    }
    if (!items.every((item) => isReady(item))) return undefined;
    const resolution = await this.#meaning(children);
    const status = ownStatus(this.#run.graph, instance);
    const isCurrent = canonical(status) === canonical(resolution.status) && this.#isMade(children, resolution);
    if (!isCurrent && !this.#isStale()) return undefined;
    return { instance, children: items, status, resolution };
  }

  /** What the status has to become, so that an older one is not taken for it. */
  async #meaning(children: readonly Child[]): Promise<Resolution> {
    const observed = observedOf(children, this.#world);
    for (;;) {
      const resolution = resolve(this.#run.graph, this.#run.instance, observed);
      this.#world.resolution = { ...resolution, objects: [], pending: [] };
      if (!(await look(this.#run, this.#world))) return resolution;
    }
  }

  /** Without what kro is about to delete: how that does is no matter of the deployment any more. */
  async #staying(children: readonly Child[], items: readonly Item[]): Promise<readonly Item[]> {
    if (items.length === 0) return items;
    const { objects, pending } = await this.#meaning(children);
    const wanted = new Set(objects.map(({ object }) => keyOf(refOf(object))));
    const unknown = new Set(pending.map(({ path }) => path));
    return items.filter(({ desired: { key, path, node } }) => node.instanceOf || wanted.has(key) || unknown.has(path));
  }

  /** Whether there is what the graph means and nothing else: kro may not have begun with a new definition. */
  #isMade(children: readonly Child[], { objects }: Resolution): boolean {
    const wanted = new Map(objects.map(({ object }) => [keyOf(refOf(object)), object]));
    const made = children.filter(({ node }) => !node.instanceOf);
    const keys = new Set(made.map(({ address }) => keyOf(address)));
    if (made.some(({ address }) => !wanted.has(keyOf(address)))) return false;
    for (const key of wanted.keys()) if (!keys.has(key) && !this.#world.live.object(key)) return false;
    return made.every(({ address, object }) => !this.#newDefinition || contains(object, wanted.get(keyOf(address))));
  }

  #isStale(): boolean {
    this.#staleSince ??= performance.now();
    return performance.now() - this.#staleSince > statusGraceMs;
  }

  #itemOf(child: Child): Item {
    const { object, address, path, index, node } = child;
    const key = keyOf(address);
    this.#world.live.set(object);
    const verdict = this.#note(address, verdictOf(this.#run.graph, child, this.#rules));
    const since = this.#since.get(key) ?? performance.now();
    this.#since.set(key, since);
    const item: Item = {
      desired: { ...address, path, index, node, key, intent: object, object, hash: '', check: false, served: true },
      state: 'settled',
      action: 'checked',
      verdict,
      since,
    };
    if (verdict.state === 'ready') this.#pods.forget(address.label);
    else this.#pods.follow(item);
    const fatal = this.#pods.fatal(address.label);
    if (fatal !== undefined && verdict.state === 'waiting') item.verdict = failed(fatal);
    return item;
  }

  #note(address: ObjectAddress, verdict: Verdict): Verdict {
    if (verdict.state === 'ready')
      this.#tell(address, 'ready', () => this.#run.emit({ type: 'ready', object: addressOf(address) }));
    else
      this.#tell(address, verdict.reason, () =>
        this.#run.emit({ type: 'waiting', object: addressOf(address), reason: verdict.reason }),
      );
    this.#verdicts.set(keyOf(address), verdict);
    return verdict;
  }

  #seeChild(object: KubernetesObject): void {
    this.#run.secretValues.learn(object);
    const id = object.metadata.labels?.['kro.run/node-id'];
    const {
      apiVersion,
      kind,
      metadata: { name, namespace },
    } = object;
    const address = { label: id ?? name, apiVersion, kind, name, ...(namespace !== undefined && { namespace }) };
    this.#note(address, judge(object, this.#rules));
    this.#wake.resolve();
  }

  /** What no retry heals: without events the wait would never end. */
  #refuse(error: unknown): void {
    if (!isApiError(error, 'Forbidden', 'Unauthorized')) return;
    this.#refused ??= error;
    this.#wake.resolve();
  }

  #hasPodProblem(): boolean {
    return this.#pods.isFatal();
  }

  #judgeInstance(instance: KubernetesObject | undefined): Verdict {
    if (!instance || (instance.metadata.generation ?? 0) < this.#generation) return waiting('kro has not seen it yet');
    const subject = subjectOf(instance);
    const found = condition(subject, 'Ready');
    // An author's own conditions stand in place of kro's.
    const stated = this.#run.graph.conditions.length === 0 && found !== undefined;
    const state = text(subject.status['state']);
    const active =
      state === 'ACTIVE' && (!stated || found?.status === 'True') && isAbout(subject.conditions, this.#generation);
    this.#erredAt = state === 'ERROR' ? (this.#erredAt ?? performance.now()) : undefined;
    const reason = withSources(kroReason(subject.conditions, state), this.#run.graph);
    if (active) return ready;
    this.#tell(addressOfInstance(this.#run), reason, () =>
      this.#run.emit({ type: 'waiting', object: addressOfInstance(this.#run), reason }),
    );
    return this.#erredAt !== undefined && performance.now() - this.#erredAt > errorGraceMs
      ? failed(reason)
      : waiting(reason);
  }

  async #fail(items: readonly Item[], verdict: Verdict): Promise<void> {
    const broken = items.filter((item) => item.verdict?.state === 'failed');
    const failures: unknown[] = [...broken];
    const address = addressOfInstance(this.#run);
    const node = { source: () => undefined } as never;
    const instance: Item = {
      desired: {
        ...address,
        path: '',
        node,
        key: keyOf(address),
        intent: {} as never,
        object: {} as never,
        hash: '',
        check: false,
        served: true,
      },
      state: 'settled',
      action: 'checked',
      verdict,
      since: performance.now(),
    };
    if (verdict.state === 'failed') failures.push(instance);
    if (failures.length === 0 && !this.#run.signal.aborted) return;
    const waits = [...items, ...(verdict.state === 'ready' ? [] : [instance])];
    const failure = await failureOf(this.#run, this.#world, {
      items: waits,
      gates: new Gates(this.#run.graph, []),
      failures,
      lost: new Map(),
      unmet: [],
      stopped: this.#run.signal.aborted,
    });
    if (failure) throw failure;
  }

  #tell({ label }: ObjectAddress, reason: string, emit: () => void): void {
    if (this.#told.get(label) === reason) return;
    this.#told.set(label, reason);
    emit();
  }

  async #pause(verdict: Verdict): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((done) => {
      // Patience with errors and old status ends without an event.
      timer = setTimeout(done, verdict.state === 'ready' || this.#erredAt !== undefined ? 1_000 : 10_000);
    });
    await Promise.race([this.#wake.promise, limit]);
    clearTimeout(timer);
    // Events come in crowds.
    await new Promise((done) => setTimeout(done, gatherMs));
    this.#wake = Promise.withResolvers<void>();
  }
}

/** Whether a judgement is about a generation, and not about an older one. */
function isAbout(conditions: readonly object[], generation: number): boolean {
  return conditions.some((entry) => ((entry as { observedGeneration?: number }).observedGeneration ?? 0) >= generation);
}

/** Whether an object has every field of another one, as far as the server does not write it otherwise. */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((item, index) => contains((whole as unknown[])[index], item));
  if (typeof part !== 'object' || part === null) return part === null || whole === part;
  return Object.entries(part).every(([name, field]) => contains(fields(whole)[name], field));
}

/** The graph's own status: kro adds its state, and conditions where the graph has none. */
export function ownStatus({ conditions: own }: Graph, instance: KubernetesObject): Record<string, unknown> {
  const { state: _state, conditions, ...status } = fields(instance['status']);
  if (own.length === 0) return status;
  return { ...status, conditions: ((conditions ?? []) as readonly Fields[]).map(withoutTimes) };
}

/** What a condition says, as it is without a cluster. */
function withoutTimes({ type, status, reason, message }: Fields): Fields {
  return { type, status, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
}
