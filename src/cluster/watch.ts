/** Lists a kind and keeps the list up to date: what waiting, drift and status look at instead of asking object by object. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isApiError } from './api-error.ts';
import type { Cluster, KubernetesObject, ListQuery, ObjectList, WatchEvent } from './cluster.ts';

/** A change of one object. `deleted` carries its last known state. */
export interface Change {
  readonly type: 'changed' | 'deleted';
  readonly object: KubernetesObject;
}

/** Options of {@link informer}. */
export interface InformerOptions {
  /** Called for every object that is new or different, also after reconnecting, and for every one that is gone. */
  readonly onChange: (change: Change) => void;
  /**
   * Called when a list or watch fails; it is tried again with backoff, for ever. Throwing from it is not caught:
   * to give up, call `stop`.
   */
  readonly onError?: (error: unknown) => void;
  /** A list of the same query that was read already: it is delivered, and watched from there. */
  readonly from?: ObjectList | undefined;
  /**
   * Keeps objects in memory, for `objects()`. Without it only names and versions are kept, and so a deletion that
   * happened while the connection was down is delivered with the name alone.
   * @default true
   */
  readonly store?: boolean;
  /**
   * Changes an object before it is kept and delivered. Returning only the parts that are needed saves memory.
   * @default drops `metadata.managedFields`
   */
  readonly transform?: (object: KubernetesObject) => KubernetesObject;
  /** Passed to each watch. See `WatchOptions`. */
  readonly timeoutSeconds?: number;
  /** Passed to each watch. See `WatchOptions`. */
  readonly graceMs?: number;
  /**
   * Milliseconds before the first retry after a failure; doubled up to 10 s, with jitter.
   * @default 200
   */
  readonly backoffMs?: number;
}

/** A list that keeps itself up to date. */
export interface Informer {
  /**
   * Resolves when the first list has been delivered. It rejects only when the informer is stopped before, with the last failure.
   * Refusals that no retry heals (`Forbidden`, `Unauthorized`, `KindNotServed`, `Invalid`) reject at once.
   */
  readonly ready: Promise<void>;
  /** The objects as last seen (empty with `store: false`). */
  objects(): readonly KubernetesObject[];
  /** One object as last seen. */
  object(name: string, namespace?: string): KubernetesObject | undefined;
  /** Ends it and its connection, as closing the cluster does. Nothing is delivered afterwards. */
  stop(): void;
}

const maxBackoffMs = 10_000;
/** A watch shorter than this counts as a failure. */
const shortWatchMs = 1_000;
/** How watches end every day; nobody needs to be told. */
const routine = ['Expired', 'Timeout'] as const;
const permanent = ['Forbidden', 'Unauthorized', 'KindNotServed', 'Invalid'] as const;

/**
 * Lists a query and watches it from there: one request for the list, one connection for all changes. It lists again
 * when its version is too old (410), notices connections that are silently dead, and reconnects with backoff.
 *
 * @example
 * const deployments = informer(cluster, { apiVersion: 'apps/v1', kind: 'Deployment', namespace }, { onChange: ({ object }) => judge(object) });
 * await deployments.ready;
 * deployments.stop();
 */
export function informer(
  cluster: Pick<Cluster, 'list' | 'watch'>,
  query: ListQuery,
  options: InformerOptions,
): Informer {
  const store = new Store(options);
  const stopping = new AbortController();
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  // Who never awaits `ready` must not be killed by its rejection.
  ready.catch(() => undefined);
  void follow({ cluster, query, options, store, signal: stopping.signal, resolve, reject });
  return {
    ready,
    objects: () => store.objects(),
    object: (name, namespace) => store.find(name, namespace),
    stop: () => stopping.abort(new Error('the informer was stopped')),
  };
}

