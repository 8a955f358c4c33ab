import { expect, it } from 'vitest';
import { ApiError, type ApiErrorCode } from '../../src/cluster/api-error.ts';
import { Pool } from '../../src/deploy/pool.ts';

/** Requests that end when the test says so. */
class Requests {
  readonly #pool = new Pool();
  readonly #running: PromiseWithResolvers<void>[] = [];
  readonly started: string[] = [];

  start(count: number, name = '', ahead = false): void {
    for (let index = 0; index < count; index += 1) {
      const request = Promise.withResolvers<void>();
      const task = (): Promise<void> => {
        this.#running.push(request);
        this.started.push(name);
        return request.promise;
      };
      this.#pool.run(task, { ahead }).catch(() => undefined);
    }
  }

  get running(): number {
    return this.#running.length;
  }

  /** Ends the oldest ones, and lets others start. */
  async end(count: number, code?: ApiErrorCode): Promise<void> {
    for (const { resolve, reject } of this.#running.splice(0, count))
      if (code) reject(new ApiError({ code, message: 'refused' }));
      else resolve();
    await new Promise(setImmediate);
  }
}

const busy = (): Requests => {
  const requests = new Requests();
  requests.start(1_000);
  return requests;
};

it('runs 32 at once, and the next one when one ends', async () => {
  const requests = busy();
  expect(requests.running).toBe(32);
  await requests.end(1);
  expect(requests.running).toBe(32);
});

it.each(['TooManyRequests', 'ServerError'] as const)('runs half as many after %s', async (code) => {
  const requests = busy();
  await requests.end(1, code);
  expect(requests.running).toBe(31);
  await requests.end(15);
  expect(requests.running).toBe(16);
  await requests.end(1);
  expect(requests.running).toBe(16);
});

it('counts refusals of requests that were under way together once', async () => {
  const requests = busy();
  await requests.end(32, 'TooManyRequests');
  expect(requests.running).toBe(16);
  await requests.end(16, 'TooManyRequests');
  expect(requests.running).toBe(8);
});

it('runs one at a time at least', async () => {
  const requests = busy();
  for (let round = 0; round < 10; round += 1) await requests.end(requests.running, 'ServerError');
  expect(requests.running).toBe(1);
});

it('grows back by one with every round that is answered, to 32 and not beyond', async () => {
  const requests = busy();
  await requests.end(32, 'TooManyRequests');
  await requests.end(16);
  await requests.end(1);
  expect(requests.running).toBe(17);
  for (let answered = 0; answered < 700; answered += 1) await requests.end(1);
  expect(requests.running).toBe(32);
});

it.each(['Conflict', 'Invalid', 'Unreachable'] as const)('goes on as before after %s', async (code) => {
  const requests = busy();
  await requests.end(8, code);
  expect(requests.running).toBe(32);
});

it('lets those go first that were tried before', async () => {
  const requests = new Requests();
  requests.start(32, 'first');
  requests.start(2, 'new');
  requests.start(1, 'again', true);
  await requests.end(2);
  expect(requests.started.slice(32)).toEqual(['again', 'new']);
});
