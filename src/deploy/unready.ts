import type { ListQuery } from '../cluster/cluster.ts';
import { Facts, needsFacts } from './facts.ts';
import { addressOf, isReady, scopeOf, type Item } from './item.ts';
import { groupKind } from './identity.ts';
import { PodProblems } from './pod-problems.ts';
import { failed, type RuleContext } from './readiness/verdict.ts';
import { ruleContext } from './rule-context.ts';
import type { Run } from './run.ts';
import { verdictOf } from './verdict-of.ts';
import type { World } from './world.ts';

/** How long what this run did not write may go on failing after its last write, which may be what heals it. */
const healMs = 60_000;

/** What moves without an object of the deployment. */
export interface UnreadyListener {
  /** Pods of an object have failed for long enough. */
  readonly onPods: () => void;
  /** Objects were judged again, by more than themselves. */
  readonly onFacts: () => void;
  /** Somebody waits for an object in a scope. */
  readonly follow: (scope: ListQuery) => void;
}

/** The objects that are there and not ready: why, until when, and whether any hope is left. */
export class Unready {
  readonly #run: Run;
  readonly #world: World;
  readonly #follow: UnreadyListener['follow'];
  readonly #pods: PodProblems;
  readonly #facts: Facts;
  readonly #items = new Set<Item>();
  readonly #told = new Map<string, string>();
  /** Kinds that the rules know. */
  readonly #kinds = new Set<string>();
  #rules: RuleContext = {};

  constructor(run: Run, world: World, { onPods, onFacts, follow }: UnreadyListener) {
    this.#run = run;
    this.#world = world;
    this.#follow = follow;
    this.#pods = new PodProblems(run, onPods);
    this.#facts = new Facts(run, world, () => {
      // What depends on more than the object is judged again when that changes.
      for (const item of this.#items) if (needsFacts(item.desired.object)) this.judge(item);
      onFacts();
    });
  }

  stop(): void {
    this.#pods.stop();
    this.#facts.stop();
  }

  /** Reads what the rules need to know of kinds that came into sight. */
  async learnKinds(): Promise<void> {
    const objects = this.#world.desired.map(({ object }) => object);
    const kinds = this.#world.desired.map(({ object, served }) => `${groupKind(object)} ${served}`);
    if (kinds.every((kind) => this.#kinds.has(kind))) return;
    for (const kind of kinds) this.#kinds.add(kind);
    await this.#facts.learn(this.#world.desired.flatMap(({ key }) => this.#world.live.object(key) ?? []));
    this.#rules = { ...(await ruleContext(this.#run, objects)), ...this.#facts.context };
  }

  judge(item: Item): void {
    const { desired } = item;
    const object = this.#world.live.object(desired.key);
    const was = item.verdict?.state;
    item.verdict = object
      ? verdictOf(this.#run.graph, { ...desired, object }, this.#rules)
      : { state: 'waiting', reason: desired.check ? 'it does not exist' : 'it is gone' };
    const { verdict } = item;
    if (verdict.state === 'ready') {
      if (was !== 'ready') this.#run.emit({ type: 'ready', object: addressOf(desired) });
      this.forget(item);
      this.#pods.forget(desired.label);
      return;
    }
    this.#items.add(item);
    if (!desired.check) this.#follow(scopeOf(desired));
    this.#pods.follow(item);
    this.tell(desired.label, verdict.reason, () =>
      this.#run.emit({ type: 'waiting', object: addressOf(desired), reason: verdict.reason }),
    );
  }

  forget(item: Item): void {
    this.#items.delete(item);
  }

  /** Says what something waits for, unless that was said last. */
  tell(about: string, reason: string, emit: () => void): void {
    if (this.#told.get(about) === reason) return;
    this.#told.set(about, reason);
    emit();
  }

  allReady(but?: ReadonlySet<Item>): boolean {
    const now = performance.now();
    for (const item of this.#items) if (!isReady(item, now) && !but?.has(item)) return false;
    return true;
  }

  /**
   * Those that failed. What was not written may be healed by what was, and is given time for that; where nothing was
   * written, nothing will heal it.
   */
  failed(lastWrite: number | undefined): readonly Item[] {
    const isOver = lastWrite === undefined || performance.now() - lastWrite >= healMs;
    return [...this.#items].filter((item) => {
      const reason = this.#failure(item);
      if (reason === undefined || (!isOver && !this.#isWritten(item))) return false;
      item.verdict = failed(reason);
      return true;
    });
  }

  /** Milliseconds until patience with one of them ends. */
  nextDeadline(lastWrite: number | undefined): number {
    const now = performance.now();
    let next = Infinity;
    for (const item of this.#items) {
      const { verdict, since } = item;
      const grace = verdict?.state === 'waiting' ? verdict.graceMs : undefined;
      const hope = lastWrite !== undefined && this.#failure(item) !== undefined ? lastWrite + healMs : undefined;
      for (const end of [grace === undefined ? undefined : since + grace, hope])
        if (end !== undefined && end > now) next = Math.min(next, end - now + 1);
    }
    return next;
  }

  #failure({ verdict, desired }: Item): string | undefined {
    return verdict?.state === 'failed' ? verdict.reason : this.#pods.fatal(desired.label);
  }

  #isWritten({ action, desired }: Item): boolean {
    return action !== 'unchanged' || this.#run.written.some(({ label }) => label === desired.label);
  }
}
