import { setTimeout as sleep } from 'node:timers/promises';
import { throwProblems } from '../errors.ts';
import { kindOf, subject, type Run } from './run.ts';
import { applyTask } from './apply.ts';
import { decide } from './decide.ts';
import { deciding } from './deciding.ts';
import type { Desired } from './desired.ts';
import { Facts, needsFacts } from './facts.ts';
import { Gates } from './gates.ts';
import { autoscaled } from './hand-over.ts';
import { addressOf, isReady, newItem, outcomeOf, scopeOf, type Item } from './item.ts';
import type { DeployOptions } from './options.ts';
import { judge } from './readiness/table.ts';
import type { RuleContext } from './readiness/verdict.ts';
import { PodProblems } from './pod-problems.ts';
import { Watches } from './watches.ts';
import { lookForForeign, survey, type World } from './world.ts';

/** The end of applying and waiting, good or bad. */
export interface Convergence {
  readonly items: readonly Item[];
  readonly gates: Gates;
  /** Objects that failed, or watches that cannot be. */
  readonly failures: readonly unknown[];
  /** Stopped by the caller or the deadline before everything was there and ready. */
  readonly stopped: boolean;
}

/** What applying is allowed to do, and what it asks before it writes to a new place. */
export interface ConvergeOptions extends Pick<DeployOptions, 'adopt' | 'take' | 'replace'> {
  readonly rules: RuleContext;
  /** Called with objects that came into sight only now, before any of them is written. */
  readonly onDiscovered?: (desired: readonly Desired[]) => Promise<void>;
}

/** Applies what is due, looks at what happens, resolves again, until everything is there and ready. */
export async function converge(run: Run, world: World, options: ConvergeOptions): Promise<Convergence> {
  const flow = new Flow(run, world, options);
  try {
    return await flow.run();
  } finally {
    flow.stop();
  }
}

const resolveEveryMs = 10;
const servedPollMs = 100;

class Flow {
  readonly #run: Run;
  readonly #world: World;
  readonly #options: ConvergeOptions;
  readonly #watches: Watches;
  readonly #pods: PodProblems;
  readonly #facts: Facts;
  readonly #rules: RuleContext;
  readonly #items = new Map<string, Item>();
  readonly #byKey = new Map<string, Item>();
  /** Objects whose turn has not come, and objects that are there and not ready: all that each round looks at. */
  readonly #blocked = new Set<Item>();
  readonly #unready = new Set<Item>();
  /** Ids of nodes that others refer to. */
  readonly #read: ReadonlySet<string>;
  readonly #failures: unknown[] = [];
  readonly #told = new Map<string, string>();
  #gates: Gates;
  #writing = 0;
  #dirty = false;
  /** Whether some kind is not served yet. */
  #unserved = false;
  #wake = Promise.withResolvers<void>();
  #resolvedAt = 0;
  #resolveMs = 0;

