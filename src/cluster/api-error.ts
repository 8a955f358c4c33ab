import { KubewrightError } from '../errors.ts';
import type { ErrorDetails } from '../errors.ts';

/** Stable names of what a server or the way to it can refuse. */
export type ApiErrorCode =
  | 'Unreachable'
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
  /** Absent for Secrets, whose values it may quote. */
  readonly message?: string;
  /** Path of the field, such as `.spec.replicas`. */
  readonly field?: string;
}

/** The part of a Kubernetes Status that callers decide on. */
export interface StatusDetails {
  readonly causes: readonly StatusCause[];
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
