/**
 * What goes wrong during an evaluation. Not an `Error`: failures are caught by `&&`, `||` and comprehensions all the
 * time, and a stack trace would cost more than the evaluation. `Program.evaluate` turns what is left into a `CelError`.
 */
export class Failure {
  readonly reason: string;
  readonly missing: boolean;

  constructor(reason: string, missing = false) {
    this.reason = reason;
    this.missing = missing;
  }
}

export function fail(reason: string): never {
  throw new Failure(reason);
}

/** Keys and indexes that an expression computes may be values of bindings, but cel-go's message names them. */
export function noSuchKey(key: unknown): Failure {
  return new Failure(`no such key: ${String(key)}`, true);
}

export function indexOutOfBounds(index: unknown): Failure {
  return new Failure(`index out of bounds: ${String(index)}`, true);
}

export function noSuchOverload(): Failure {
  return new Failure('no such overload');
}
