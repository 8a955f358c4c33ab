import type { ClientRequest, IncomingMessage } from 'node:http';

/** An answer whose body is still to be read. */
export interface Exchange {
  readonly response: IncomingMessage;
  /** Why we ended it ourselves: the time limit or the caller's signal. */
  readonly interruption: () => unknown;
  /** Ends the time limit and forgets the signal. */
  readonly release: () => void;
}

/** What limits an exchange. */
export interface ExchangeLimits {
  readonly connectTimeoutMs: number;
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

/** The server had closed an idle connection before it read the request: nothing has happened there. */
export class StaleConnection extends Error {}

/** Settles with the headers of the answer; both limits and the signal destroy the request. */
export function settle(sent: ClientRequest, limits: ExchangeLimits): Promise<Exchange> {
  let interruption: unknown;
  const interrupt = (reason: Error): void => {
    interruption ??= reason;
    sent.destroy(reason);
  };
  const deadline = setTimeout(() => interrupt(new TimeLimit('no complete answer', limits.timeoutMs)), limits.timeoutMs);
  const onAbort = (): void => interrupt(new Error('aborted'));
  limits.signal?.addEventListener('abort', onAbort, { once: true });
  const release = (): void => {
    clearTimeout(deadline);
    limits.signal?.removeEventListener('abort', onAbort);
  };
  limitConnecting(sent, limits.connectTimeoutMs, interrupt);
  return new Promise<Exchange>((resolve, reject) => {
    sent.once('response', (response) => resolve({ response, release, interruption: () => interruption }));
    // Also after the answer: a connection that breaks late must not become an uncaught exception.
    sent.on('error', (error: NodeJS.ErrnoException) => {
      release();
      reject(interruption === undefined && isStale(sent, error) ? new StaleConnection('', { cause: error }) : error);
    });
  });
}

function limitConnecting(sent: ClientRequest, ms: number, interrupt: (reason: Error) => void): void {
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => interrupt(new TimeLimit('no connection', ms)), ms);
    const done = (): void => clearTimeout(timer);
    socket.once('connect', done);
    socket.once('close', done);
  });
}

function isStale(sent: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
