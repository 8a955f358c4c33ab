import { isApiError } from '../cluster/api-error.ts';

const maxWidth = 32;

/** How many requests run at once: fewer while the server is overloaded, more again when it answers. */
export class Pool {
  #width = maxWidth;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#width) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      const result = await task();
      this.#width = Math.min(maxWidth, this.#width + 1 / this.#width);
      return result;
    } catch (error) {
      if (isApiError(error, 'TooManyRequests', 'ServerError')) this.#width = Math.max(1, this.#width / 2);
      throw error;
    } finally {
      this.#running -= 1;
      while (this.#waiting.length > 0 && this.#running < this.#width) {
        this.#waiting.shift()?.();
        // The one that was woken counts itself in a later microtask.
        break;
      }
    }
  }
}
