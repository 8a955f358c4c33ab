import { type ErrorDetails, KubewrightError, throwProblems } from '../errors.ts';

/** Collects problems, so that all of them are shown at once. */
export class Problems {
  readonly #subject: string;
  readonly #found: KubewrightError[] = [];

  constructor(subject: string) {
    this.#subject = subject;
  }

  add(problem: ErrorDetails | KubewrightError): void {
    this.#found.push(problem instanceof KubewrightError ? problem : new KubewrightError(problem));
  }

  /** Runs one step; what it throws becomes a problem, placed at `resource` and `path`. */
  attempt<T>(
    place: {
      resource?: string | undefined;
      path?: string | undefined;
      source?: (() => string | undefined) | undefined;
    },
    step: () => T,
  ): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof KubewrightError)) throw error;
      const source = place.source?.();
      this.add({
        code: error.code,
        resource: place.resource,
        path: place.path,
        message: error.message,
        cause: error,
        ...(source ? { hint: `(${source})` } : {}),
      });
      return undefined;
    }
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  throwIfAny(): void {
    throwProblems(this.#subject, this.#found);
  }
}
