import { isApiError } from '../cluster/api-error.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { informer } from '../cluster/watch.ts';
import { explainHold, forceFinalizers } from './finalizers.ts';
import { describe, keys, keyOf, refOf } from './identity.ts';
import type { ObjectAddress } from './options.ts';
import { isPassing, retrying } from './retry.ts';
import { stopped, type Run } from './run.ts';
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
      if (run.signal.aborted) return;
      if ((await removeOne(run, removal)) === 'terminating') terminating.push(removal);
      left.delete(removal);
    };
    await Promise.all((waves.get(number) ?? []).map((removal) => run.pool.run(() => remove(removal))));
    if (run.signal.aborted && left.size > 0)
      throw stopped(
        run,
        [...left].map(({ address }) => `delete ${describe(address)}`),
      );
    await goneAll(run, terminating, options);
  }
}

async function removeOne(run: Run, { object, address }: Removal): Promise<'gone' | 'terminating' | 'absent'> {
  const ref = refOf(object);
  const { uid, resourceVersion } = object.metadata;
  const result = await retrying(
    async () => {
      try {
        return await run.cluster.delete(ref, { uid, resourceVersion, propagation: 'Background' });
      } catch (error) {
        if (!isApiError(error, 'Conflict')) throw error;
        // Its status moves all the time; what matters is that it is the same object and still ours.
        const now = await run.cluster.get(ref);
        if (!now || now.metadata.uid !== uid) return 'absent' as const;
        if (now.metadata.labels?.[keys.partOf] !== object.metadata.labels?.[keys.partOf]) throw error;
        return run.cluster.delete(ref, {
          uid,
          resourceVersion: now.metadata.resourceVersion,
          propagation: 'Background',
        });
      }
    },
    { signal: run.signal, heals: (error) => isPassing(error) || isApiError(error, 'Conflict'), budgetMs: 30_000 },
  );
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
