/**
 * The port to a Kubernetes API server: what planning, applying, waiting, pruning, records and locks need, and no more.
 *
 * Rules that hold for every method:
 * - It rejects with an `ApiError` (see `api-error.ts`) that names verb, object and server, or, when `signal` was
 *   aborted, with the signal's reason.
 * - It sends one request (a list: one per page; a kind that is not known yet: one more for discovery). Nothing is retried
 *   but a keep-alive connection that the server had closed, an expired credential (once) and an expired page token
 *   (once): patience is the caller's decision.
 * - Objects are plain JSON; they are never logged and never part of an error.
 */
/** Metadata of an object; fields that this library does not use may be present too. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  managedFields?: ManagedFields[];
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  creationTimestamp?: string;
  deletionTimestamp?: string;
}

/** Who owns which fields: one entry per manager, operation and subresource. */
export interface ManagedFields {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

/** The owner of an object, as the garbage collector sees it. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Any Kubernetes object, as JSON. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** An object to create: access reviews have no name, so metadata is optional here. */
export interface NewObject {
  apiVersion: string;
  kind: string;
  metadata?: Partial<ObjectMeta>;
  [field: string]: unknown;
}

/** A kind of one API version, such as `{ apiVersion: 'apps/v1', kind: 'Deployment' }`. */
export interface KindReference {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The address of one object; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectReference extends KindReference {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** How the server serves a kind. */
export interface ApiResource extends KindReference {
  /** The path segment of the kind, such as `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** What it can do, such as `list` and `patch`; empty when unknown. */
  readonly verbs: readonly string[];
}

/** Options of every call. */
export interface CallOptions {
  /** Aborts the request; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Milliseconds until the call is given up with code `Timeout` (a list: per page).
   * @default 65000
   */
  readonly timeoutMs?: number | undefined;
}

/** Options of {@link Cluster.resources}. */
export interface ResourcesOptions extends CallOptions {
  readonly onUnknown?: ((apiVersion: string) => void) | undefined;
}

/** Which objects to list or watch. */
export interface ListQuery extends KindReference {
  /** Only this namespace; absent: all namespaces. Ignored for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  /** Such as `app=web,tier in (a,b)`. */
  readonly labelSelector?: string | undefined;
  /** Such as `metadata.name=web`. */
  readonly fieldSelector?: string | undefined;
}

/** A complete list: all pages, every item with its `apiVersion` and `kind`. */
export interface ObjectList {
  readonly items: KubernetesObject[];
  /** The version at which a watch continues this list. */
  readonly resourceVersion: string;
}

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: KubernetesObject }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

/** Where and how long to watch. */
export interface WatchOptions {
  /** The version to continue from: a list's, an event's or a bookmark's. */
  readonly resourceVersion: string;
  /** Ends the iteration quietly. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Seconds after which the server ends the watch. It is what makes a silently dropped connection visible:
   * a watch that is still open `graceMs` later is dead.
   * @default 30
   */
  readonly timeoutSeconds?: number | undefined;
  /**
   * Milliseconds past `timeoutSeconds` until the watch is given up with code `Timeout`.
   * @default 5000
   */
  readonly graceMs?: number | undefined;
}

/** Options of writes. */
export interface WriteOptions extends CallOptions {
  /** The server validates and answers, and stores nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /** Who owns the fields. @default 'kubewright' */
  readonly fieldManager?: string | undefined;
}

/** Options of {@link Cluster.apply}. */
export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers instead of failing with code `Conflict`. @default false */
  readonly force?: boolean | undefined;
}

/** What an apply did. */
export interface ApplyResult {
  /** The object as the server stored it (or, with `dryRun`, would). */
  readonly object: KubernetesObject;
  /** Whether the object did not exist before. */
  readonly created: boolean;
  /** The server's warnings, such as a deprecated API version. */
  readonly warnings: readonly string[];
}

/** Options of {@link Cluster.update} and {@link Cluster.patch}. */
export interface UpdateOptions extends WriteOptions {
  /** Writes this part instead of the object. */
  readonly subresource?: 'status' | 'scale' | undefined;
}

/** A change of an object: an RFC 7396 merge patch or RFC 6902 operations. */
export type Patch =
  | { readonly type: 'merge'; readonly body: Readonly<Record<string, unknown>> }
  | { readonly type: 'json'; readonly body: readonly JsonOperation[] };

/** One RFC 6902 operation; `test` makes the patch fail with code `Invalid` when the value differs. */
export interface JsonOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test' | 'move' | 'copy';
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** Options of {@link Cluster.delete}. */
export interface DeleteOptions extends CallOptions {
  /** Deletes only the object with this UID, else code `Conflict`. */
  readonly uid?: string | undefined;
  /** Deletes only this version, else code `Conflict`. */
  readonly resourceVersion?: string | undefined;
  /** What becomes of owned objects. Absent: the default of the kind. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  /** @default false */
  readonly dryRun?: boolean | undefined;
}

/** `gone`: deleted now; `terminating`: accepted, finalizers or a grace period hold it; `absent`: there was none. */
export type DeleteResult = 'gone' | 'terminating' | 'absent';

/** Which log to read. */
export interface LogOptions extends CallOptions {
  /** Needed when the pod has several containers. */
  readonly container?: string | undefined;
  /** Only the last lines. */
  readonly tailLines?: number | undefined;
  /** The log of the container before its last restart. @default false */
  readonly previous?: boolean | undefined;
}

/** What the server calls itself. */
export interface ServerVersion {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
}

/** A request that no method covers. */
export interface RawRequest extends CallOptions {
  /** @default 'GET' */
  readonly method?: string | undefined;
  /** Path and query, such as `/readyz?verbose`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text to send; its type is in `headers`. */
  readonly body?: string | undefined;
}

/** The answer to a raw request, whatever its status. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/**
 * A connection to one API server.
 *
 * @example
 * const cluster = await connect(local());
 * const { object, created } = await cluster.apply(configMap, { fieldManager: 'kubewright' });
 * cluster.close();
 */
export interface Cluster {
  /** The cluster in messages: `local control plane "default"`, `context "prod"`. */
  readonly name: string;
  /** URL of the server. */
  readonly server: string;
  /** The namespace of the context, `default` where none is set. */
  readonly namespace: string;

