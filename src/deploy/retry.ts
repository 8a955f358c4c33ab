import { setTimeout as sleep } from 'node:timers/promises';
import { isApiError } from '../cluster/api-error.ts';
import type { ApiErrorCode } from '../cluster/api-error.ts';

/** Refusals that pass by themselves. */
const healing: readonly ApiErrorCode[] = ['TooManyRequests', 'ServerError', 'Unreachable', 'Timeout'];
const firstMs = 100;
const maxMs = 5_000;
const budgetMs = 300_000;

/** How to try again. */
export interface RetryOptions {
  /** Ends the waiting between tries. */
  readonly signal: AbortSignal;
  /** Whether an error may pass. @default isPassing */
  readonly heals?: (error: unknown) => boolean;
  readonly onRetry?: (error: Error) => void;
  /** Milliseconds for all tries after the first one. @default 300000 */
  readonly budgetMs?: number;
}

/** Whether a failure passes by itself: overload, broken connections, a server that restarts. */
export function isPassing(error: unknown): boolean {
  return isApiError(error, ...healing);
}

/** Tries until it succeeds, fails for good or the budget is used up. The task is told how often it was tried before. */
export async function retrying<T>(task: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  // Before its first try a task may have waited long for its turn.
  let end = Infinity;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await task(attempt);
    } catch (error) {
      if (attempt === 0) end = performance.now() + (options.budgetMs ?? budgetMs);
      if (!(options.heals ?? isPassing)(error) || options.signal.aborted) throw error;
      const asked = isApiError(error) ? (error.retryAfter ?? 0) * 1000 : 0;
      const delay = Math.max(asked, Math.random() * Math.min(maxMs, firstMs * 2 ** attempt));
      if (performance.now() + delay > end) throw error;
      if (attempt > 0) options.onRetry?.(error as Error);
      await sleep(delay, undefined, { signal: options.signal }).catch(() => undefined);
      if (options.signal.aborted) throw error;
    }
  }
}
