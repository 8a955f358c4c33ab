/**
 * What goes wrong during an evaluation. Not an `Error`: failures are caught by `&&`, `||` and comprehensions all the
 * time, and a stack trace would cost more than the evaluation. `Program.evaluate` turns what is left into a `CelError`.
 */
export class Failure {
  readonly reason: string;
  readonly missing: boolean;
  /** The text that a map was asked for in vain. */
  readonly key: string | undefined;

  constructor(reason: string, missing = false, key?: string) {
    this.reason = reason;
    this.missing = missing;
    this.key = key;
  }
}

export function fail(reason: string): never {
  throw new Failure(reason);
}

export function noSuchKey(key: unknown): Failure {
  return new Failure(`no such key: ${String(key)}`, true, typeof key === 'string' ? key : undefined);
}

export function indexOutOfBounds(index: unknown): Failure {
  return new Failure(`index out of bounds: ${String(index)}`, true);
}

export function noSuchOverload(): Failure {
  return new Failure('no such overload');
}

/** What comparing two values that have nothing in common ends with. */
export function isNoSuchOverload(error: unknown): boolean {
  return error instanceof Failure && error.reason === 'no such overload';
}