  /**
   * How a kind is served; `undefined` when it is not. Answers are cached, except "not served".
   * @param options `refresh` asks the server even for a kind that is known: use it to see whether a CRD is served by now.
   */
  discover(
    kind: KindReference,
    options?: CallOptions & { readonly refresh?: boolean },
  ): Promise<ApiResource | undefined>;

  /**
   * All kinds that the server serves, each in its group's preferred version. Not cached.
   * @param options `onUnknown` is told API versions whose own server does not answer, so that nobody knows their kinds
   */
  resources(options?: ResourcesOptions): Promise<readonly ApiResource[]>;

  /** The object, or `undefined` when it, or its kind, does not exist. */
  get(ref: ObjectReference, options?: CallOptions): Promise<KubernetesObject | undefined>;

  /** All objects of a query. A kind that is not served is an error with code `KindNotServed`. */
  list(query: ListQuery, options?: CallOptions): Promise<ObjectList>;

  /**
   * Changes after a version, until the server ends the watch (the iteration then just ends: watch again from the last
   * version seen). It throws code `Expired` when the version is too old (list again), `Timeout` when the connection is
   * silently dead, `Unreachable` when it broke. Leaving the loop closes the connection.
   * Most callers want `informer` of `watch.ts`, which does all of that.
   */
  watch(query: ListQuery, options: WatchOptions): AsyncIterable<WatchEvent>;

  /**
   * Server-side apply with strict field validation. A field of another manager is an `ApiError` with code
   * `Conflict` whose `details.causes` name fields and managers. With `metadata.resourceVersion` it applies to that
   * version only (else code `Conflict`), with `metadata.uid` to that object only (else code `Invalid` with a cause for
   * `metadata.uid`, or `Conflict` when there is none).
   *
   * `created` is false for an object that was created by a request whose connection broke before it was answered.
   */
  apply(object: KubernetesObject, options: ApplyOptions): Promise<ApplyResult>;

  /** Creates an object; code `AlreadyExists` when there is one. */
  create(object: NewObject, options?: WriteOptions): Promise<KubernetesObject>;

  /** Replaces an object; with `metadata.resourceVersion` only that version, else code `Conflict`. */
  update(object: KubernetesObject, options?: UpdateOptions): Promise<KubernetesObject>;

  /** Changes parts of an object; code `NotFound` when there is none. */
  patch(ref: ObjectReference, patch: Patch, options?: UpdateOptions): Promise<KubernetesObject>;

  /** Deletes an object; see {@link DeleteResult}. Does not wait. */
  delete(ref: ObjectReference, options?: DeleteOptions): Promise<DeleteResult>;

  /** A container's log as text. */
  logs(pod: { readonly name: string; readonly namespace: string }, options?: LogOptions): Promise<string>;

  version(options?: CallOptions): Promise<ServerVersion>;

  /** Any other request, such as `/readyz` or `/openapi/v3`; it rejects only when there is no answer. */
  request(request: RawRequest): Promise<RawResponse>;

  /** Ends all requests and watches, so that the process can exit; what is called later fails with code `Closed`. */
  close(): void;
}
