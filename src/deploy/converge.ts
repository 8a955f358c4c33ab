import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { throwProblems } from '../errors.ts';
import { kindOf, subject, type Run } from './run.ts';
import { applyTask, type Task } from './apply.ts';
import { decide } from './decide.ts';
import { deciding } from './deciding.ts';
import type { Desired } from './desired.ts';
import { asEnded, goesByItself, hasEnded, succeededByEvents } from './ended.ts';
import { Gates } from './gates.ts';
import { autoscaled } from './hand-over.ts';
import { addressOf, newItem, outcomeOf, type Item } from './item.ts';
import type { ChangeAction, DeployOptions } from './options.ts';
import type { Pending } from '../resolve/resolution.ts';
import { Unready } from './unready.ts';
import { unmetAround } from './verdict-of.ts';
import { Watches } from './watches.ts';
import { lookForForeign, survey, type World } from './world.ts';

/** The end of applying and waiting, good or bad. */
export interface Convergence {
  readonly items: readonly Item[];
  readonly gates: Gates;
  /** Objects that failed, or watches that cannot be. */
  readonly failures: readonly unknown[];
  /** What was not applied because of them: its label or path, and the label of what it needs. */
  readonly lost: ReadonlyMap<string, string>;
  /** Nodes that are not ready and have no object of their own. */
  readonly unmet: readonly Pending[];
  /** Stopped by the caller or the deadline before everything was there and ready. */
  readonly stopped: boolean;
  /** Something would have to be written, and nothing may be. */
  readonly moved: boolean;
}

/** What applying is allowed to do, and what it asks before it writes to a new place. */
export interface ConvergeOptions extends Pick<DeployOptions, 'adopt' | 'take' | 'replace' | 'pruneAll'> {
  /** Writes nothing: it ends as soon as something would have to be. */
  readonly watchOnly?: boolean | undefined;
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
  /** Objects that are there and not ready. */
  readonly #unready: Unready;
  readonly #items = new Map<string, Item>();
  readonly #byKey = new Map<string, Item>();
  /** Objects whose turn has not come. */
  readonly #blocked = new Set<Item>();
  /** Objects that the server refused. */
  readonly #refused = new Set<Item>();
  /** Ids of nodes that others refer to. */
  readonly #read: ReadonlySet<string>;
  /** Why there can be no watches. */
  readonly #blind: unknown[] = [];
  /** Ends the waiting between tries of writes when the flow breaks. */
  readonly #breaking = new AbortController();
  /** The run as writes have it, one for all of them. */
  readonly #writer: Run;
  #gates: Gates;
  #writing = 0;
  #lastWrite: number | undefined;
  #dirty = false;
  #moved = false;
  /** Whether some kind is not served yet. */
  #unserved = false;
  #wake = Promise.withResolvers<void>();
  #resolvedAt = 0;
  #resolveMs = 0;

