import type { ClientRequest, IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** An answer whose body is still to be read. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Whether the body ended as the server meant it to: one that is torn looks the same to its reader. */
  readonly isWhole: () => boolean;
}

/** What limits an exchange. */
export interface ExchangeLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** No answer in time. */
export class TimeLimit extends Error {
  constructor(what: string, ms: number) {
    super(`${what} within ${ms / 1000} s`);
    this.name = 'TimeLimit';
  }
}

/** The caller closed the connection to the cluster. */
export class ClosedByUs extends Error {
  constructor() {
    super('the connection was closed by this process');
  }
}

/** The server had closed a connection before it read the request: nothing has happened there. */
export class StaleConnection extends Error {
  /** Whether the server says so itself. */
  readonly certain: boolean;

  constructor(cause: unknown, { certain = false }: { readonly certain?: boolean } = {}) {
    super('', { cause });
    this.certain = certain;
  }
}

/** The time limit and the signal of one exchange, from before it is sent until its answer is read. */
export class Guard {
  /** Why we ended it ourselves. */
  interruption: Error | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#interrupt(new Error('aborted'));
  #end: ((reason: Error) => void) | undefined;
  #late: (() => void) | undefined;

  constructor({ timeoutMs, signal }: ExchangeLimits) {
    this.#timer = setTimeout(() => {
      this.#late?.();
      this.#interrupt(new TimeLimit('no complete answer', timeoutMs));
    }, timeoutMs);
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * What is ended instead of what was before.
   *
   * @param late called when the time is over
   */
  watch(sent: { destroy(reason: Error): void }, late?: () => void): void {
    if (this.interruption) sent.destroy(this.interruption);
    this.#late = late;
    this.#end = (reason) => sent.destroy(reason);
  }

  /** What others wait for too, so only our waiting is ended. */
  during<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#end = reject;
      work.then(resolve, reject);
    });
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #interrupt(reason: Error): void {
    this.interruption ??= reason;
    this.#end?.(reason);
  }
}

/** The result of work that others wait for too, unless the signal comes first. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason as Error);
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

/** Reads a whole answer. Iterating over a stream costs more than a small answer itself. */
export function readBody({ headers, body, isWhole }: Answer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let [size, isRead] = [0, false];
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
    });
    body.once('end', () => {
      const length = headers['content-length'];
      isRead = isWhole() && (length === undefined || Number(length) === size);
      if (!isRead) return;
      const [first] = chunks;
      resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
      chunks.length = 0;
    });
    body.once('error', reject);
    // A connection that breaks in the middle.
    body.once('close', () => void (isRead || reject(new Error('aborted'))));
  });
}

/** Settles with the headers of the answer of an HTTP/1.1 request. */
export function answerTo(sent: ClientRequest, connectTimeoutMs: number): Promise<Answer> {
  limitConnecting(sent, connectTimeoutMs);
  return new Promise((resolve, reject) => {
    sent.once('response', (body) => {
      const { statusCode: status = 0, headers } = body;
      resolve({ status, headers, body, isWhole: () => body.complete });
    });
    // Also after the answer: a connection that breaks late must not become an uncaught exception.
    sent.on('error', (error) => reject(isStale(sent, error) ? new StaleConnection(error) : error));
  });
}

function limitConnecting(sent: ClientRequest, ms: number): void {
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => sent.destroy(new TimeLimit('no connection', ms)), ms);
    const done = (): void => clearTimeout(timer);
    socket.once('connect', done);
    socket.once('close', done);
  });
}

function isStale(sent: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