interface Following {
  readonly cluster: Pick<Cluster, 'list' | 'watch'>;
  readonly query: ListQuery;
  readonly options: InformerOptions;
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

async function follow(following: Following): Promise<void> {
  const { options, signal, reject } = following;
  let version = options.from && adopt(following, options.from);
  let failures = 0;
  let last: unknown;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      version ??= await listOnce(following);
      for await (const event of watchFrom(following, version)) {
        if (signal.aborted) break;
        version = deliver(following.store, event) || version;
        failures = 0;
      }
      // A server that ends every watch at once must not be asked in a tight loop.
      failures = performance.now() - startedAt < shortWatchMs ? failures + 1 : 0;
    } catch (error) {
      last = error;
      if (signal.aborted || isApiError(error, 'Closed')) break;
      failures += 1;
      if (isApiError(error, 'Expired')) version = undefined;
      if (isApiError(error, ...permanent)) reject(error);
      if (!isApiError(error, ...routine)) options.onError?.(error);
    }
    if (failures > 0) await pause(following, failures, last);
  }
  reject(last ?? signal.reason);
}

/** Hands an event on and gives the version to continue from. */
function deliver(store: Store, event: WatchEvent): string | undefined {
  if (event.type === 'bookmark') return event.resourceVersion;
  if (event.type === 'deleted') store.delete(event.object);
  else store.change(event.object);
  return event.object.metadata.resourceVersion;
}

async function listOnce(following: Following): Promise<string> {
  const { cluster, query, signal } = following;
  return adopt(following, await cluster.list(query, { signal }));
}

function adopt({ store, signal, resolve }: Following, { items, resourceVersion }: ObjectList): string {
  if (!signal.aborted) store.replace(items);
  resolve();
  return resourceVersion;
}

function watchFrom(
  { cluster, query, options, signal }: Following,
  resourceVersion: string,
): ReturnType<Cluster['watch']> {
  const { timeoutSeconds, graceMs } = options;
  return cluster.watch(query, { resourceVersion, signal, timeoutSeconds, graceMs });
}

async function pause({ options, signal }: Following, failures: number, error: unknown): Promise<void> {
  const ceiling = Math.min(maxBackoffMs, (options.backoffMs ?? 200) * 2 ** (failures - 1));
  const asked = isApiError(error) ? (error.retryAfter ?? 0) * 1000 : 0;
  await sleep(Math.max(asked, ceiling * (0.5 + Math.random() / 2)), undefined, { signal }).catch(() => undefined);
}

/** What has been seen, so that a list after a gap turns into changes and deletions. */
class Store {
  readonly #options: InformerOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: InformerOptions) {
    this.#options = options;
  }

  replace(items: readonly KubernetesObject[]): void {
    const gone = new Map(this.#seen);
    for (const item of items) {
      const key = keyOf(item.metadata);
      const seen = gone.get(key);
      gone.delete(key);
      // A new object of the same name has a new UID.
      const { uid, resourceVersion } = item.metadata;
      if (seen?.uid !== uid || seen?.resourceVersion !== resourceVersion) this.change(item);
    }
    for (const [key, { object }] of gone) {
      this.#seen.delete(key);
      this.#options.onChange({ type: 'deleted', object });
    }
  }

  change(object: KubernetesObject): void {
    const { uid, resourceVersion } = object.metadata;
    const kept = this.#transform(object);
    this.#seen.set(keyOf(object.metadata), {
      uid,
      resourceVersion,
      object: this.#options.store === false ? nameOf(object) : kept,
    });
    this.#options.onChange({ type: 'changed', object: kept });
  }

  delete(object: KubernetesObject): void {
    this.#seen.delete(keyOf(object.metadata));
    this.#options.onChange({ type: 'deleted', object: this.#transform(object) });
  }

  objects(): readonly KubernetesObject[] {
    return this.#options.store === false ? [] : [...this.#seen.values()].map(({ object }) => object);
  }

  find(name: string, namespace: string | undefined): KubernetesObject | undefined {
    return this.#options.store === false ? undefined : this.#seen.get(keyOf({ name, namespace }))?.object;
  }

  #transform(object: KubernetesObject): KubernetesObject {
    return (this.#options.transform ?? dropManagedFields)(object);
  }
}

interface Seen {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly object: KubernetesObject;
}

function keyOf({ name, namespace }: { readonly name: string; readonly namespace?: string | undefined }): string {
  return `${namespace ?? ''}/${name}`;
}

function nameOf({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const { name, namespace, uid } = metadata;
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }), ...(uid && { uid }) } };
}

function dropManagedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
