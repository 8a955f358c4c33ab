import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { informer } from '../cluster/watch.ts';
import { KubewrightError } from '../errors.ts';
import { explainHold, forceFinalizers } from './finalizers.ts';
import { describe, keys, keyOf, refOf } from './identity.ts';
import type { ObjectAddress } from './options.ts';
import { isPassing, retrying } from './retry.ts';
import { stopped, subject, type Run } from './run.ts';
import { scopeKey, scopesOf } from './world.ts';

/** One object that goes, and when: higher waves first. */
export interface Removal {
  readonly object: KubernetesObject;
  readonly address: ObjectAddress;
  readonly wave: number;
}

const explainAfterMs = 10_000;
const manyExplained = 12;

/** How objects are removed. */
export interface RemoveOptions {
  /** Finalizers that are taken off when they still hold an object after 10 s. */
  readonly forceFinalizers?: readonly string[] | undefined;
}

/** Deletes in waves, each gone before the next begins. Only the very objects that were seen are deleted. */
export async function removeInOrder(
  run: Run,
  removals: readonly Removal[],
  options: RemoveOptions = {},
): Promise<void> {
  if (removals.length === 0) return;
  const left = new Set(removals);
  const waves = Map.groupBy(removals, ({ wave }) => wave);
  for (const number of [...waves.keys()].sort((a, b) => b - a)) {
    const terminating: Removal[] = [];
    const remove = async (removal: Removal): Promise<void> => {
      if ((await removeOne(run, removal)) === 'terminating') terminating.push(removal);
      left.delete(removal);
    };
    const wave = waves.get(number) ?? [];
    // None is under way any more when the lock is given back.
    const ends = await Promise.allSettled(wave.map(remove));
    const rest = [...left].map(({ address }) => `delete ${describe(address)}`);
    if (run.signal.aborted && left.size > 0) throw stopped(run, rest);
    const refusals = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
    if (refusals.length > 0) throw notRemoved(run, refusals, rest);
    await goneAll(run, terminating, options);
  }
}

/** Names everything that was refused, and what was not tried because of it. */
function notRemoved(run: Run, refusals: readonly unknown[], rest: readonly string[]): unknown {
  const problems = refusals.filter((error): error is KubewrightError => error instanceof KubewrightError);
  const [first] = problems;
  if (!first || problems.length < refusals.length || rest.length === 1) return refusals[0];
  const shown =
    rest.length > manyExplained ? [...rest.slice(0, manyExplained), `and ${rest.length - manyExplained} more`] : rest;
  const list = (lines: readonly string[]): string => lines.map((line) => `\n  - ${line}`).join('');
  return new KubewrightError({
    code: first.code,
    resource: subject(run),
    message: `${refusals.length} ${refusals.length === 1 ? 'deletion was' : 'deletions were'} refused:${list(problems.map(({ message }) => message))}\nleft:${list(shown)}\n`,
    hint: 'Run it again when they are allowed; what was done stays.',
    problems,
  });
}

async function removeOne(run: Run, { object, address }: Removal): Promise<'gone' | 'terminating' | 'absent'> {
  const ref = refOf(object);
  const { uid, resourceVersion } = object.metadata;
  const once = async (): Promise<'gone' | 'terminating' | 'absent'> => {
    run.signal.throwIfAborted();
    try {
      return await run.cluster.delete(ref, { uid, resourceVersion, propagation: 'Background' });
    } catch (error) {
      if (!isApiError(error, 'Conflict')) throw error;
      // Its status moves all the time; what matters is that it is the same object and still ours.
      const now = await run.cluster.get(ref);
      if (!now || now.metadata.uid !== uid) return 'absent';
      if (now.metadata.labels?.[keys.partOf] !== object.metadata.labels?.[keys.partOf]) throw error;
      return run.cluster.delete(ref, {
        uid,
        resourceVersion: now.metadata.resourceVersion,
        propagation: 'Background',
      });
    }
  };
  const result = await retrying((attempt) => run.pool.run(once, { ahead: attempt > 0 }), {
    signal: run.signal,
    heals: (error) => isPassing(error) || isApiError(error, 'Conflict'),
    budgetMs: 30_000,
  });
  if (result === 'terminating') run.emit({ type: 'waiting', object: address, reason: 'it is still being deleted' });
  else run.emit({ type: 'object', object: address, action: 'deleted' });
  return result;
}

/** Waits until objects with finalizers or grace periods are gone, and says what holds them. */
async function goneAll(
  run: Run,
  removals: readonly Removal[],
  { forceFinalizers: forced = [] }: RemoveOptions,
): Promise<void> {
  if (removals.length === 0) return;
  const left = new Map(removals.map((removal) => [keyOf(refOf(removal.object)), removal]));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = (key: string): void => {
    const removal = left.get(key);
    if (!removal) return;
    left.delete(key);
    run.emit({ type: 'object', object: removal.address, action: 'deleted' });
    if (left.size === 0) resolve();
  };
  const informers = scopesOf(removals.map(({ address }) => address)).map((scope) => {
    const inScope = removals.filter(({ address }) => scopeKey(scope) === scopeKey(matching(scope, address)));
    const [only] = inScope;
    // One object is watched by its name, which a Role may allow.
    const query =
      only && inScope.length === 1 ? { ...scope, fieldSelector: `metadata.name=${only.address.name}` } : scope;
    const started = informer(run.cluster, query, {
      onChange: ({ type, object }) => {
        const key = keyOf(refOf(object));
        if (type === 'deleted' || object.metadata.uid !== left.get(key)?.object.metadata.uid) gone(key);
      },
      onError: (error) => {
        if (isApiError(error, 'Forbidden', 'Unauthorized')) reject(error);
      },
    });
    // What was gone before the first list never shows up in it.
    void started.ready.then(() => {
      for (const { object, address } of inScope)
        if (!started.object(address.name, address.namespace)) gone(keyOf(refOf(object)));
    }, reject);
    return started;
  });
  const explained = (): Promise<readonly (readonly [Removal, string])[]> =>
    Promise.all(
      [...left.values()]
        .slice(0, manyExplained)
        .map(async (removal) => [removal, await explainHold(run, removal.object)]),
    );
  const force = async (): Promise<void> => {
    if (forced.length === 0) return;
    await Promise.all([...left.values()].map(({ object }) => forceFinalizers(run, object, forced)));
  };
  const explain = setTimeout(() => {
    void explained().then((all) => {
      for (const [{ address }, reason] of all) run.emit({ type: 'problem', object: address, reason });
    });
    force().catch(reject);
  }, explainAfterMs);
  const abort = (): void => {
    const rest = left.size > manyExplained ? [`and ${left.size - manyExplained} more`] : [];
    void explained().then((all) =>
      reject(stopped(run, [...all.map(([{ address }, reason]) => `${describe(address)}: ${reason}`), ...rest])),
    );
  };
  run.signal.addEventListener('abort', abort, { once: true });
  if (run.signal.aborted) abort();
  try {
    await promise;
  } finally {
    clearTimeout(explain);
    run.signal.removeEventListener('abort', abort);
    for (const each of informers) each.stop();
  }
}

function matching(
  scope: { readonly namespace?: string | undefined },
  { apiVersion, kind, namespace }: ObjectAddress,
): { apiVersion: string; kind: string; namespace?: string | undefined } {
  return { apiVersion, kind, namespace: scope.namespace === undefined ? undefined : namespace };
}
