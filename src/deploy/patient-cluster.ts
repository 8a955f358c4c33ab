import { isApiError } from '../cluster/api-error.ts';
import type {
  ApiResource,
  ApplyOptions,
  ApplyResult,
  CallOptions,
  Cluster,
  DeleteOptions,
  DeleteResult,
  KindReference,
  KubernetesObject,
  ListQuery,
  LogOptions,
  NewObject,
  ObjectList,
  ObjectReference,
  Patch,
  RawRequest,
  RawResponse,
  ResourcesOptions,
  ServerVersion,
  UpdateOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../cluster/cluster.ts';
import { isPassing, retrying, type RetryOptions } from './retry.ts';

/** Reads are repeated this long; writes have their own patience. */
const readBudgetMs = 30_000;

/**
 * A cluster that counts the requests that may change something (dry runs and reviews are none), and repeats reads that
 * fail for a passing reason. A server that was never reached is not asked twice. Once `stopped` is aborted nothing is
 * written any more: many writes have no precondition that would keep them from what another run does by then.
 */
export class PatientCluster implements Cluster {
  readonly #inner: Cluster;
  readonly #signal: AbortSignal;
  readonly #stopped: AbortSignal;
  #reached = false;
  writes = 0;

  constructor(inner: Cluster, signal: AbortSignal, stopped: AbortSignal) {
    this.#inner = inner;
    this.#signal = signal;
    this.#stopped = stopped;
  }

  get name(): string {
    return this.#inner.name;
  }

  get server(): string {
    return this.#inner.server;
  }

  get namespace(): string {
    return this.#inner.namespace;
  }

  discover(
    kind: KindReference,
    options?: CallOptions & { readonly refresh?: boolean },
  ): Promise<ApiResource | undefined> {
    // The answer may come from memory, so it does not say that the server was reached.
    return retrying(() => this.#inner.discover(kind, options), this.#patience());
  }

  resources(options?: ResourcesOptions): Promise<readonly ApiResource[]> {
    return this.#read(() => this.#inner.resources(options));
  }

  get(ref: ObjectReference, options?: CallOptions): Promise<KubernetesObject | undefined> {
    return this.#read(() => this.#inner.get(ref, options));
  }

  list(query: ListQuery, options?: CallOptions): Promise<ObjectList> {
    return this.#read(() => this.#inner.list(query, options));
  }

  watch(query: ListQuery, options: WatchOptions): AsyncIterable<WatchEvent> {
    return this.#inner.watch(query, options);
  }

  async apply(object: KubernetesObject, options: ApplyOptions): Promise<ApplyResult> {
    this.#count(options.dryRun);
    return this.#inner.apply(object, options);
  }

  async create(object: NewObject, options?: WriteOptions): Promise<KubernetesObject> {
    this.#count(options?.dryRun || object.kind.endsWith('Review'));
    return this.#inner.create(object, options);
  }

  async update(object: KubernetesObject, options?: UpdateOptions): Promise<KubernetesObject> {
    this.#count(options?.dryRun);
    return this.#inner.update(object, options);
  }

  async patch(ref: ObjectReference, patch: Patch, options?: UpdateOptions): Promise<KubernetesObject> {
    this.#count(options?.dryRun);
    return this.#inner.patch(ref, patch, options);
  }

  async delete(ref: ObjectReference, options?: DeleteOptions): Promise<DeleteResult> {
    this.#count(options?.dryRun);
    return this.#inner.delete(ref, options);
  }

  logs(pod: { readonly name: string; readonly namespace: string }, options?: LogOptions): Promise<string> {
    return this.#inner.logs(pod, options);
  }

  version(options?: CallOptions): Promise<ServerVersion> {
    return this.#inner.version(options);
  }

  async request(request: RawRequest): Promise<RawResponse> {
    this.#count((request.method ?? 'GET') === 'GET');
    return this.#inner.request(request);
  }

  /** The connection belongs to the caller. */
  close(): void {}

  #read<T>(task: () => Promise<T>): Promise<T> {
    const once = async (): Promise<T> => {
      const result = await task();
      this.#reached = true;
      return result;
    };
    return retrying(once, this.#patience());
  }

  #patience(): RetryOptions {
    const heals = (error: unknown): boolean =>
      isPassing(error) && (this.#reached || !isApiError(error, 'Unreachable', 'Timeout') || isTorn(error));
    return { signal: this.#signal, budgetMs: readBudgetMs, heals };
  }

  #count(harmless: boolean | undefined): void {
    if (harmless) return;
    this.#stopped.throwIfAborted();
    this.writes += 1;
  }
}

/** An answer had begun, so the server is there. */
function isTorn({ cause }: Error): boolean {
  return cause instanceof Error && cause.message === 'aborted';
}
