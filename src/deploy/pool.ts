import { isApiError } from '../cluster/api-error.ts';

const maxWidth = 32;

/** How many requests run at once: fewer while the server is overloaded, more again when it answers. */
export class Pool {
  #width = maxWidth;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < Math.floor(this.#width)) this.#running += 1;
    // Whoever wakes it has counted it already.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      const result = await task();
      this.#width = Math.min(maxWidth, this.#width + 1 / this.#width);
      return result;
    } catch (error) {
      if (isApiError(error, 'TooManyRequests', 'ServerError')) this.#width = Math.max(1, this.#width / 2);
      throw error;
    } finally {
      this.#running -= 1;
      this.#wake();
    }
  }

  #wake(): void {
    while (this.#running < Math.floor(this.#width)) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#running += 1;
      next();
    }
  }
}
