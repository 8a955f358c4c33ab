/** Turns an answer that is not a success into an error that says what to do, and never quotes a Secret. */
import { ApiError, attempted } from './api-error.ts';
import type { ApiErrorCode, Peer, Purpose, StatusCause } from './api-error.ts';

/** The parts of an HTTP answer that say why. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

interface KubernetesStatus {
  readonly kind?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly kind?: string;
    readonly name?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
}

const codes: Readonly<Record<number, ApiErrorCode>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'Timeout',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  504: 'Timeout',
};

const hints: Partial<Record<ApiErrorCode, string>> = {
  Unauthorized: 'Renew the credentials of this cluster.',
  KindNotServed: 'Check apiVersion and kind, or install the CustomResourceDefinition first.',
};

/** The server says 500 when an apply does not fit the schema, or what it stores objects in; no retry heals that. */
const misfit =
  /failed to create typed patch object|illegal base64 data at input byte|etcdserver: request is too large|trying to send message larger than max/;

/** The error of an answer. */
export function refusalError(refusal: Refusal, peer: Peer, purpose: Purpose): ApiError {
  const status = parseStatus(refusal.body);
  const code = codeOf(refusal, status);
  const secret = purpose.kind === 'Secret';
  const causes = (status?.details?.causes ?? []).map((cause) => toCause(cause, secret));
  const said = secret ? secretMessage(refusal, status) : (status?.message ?? plainText(refusal.body));
  const words = [refusal.status, status?.reason].filter(Boolean).join(' ');
  return new ApiError({
    code,
    status: refusal.status,
    reason: status?.reason,
    retryAfter: seconds(refusal.retryAfter) ?? status?.details?.retryAfterSeconds,
    details: { causes, kind: status?.details?.kind, name: status?.details?.name },
    resource: purpose.resource,
    message: `${attempted(peer, purpose)} was refused: ${said || 'no reason given'} (${words})`,
    hint: hints[code],
  });
}

/** The error of a kind that discovery does not know. */
export function notServedError(kind: { apiVersion: string; kind: string }, peer: Peer, purpose: Purpose): ApiError {
  return new ApiError({
    code: 'KindNotServed',
    status: 404,
    resource: purpose.resource,
    message: `${attempted(peer, purpose)} is impossible: the server does not serve ${kind.apiVersion} ${kind.kind}`,
    hint: hints.KindNotServed,
  });
}

/** The error of a success that is not JSON: something between us and the server answered. */
export function notJsonError(status: number, peer: Peer, purpose: Purpose): ApiError {
  return new ApiError({
    code: 'ServerError',
    status,
    resource: purpose.resource,
    message: `${attempted(peer, purpose)} was answered with something that is not JSON (${status})`,
    hint: 'Check that the URL is that of an API server, not of a page in front of it.',
  });
}

function parseStatus(body: string): KubernetesStatus | undefined {
  try {
    const parsed = JSON.parse(body) as KubernetesStatus | null;
    return parsed?.kind === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function codeOf({ status: http }: Refusal, status: KubernetesStatus | undefined): ApiErrorCode {
  if (http === 404 && !status?.details?.name) return 'KindNotServed';
  if (status?.reason === 'AlreadyExists') return 'AlreadyExists';
  if (http === 500 && misfit.test(status?.message ?? '')) return 'Invalid';
  return codes[http] ?? (http >= 500 ? 'ServerError' : 'Invalid');
}

/** What follows a value that it may quote. */
const afterValue = /field is immutable(?: when `immutable` is set)?$/;

function toCause({ reason, field, message }: StatusCause, secret: boolean): StatusCause {
  const manager = reason === 'FieldManagerConflict' ? /^conflict with "([^"]*)"/.exec(message ?? '')?.[1] : undefined;
  const said = secret ? afterValue.exec(message ?? '')?.[0] : message;
  return {
    ...(reason !== undefined && { reason }),
    ...(field !== undefined && { field }),
    ...(said !== undefined && { message: said }),
    ...(manager !== undefined && { manager }),
  };
}

/** Answers that are built from names only. */
const harmless = [401, 404, 409, 410, 429];
const harmlessPatterns = [
  /unknown field "[^"]*"/g,
  /duplicate field "[^"]*"/g,
  /illegal base64 data at input byte \d+/g,
  /^failed to create typed patch object \([^)]*\): \.[^\s:]+: (?:field not declared in schema|expected \w+)/g,
  /exceeded quota: [\w.-]+/g,
  /User "[^"]*" cannot \w+ resource "[^"]*"[^:]*/g,
  /admission webhook "[^"]*" denied the request/g,
  /field is immutable(?: when `immutable` is set)?/g,
  /may not be more than \d+ bytes/g,
  /etcdserver: request is too large/g,
  /trying to send message larger than max(?: \(\d+ vs\. \d+\))?/g,
  /^Request entity too large: limit is \d+/g,
  /unable to create new content in namespace \S+ because it is being terminated/g,
];

function secretMessage(refusal: Refusal, status: KubernetesStatus | undefined): string {
  if (harmless.includes(refusal.status)) return status?.message ?? '';
  const fields = (status?.details?.causes ?? []).map(({ field, reason }) => [field, reason].filter(Boolean).join(' '));
  const phrases = harmlessPatterns.flatMap((pattern) => status?.message?.match(pattern) ?? []);
  const known = [...fields, ...phrases].filter(Boolean).join(', ');
  return known || 'the reason is withheld because it may quote the secret';
}

function plainText(body: string): string {
  return /^\s*</.test(body) ? '' : body.trim().split('\n', 1)[0]!.slice(0, 300);
}

/** `Retry-After` is seconds or a date. */
function seconds(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const value = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(value) ? undefined : Math.max(0, value);
}
