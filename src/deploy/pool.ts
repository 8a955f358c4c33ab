import { isApiError } from '../cluster/api-error.ts';

const maxWidth = 32;

/** How many requests run at once: fewer while the server is overloaded, more again when it answers. */
export class Pool {
  #width = maxWidth;
  #running = 0;
  #narrowedAt = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param options `ahead`: before those that wait, as for what was tried already: its time runs */
  async run<T>(task: () => Promise<T>, { ahead = false }: { readonly ahead?: boolean } = {}): Promise<T> {
    if (this.#running < Math.floor(this.#width)) this.#running += 1;
    // Whoever wakes it has counted it already.
    else
      await new Promise<void>((resolve) => {
        if (ahead) this.#waiting.unshift(resolve);
        else this.#waiting.push(resolve);
      });
    const startedAt = performance.now();
    try {
      const result = await task();
      this.#width = Math.min(maxWidth, this.#width + 1 / this.#width);
      return result;
    } catch (error) {
      if (isApiError(error, 'TooManyRequests', 'ServerError')) this.#narrow(startedAt);
      throw error;
    } finally {
      this.#running -= 1;
      this.#wake();
    }
  }

  /** Refusals come in crowds: those of requests that were under way at the last one say nothing new. */
  #narrow(startedAt: number): void {
    if (startedAt < this.#narrowedAt) return;
    this.#narrowedAt = performance.now();
    this.#width = Math.max(1, this.#width / 2);
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