  constructor(run: Run, world: World, options: ConvergeOptions) {
    this.#run = run;
    this.#writer = { ...run, signal: AbortSignal.any([run.signal, this.#breaking.signal]) };
    this.#world = world;
    this.#options = options;
    this.#gates = new Gates(run.graph, []);
    this.#read = new Set(run.graph.nodes.flatMap(({ dependencies }) => dependencies));
    this.#lastWrite = run.written.length > 0 ? performance.now() : undefined;
    this.#watches = new Watches(run, world, {
      onObject: (key, gone) => this.#observed(key, gone),
      onExternal: () => this.#changed(),
      onFailure: (error) => {
        this.#blind.push(error);
        this.#changed(false);
      },
    });
    this.#unready = new Unready(run, world, {
      onPods: () => this.#changed(false),
      onFacts: () => this.#changed(this.#somebodyWaits()),
      follow: (scope) => this.#watches.objects(scope),
    });
  }

  async run(): Promise<Convergence> {
    const onAbort = (): void => this.#changed(false);
    this.#run.signal.addEventListener('abort', onAbort);
    try {
      await this.#loop();
    } catch (error) {
      // Whoever hears of it may undo what was done, so nothing may arrive afterwards.
      this.#breaking.abort();
      if (!this.#run.signal.aborted) throw error;
    } finally {
      await this.#drain();
      this.#run.signal.removeEventListener('abort', onAbort);
    }
    const failed = this.#failed();
    const items = [...this.#items.values()];
    // In the order of the graph, whoever was refused first.
    const inOrder = items.filter((item) => failed.has(item));
    return {
      items,
      gates: this.#gates,
      failures: [...this.#blind, ...inOrder.map((item) => (item.state === 'failed' ? item.error : item))],
      lost: this.#lost(failed),
      unmet: this.#unmet(),
      stopped: this.#run.signal.aborted && !this.#isDone(),
      moved: this.#moved,
    };
  }

  stop(): void {
    this.#watches.stop();
    this.#unready.stop();
  }

  async #loop(): Promise<void> {
    await this.#unready.learnKinds();
    this.#adoptWorld();
    while (!this.#run.signal.aborted) {
      this.#startWrites();
      if (this.#moved || this.#isDone() || this.#isStuck()) return;
      await this.#pause();
      if (this.#dirty) await this.#resolveAgain();
    }
  }

  /** Running writes are finished, whatever happened. */
  async #drain(): Promise<void> {
    while (this.#writing > 0) {
      this.#dirty = false;
      await this.#pause();
    }
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
      this.#refused.delete(item);
      this.#unready.forget(item);
    }
    this.#gates = new Gates(this.#run.graph, this.#items.values());
    this.#unserved = this.#world.desired.some(({ served }) => !served);
    const { pending, externals } = this.#world.resolution;
    for (const { path, reason } of [...pending, ...this.#unmet()])
      this.#unready.tell(path, reason, () => this.#run.emit({ type: 'pending', path, reason }));
    if (this.#somebodyWaits()) for (const external of externals) this.#watches.external(external);
  }

  #block(item: Item): void {
    item.state = 'blocked';
    this.#blocked.add(item);
    this.#unready.forget(item);
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
    await this.#unready.learnKinds();
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
    if (this.#writing > 0 || this.#blocked.size === 0) return;
    const failed = this.#failed();
    const lost = this.#lost(failed);
    const comes = this.#world.resolution.pending.some(({ path }) => !lost.has(path));
    if (comes || !this.#unready.allReady(failed)) return;
    // Objects that name each other in a circle: their content does not need the order.
    for (const item of this.#blocked) if (!lost.has(item.desired.label)) this.#start(item, true);
  }

  #start(item: Item, ignoreSoft: boolean): void {
    const { desired } = item;
    if (!desired.served) return;
    const action = decide(desired, this.#world);
    const isWrite = action !== 'unchanged' && action !== 'check';
    if (isWrite && this.#options.watchOnly) {
      this.#moved = true;
      return;
    }
    // What is as it should be waits for nobody.
    if (action !== 'unchanged' && this.#gates.closed(desired, ignoreSoft)) return;
    this.#blocked.delete(item);
    if (item.action === 'unchanged') item.action = outcomeOf(action);
    if (isWrite) void this.#write(item, action);
    else this.#settle(item);
  }

  #taskFor(desired: Desired, action: ChangeAction): Task {
    const { adopt, take, replace, pruneAll } = this.#options;
    return {
      desired,
      action,
      live: this.#world.live.object(desired.key) ?? this.#world.foreign.get(desired.key),
      options: { adopt, take, replace, pruneAll },
      autoscaled: autoscaled(this.#world.desired).has(desired.key),
      mayBeAccepted: deciding(this.#gates.of(desired)).some((other) => other.action !== 'unchanged'),
      mayAppear: (error) => this.#gates.brings(desired, error),
    };
  }

  async #write(item: Item, action: ChangeAction): Promise<void> {
    const { desired } = item;
    item.state = 'writing';
    this.#writing += 1;
    try {
      const before = this.#world.live.object(desired.key)?.metadata.uid;
      const object = await applyTask(this.#writer, this.#taskFor(desired, action));
      this.#lastWrite = performance.now();
      if (item.action === 'updated' && object.metadata.uid !== before) item.action = 'replaced';
      this.#world.foreign.delete(desired.key);
      this.#world.live.set(object);
      this.#run.emit({ type: 'object', object: addressOf(desired), action: item.action });
      // It may have been wanted otherwise in the meantime.
      if (item.desired.hash === desired.hash) this.#settle(item);
      else this.#block(item);
    } catch (error) {
      item.error = error;
      if (this.#writer.signal.aborted) this.#block(item);
      else {
        item.state = 'failed';
        this.#refused.add(item);
      }
    } finally {
      this.#writing -= 1;
      this.#changed(this.#somebodyWaits() || this.#isRead(item));
    }
  }

  #settle(item: Item): void {
    item.state = 'settled';
    item.since = performance.now();
    this.#unready.judge(item);
  }

  #observed(key: string, gone: KubernetesObject | undefined): void {
    const item = this.#byKey.get(key);
    if (item?.state !== 'settled') return;
    if (gone && hasEnded(gone)) this.#world.live.set(asEnded(gone));
    else if (gone && goesByItself(gone)) return void this.#askForEnd(item, gone);
    else if (gone) this.#block(item);
    if (item.state === 'settled') this.#unready.judge(item);
    this.#changed(this.#somebodyWaits() || this.#isRead(item));
  }

  /** A Job went while nobody looked: whether it has to run again depends on whether it had succeeded. */
  async #askForEnd(item: Item, gone: KubernetesObject): Promise<void> {
    item.state = 'writing';
    this.#writing += 1;
    try {
      if (await succeededByEvents(this.#run, gone)) {
        this.#world.live.set(asEnded(gone));
        this.#settle(item);
      } else this.#block(item);
    } catch (error) {
      item.error = error;
      item.state = 'failed';
      this.#refused.add(item);
    } finally {
      this.#writing -= 1;
      this.#changed();
    }
  }

  /** Nodes without an object of their own that are not ready: instances of other graphs, and what others make. */
  #unmet(): readonly Pending[] {
    return unmetAround(this.#run.graph, this.#world.resolution);
  }

  #somebodyWaits(): boolean {
    return this.#world.resolution.pending.length > 0 || this.#blocked.size > 0 || this.#unmet().length > 0;
  }

  /** Whether other objects are made of what an object says: they may be meant otherwise now. */
  #isRead({ desired: { path, node } }: Item): boolean {
    return path !== node.id || this.#read.has(node.id);
  }

  #isDone(): boolean {
    return this.#writing === 0 && !this.#dirty && !this.#somebodyWaits() && this.#unready.allReady();
  }

  #failed(): ReadonlySet<Item> {
    return new Set([...this.#refused, ...this.#unready.failed(this.#lastWrite)]);
  }

  /** What waits, in the end, for something that failed. */
  #lost(failed: ReadonlySet<Item>): ReadonlyMap<string, string> {
    if (failed.size === 0) return new Map();
    return this.#gates.lost(failed, { blocked: this.#blocked, pending: this.#world.resolution.pending });
  }

  /** Something failed for good, and everything that is left needs it. */
  #isStuck(): boolean {
    if (this.#writing > 0 || this.#dirty) return false;
    if (this.#blind.length > 0) return true;
    const failed = this.#failed();
    if (failed.size === 0) return false;
    return this.#lost(failed).size === this.#blocked.size + this.#world.resolution.pending.length;
  }

  #changed(resolve = true): void {
    this.#dirty ||= resolve;
    this.#wake.resolve();
  }

  /** Until something happens, or the patience with one of the objects ends. */
  async #pause(): Promise<void> {
    if (this.#dirty) return;
    const delay = Math.min(this.#unserved ? servedPollMs : Infinity, this.#unready.nextDeadline(this.#lastWrite));
    const timer = delay === Infinity ? undefined : setTimeout(this.#wake.resolve, delay);
    await this.#wake.promise;
    clearTimeout(timer);
    this.#wake = Promise.withResolvers<void>();
    if (this.#unserved) this.#dirty = true;
  }
}
