import { KubewrightError } from '../errors.ts';
import type { ErrorDetails } from '../errors.ts';
import { ClosedByUs, TimeLimit } from './exchange.ts';

/** Stable names of what a server or the way to it can refuse. */
export type ApiErrorCode =
  | 'Unreachable'
  | 'Closed'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'KindNotServed'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Invalid'
  | 'TooManyRequests'
  | 'ServerError'
  | 'Expired'
  | 'Timeout';

/** One field that the server objects to. */
export interface StatusCause {
  /** Such as `FieldValueInvalid` or `FieldManagerConflict`. */
  readonly reason?: string;
  /** Of Secrets, whose values it may quote, only that a field is immutable. */
  readonly message?: string;
  /** Path of the field, such as `.spec.replicas`. */
  readonly field?: string;
  /** Who owns the field, in a `FieldManagerConflict`. */
  readonly manager?: string;
}

/** The part of a Kubernetes Status that callers decide on. */
export interface StatusDetails {
  readonly causes: readonly StatusCause[];
  /** Plural of the kind that the server means, which need not be the request's: `resourcequotas`, `namespaces`. */
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
}

/** What makes an {@link ApiError}. */
export interface ApiErrorInit extends ErrorDetails {
  readonly code: ApiErrorCode;
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly details?: StatusDetails | undefined;
}

/**
 * A request that failed. `code` is what to decide on; `status` and `reason` are the server's own words.
 *
 * @example
 * if (error instanceof ApiError && error.code === 'Conflict') report(error.details.causes);
 */
export class ApiError extends KubewrightError {
  declare readonly code: ApiErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `reason` of the server's Status, such as `AlreadyExists`. */
  readonly reason: string | undefined;
  /** Seconds that the server asks to wait. */
  readonly retryAfter: number | undefined;
  readonly details: StatusDetails;

  constructor(init: ApiErrorInit) {
    super(init);
    this.name = 'ApiError';
    this.status = init.status ?? 0;
    this.reason = init.reason;
    this.retryAfter = init.retryAfter;
    this.details = init.details ?? { causes: [] };
  }
}

/** Whether an error is an {@link ApiError}, of one of these codes when some are given. */
export function isApiError(error: unknown, ...codes: readonly ApiErrorCode[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}

/** The other side of a connection, for messages. */
export interface Peer {
  /** Such as `context "prod"`. */
  readonly name: string;
  /** URL of the server. */
  readonly server: string;
}

/** What a request is for, for messages. */
export interface Purpose {
  /** Such as `apply`. */
  readonly verb: string;
  /** Such as `ConfigMap shop/web`. */
  readonly resource: string;
  /** The kind, where the request is about objects: refusals of Secrets are redacted. */
  readonly kind?: string | undefined;
}

/** Where and for what something failed, as the middle of a message. */
export function attempted(peer: Peer, purpose: Purpose): string {
  return `${purpose.verb} on ${peer.name} (${peer.server})`;
}

/** The error of a request that got no answer. */
export function networkError(cause: unknown, peer: Peer, purpose: Purpose): ApiError {
  if (cause instanceof ApiError) return cause;
  return new ApiError({
    code: codeOf(cause),
    resource: purpose.resource,
    message: `${attempted(peer, purpose)} failed: ${describe(cause)}`,
    hint: hintFor(cause, peer),
    cause,
  });
}

function codeOf(cause: unknown): ApiErrorCode {
  if (cause instanceof ClosedByUs) return 'Closed';
  return cause instanceof TimeLimit ? 'Timeout' : 'Unreachable';
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as NodeJS.ErrnoException;
  // Node tries several addresses and then gives an AggregateError without a message.
  const inner =
    cause instanceof AggregateError ? (cause.errors as Error[]).map((error) => error.message).join(', ') : '';
  return cause.message || inner || code || cause.name;
}

function hintFor(cause: unknown, peer: Peer): string | undefined {
  if (cause instanceof ClosedByUs) return undefined;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (/CERT|SELF_SIGNED|TLS|UNABLE_TO/.test(code))
    return 'Check the certificate authority of the cluster, or its tls-server-name.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Check the host name and the network (VPN?).';
  if (peer.name.startsWith('local control plane'))
    return 'Start it with `kubewright local up`, or read `kubewright local logs`.';
  return 'Check that the server runs and that this machine reaches it.';
}