  constructor(run: Run, world: World, options: ConvergeOptions) {
    this.#run = run;
    this.#world = world;
    this.#options = options;
    this.#gates = new Gates(run.graph, []);
    this.#read = new Set(run.graph.nodes.flatMap(({ dependencies }) => dependencies));
    this.#watches = new Watches(run, world, {
      onObject: (key, gone) => this.#observed(key, gone),
      onExternal: () => this.#changed(),
      onFailure: (error) => this.#fail(error),
    });
    this.#pods = new PodProblems(run, () => this.#changed(false));
    this.#facts = new Facts(run, world, () => this.#judgeByFacts());
    this.#rules = { ...options.rules, ...this.#facts.context };
  }

  async run(): Promise<Convergence> {
    const onAbort = (): void => this.#changed(false);
    this.#run.signal.addEventListener('abort', onAbort);
    this.#adoptWorld();
    while (!this.#run.signal.aborted) {
      this.#startWrites();
      if (this.#isDone() || this.#isStuck()) break;
      await this.#pause();
      if (this.#dirty) await this.#resolveAgain();
    }
    // Running writes are finished, whatever happened.
    while (this.#writing > 0) {
      this.#dirty = false;
      await this.#pause();
    }
    this.#run.signal.removeEventListener('abort', onAbort);
    const items = [...this.#items.values()];
    return {
      items,
      gates: this.#gates,
      failures: this.#failures,
      stopped: this.#run.signal.aborted && !this.#isDone(),
    };
  }

  stop(): void {
    this.#watches.stop();
    this.#pods.stop();
    this.#facts.stop();
  }

  /** Brings the items up to what the graph wants now. */
  #adoptWorld(): void {
    const before = new Map(this.#items);
    this.#items.clear();
    this.#byKey.clear();
    for (const desired of this.#world.desired) {
      const item = before.get(desired.label) ?? newItem(desired);
      before.delete(desired.label);
      const { hash, key, served } = item.desired;
      item.desired = desired;
      this.#items.set(desired.label, item);
      this.#byKey.set(desired.key, item);
      if (item.state === 'settled' && (hash !== desired.hash || key !== desired.key || served !== desired.served))
        item.state = 'blocked';
      if (item.state === 'blocked') this.#block(item);
    }
    for (const item of before.values()) {
      this.#blocked.delete(item);
      this.#unready.delete(item);
    }
    this.#gates = new Gates(this.#run.graph, this.#items.values());
    this.#unserved = this.#world.desired.some(({ served }) => !served);
    const { pending, externals } = this.#world.resolution;
    for (const { path, reason } of pending)
      this.#tell(path, reason, () => this.#run.emit({ type: 'pending', path, reason }));
    if (pending.length > 0) for (const external of externals) this.#watches.external(external);
  }

  #block(item: Item): void {
    item.state = 'blocked';
    this.#blocked.add(item);
    this.#unready.delete(item);
  }

  async #resolveAgain(): Promise<void> {
    const since = performance.now() - this.#resolvedAt;
    const delay = Math.max(resolveEveryMs, 2 * this.#resolveMs) - since;
    // Writes finish in crowds: one resolve for all of them.
    if (this.#writing > 0 && delay > 0) await sleep(delay);
    this.#dirty = false;
    const startedAt = performance.now();
    const before = new Set(this.#world.desired.map(({ key }) => key));
    await this.#refreshKinds();
    await survey(this.#world, this.#run);
    throwProblems(subject(this.#run), this.#world.denied as never);
    const fresh = this.#world.desired.filter(({ key }) => !before.has(key));
    if (fresh.length > 0) {
      await lookForForeign(this.#run, this.#world);
      await this.#options.onDiscovered?.(fresh);
    }
    this.#resolvedAt = performance.now();
    this.#resolveMs = this.#resolvedAt - startedAt;
    this.#adoptWorld();
  }

  /** A CRD of this graph makes its kind appear. */
  async #refreshKinds(): Promise<void> {
    const unserved = this.#world.desired.filter(({ served }) => !served);
    const kinds = new Map(unserved.map((desired) => [`${desired.apiVersion}/${desired.kind}`, desired]));
    await Promise.all([...kinds.values()].map((kind) => kindOf(this.#run, kind)));
  }

  #startWrites(): void {
    for (const item of this.#blocked) this.#start(item, false);
    const idle = this.#writing === 0 && this.#world.resolution.pending.length === 0 && this.#allReady();
    // Objects that name each other in a circle: their content does not need the order.
    if (idle) for (const item of this.#blocked) this.#start(item, true);
  }

  #start(item: Item, ignoreSoft: boolean): void {
    const { desired } = item;
    if (!desired.served) return;
    const action = decide(desired, this.#world);
    // What is as it should be waits for nobody.
    if (action !== 'unchanged' && this.#gates.closed(desired, ignoreSoft)) return;
    this.#blocked.delete(item);
    if (item.action === 'unchanged') item.action = outcomeOf(action);
    if (action === 'unchanged' || action === 'check') {
      this.#settle(item);
      return;
    }
    item.state = 'writing';
    this.#writing += 1;
    const { adopt, take, replace } = this.#options;
    const live = this.#world.live.object(desired.key) ?? this.#world.foreign.get(desired.key);
    const mayAppear = this.#gates.of(desired).length > 0;
    const scaled = autoscaled(this.#world.desired).has(desired.key);
    const mayBeAccepted = deciding(this.#gates.of(desired)).some((other) => other.action !== 'unchanged');
    const options = { adopt, take, replace };
    const task = { desired, action, live, options, autoscaled: scaled, mayAppear, mayBeAccepted };
    void this.#write(item, () => applyTask(this.#run, task));
  }

  async #write(item: Item, send: () => ReturnType<typeof applyTask>): Promise<void> {
    const { desired } = item;
    try {
      const before = this.#world.live.object(desired.key)?.metadata.uid;
      const object = await send();
      if (item.action === 'updated' && object.metadata.uid !== before) item.action = 'replaced';
      this.#world.foreign.delete(desired.key);
      this.#world.live.set(object);
      this.#run.emit({ type: 'object', object: addressOf(desired), action: item.action });
      // It may have been wanted otherwise in the meantime.
      if (item.desired.hash === desired.hash) this.#settle(item);
      else this.#block(item);
    } catch (error) {
      item.error = error;
      if (this.#run.signal.aborted) this.#block(item);
      else {
        item.state = 'failed';
        this.#fail(error);
      }
    } finally {
      this.#writing -= 1;
      this.#changed(this.#somebodyWaits() || this.#isRead(item));
    }
  }

  #settle(item: Item): void {
    item.state = 'settled';
    item.since = performance.now();
    this.#judge(item);
  }

  #observed(key: string, gone: boolean): void {
    const item = this.#byKey.get(key);
    if (item?.state !== 'settled') return;
    const finishedJob = gone && item.verdict?.state === 'ready';
    if (gone && !finishedJob) this.#block(item);
    else if (!gone) this.#judge(item);
    this.#changed(this.#somebodyWaits() || this.#isRead(item));
  }

  #judge(item: Item): void {
    const { desired } = item;
    const object = this.#world.live.object(desired.key);
    const was = item.verdict?.state;
    item.verdict = object
      ? judge(object, this.#rules)
      : { state: 'waiting', reason: desired.check ? 'it does not exist' : 'it is gone' };
    const { verdict } = item;
    if (verdict.state === 'ready') {
      if (was !== 'ready') this.#run.emit({ type: 'ready', object: addressOf(desired) });
      this.#unready.delete(item);
      this.#pods.forget(desired.label);
      return;
    }
    this.#unready.add(item);
    if (!desired.check) this.#watches.objects(scopeOf(desired));
    this.#pods.follow(item);
    this.#tell(desired.label, verdict.reason, () =>
      this.#run.emit({ type: 'waiting', object: addressOf(desired), reason: verdict.reason }),
    );
  }

  #tell(about: string, reason: string, emit: () => void): void {
    if (this.#told.get(about) === reason) return;
    this.#told.set(about, reason);
    emit();
  }

  /** What depends on more than the object is judged again when that changes. */
  #judgeByFacts(): void {
    for (const item of this.#unready) if (needsFacts(item.desired.object)) this.#judge(item);
    this.#changed(this.#somebodyWaits());
  }

  #somebodyWaits(): boolean {
    return this.#world.resolution.pending.length > 0 || this.#blocked.size > 0;
  }

  /** Whether other objects are made of what an object says: they may be meant otherwise now. */
  #isRead({ desired: { path, node } }: Item): boolean {
    return path !== node.id || this.#read.has(node.id);
  }

  #allReady(): boolean {
    const now = performance.now();
    for (const item of this.#unready) if (!isReady(item, now)) return false;
    return true;
  }

  #isDone(): boolean {
    return this.#writing === 0 && !this.#dirty && !this.#somebodyWaits() && this.#allReady();
  }

  /** Nothing that runs can help any more: something failed for good. */
  #isStuck(): boolean {
    for (const item of this.#unready) {
      const reason = item.verdict?.state === 'failed' ? item.verdict.reason : this.#pods.fatal(item.desired.label);
      if (reason === undefined) continue;
      item.verdict = { state: 'failed', reason };
      this.#unready.delete(item);
      this.#failures.push(item);
    }
    return this.#failures.length > 0 && this.#writing === 0;
  }

  #fail(error: unknown): void {
    this.#failures.push(error);
    this.#changed(false);
  }

  #changed(resolve = true): void {
    this.#dirty ||= resolve;
    this.#wake.resolve();
  }

  /** Until something happens, or the patience with one of the objects ends. */
  async #pause(): Promise<void> {
    if (this.#dirty) return;
    const delay = this.#nextDeadline();
    const timer = delay === undefined ? undefined : setTimeout(this.#wake.resolve, delay);
    await this.#wake.promise;
    clearTimeout(timer);
    this.#wake = Promise.withResolvers<void>();
    if (this.#unserved) this.#dirty = true;
  }

  #nextDeadline(): number | undefined {
    const now = performance.now();
    let next = this.#unserved ? servedPollMs : Infinity;
    for (const { verdict, since } of this.#unready) {
      const grace = verdict?.state === 'waiting' ? verdict.graceMs : undefined;
      if (grace !== undefined && since + grace > now) next = Math.min(next, since + grace - now + 1);
    }
    return next === Infinity ? undefined : next;
  }
}
