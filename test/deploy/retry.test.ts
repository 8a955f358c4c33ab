import { afterEach, expect, it, vi } from 'vitest';
import { ApiError, type ApiErrorCode } from '../../src/cluster/api-error.ts';
import { retrying, type RetryOptions } from '../../src/deploy/retry.ts';

const clock = vi.hoisted(() => ({ now: 0, delays: [] as number[] }));
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => {
    clock.delays.push(ms);
    clock.now += ms;
    return Promise.resolve();
  },
}));
vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
const random = vi.spyOn(Math, 'random');
afterEach(() => {
  Object.assign(clock, { now: 0, delays: [] });
});

const signal = new AbortController().signal;
const refusal = (code: ApiErrorCode, retryAfter?: number): ApiError =>
  new ApiError({ code, message: 'refused', retryAfter });

/** Tries something that is refused so many times; gives the delays between the tries. */
async function delays(times: number, error: ApiError, options: Partial<RetryOptions> = {}): Promise<number[]> {
  let tries = 0;
  const task = (): Promise<string> => {
    tries += 1;
    clock.now += 10;
    return tries <= times ? Promise.reject(error) : Promise.resolve('done');
  };
  await retrying(task, { signal, ...options });
  return clock.delays;
}

it('waits from 100 ms, twice as long each time, for 5 s at most', async () => {
  random.mockReturnValue(1);
  expect(await delays(9, refusal('ServerError'))).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

it('waits for any part of that, so that many do not come back together', async () => {
  random.mockReturnValueOnce(0).mockReturnValueOnce(0.25).mockReturnValueOnce(0.5);
  expect(await delays(3, refusal('TooManyRequests'))).toEqual([0, 50, 200]);
});

it('waits as long as the server asks for', async () => {
  random.mockReturnValue(1);
  expect(await delays(2, refusal('TooManyRequests', 3))).toEqual([3000, 3000]);
});

it.each(['TooManyRequests', 'ServerError', 'Unreachable', 'Timeout'] as const)('%s passes', async (code) => {
  random.mockReturnValue(1);
  expect(await delays(1, refusal(code))).toHaveLength(1);
});

it.each(['Conflict', 'Invalid', 'Forbidden', 'NotFound', 'Unauthorized'] as const)('%s does not', async (code) => {
  await expect(delays(1, refusal(code))).rejects.toMatchObject({ code });
  expect(clock.delays).toEqual([]);
});

it('gives up after five minutes', async () => {
  random.mockReturnValue(1);
  await expect(delays(Infinity, refusal('ServerError'))).rejects.toMatchObject({ code: 'ServerError' });
  expect(clock.now).toBeGreaterThan(290_000);
  expect(clock.now).toBeLessThanOrEqual(300_020);
});

it('does not count what passed before the first refusal: many wait for their turn', async () => {
  random.mockReturnValue(1);
  let tries = 0;
  const task = (): Promise<string> => {
    tries += 1;
    if (tries > 1) return Promise.resolve('done');
    clock.now += 400_000;
    return Promise.reject(refusal('TooManyRequests'));
  };
  expect(await retrying(task, { signal })).toBe('done');
});

it('says which try it is', async () => {
  const tries: number[] = [];
  const task = (attempt: number): Promise<void> => {
    tries.push(attempt);
    return attempt < 2 ? Promise.reject(refusal('ServerError')) : Promise.resolve();
  };
  await retrying(task, { signal });
  expect(tries).toEqual([0, 1, 2]);
});

it('does not try again once it is stopped', async () => {
  const stopping = new AbortController();
  const onRetry = vi.fn();
  const task = (): Promise<never> => {
    stopping.abort();
    return Promise.reject(refusal('ServerError'));
  };
  await expect(retrying(task, { signal: stopping.signal, onRetry })).rejects.toMatchObject({ code: 'ServerError' });
  expect(clock.delays).toEqual([]);
});
