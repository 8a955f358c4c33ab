import type { Path } from '../read/place.ts';

/** Something that kro refuses, in its words. */
export class KroRefusal extends Error {
  readonly code: string;
  /** Where it is in the definition. */
  readonly path: Path;

  constructor(code: string, message: string, path: Path) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/**
 * kro stops at the first thing that it refuses. Of one step of its build, which goes through the resources in no
 * certain order, all of them are collected here.
 */
export class Refusals {
  readonly found: KroRefusal[] = [];

  /** Runs a part of a step; `prefix` is what kro puts before the message on the way up. */
  attempt<T>(prefix: string, step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (error instanceof KroRefusal) this.found.push(new KroRefusal(error.code, prefix + error.message, error.path));
      else if (error instanceof Refused) this.found.push(...error.refusals.map(({ code, message, path }) => new KroRefusal(code, prefix + message, path)));
      else throw error;
      return undefined;
    }
  }

  throwIfAny(): void {
    if (this.found.length > 0) throw new Refused(this.found);
  }
}

/** A step that was refused. */
export class Refused extends Error {
  readonly refusals: readonly KroRefusal[];

  constructor(refusals: readonly KroRefusal[]) {
    super(refusals[0]?.message ?? 'refused');
    this.refusals = refusals;
  }
}

/** Runs one part by itself, with kro's words before what it refuses. */
export function within<T>(prefix: string, step: () => T): T {
  const refusals = new Refusals();
  const result = refusals.attempt(prefix, step);
  refusals.throwIfAny();
  return result as T;
}
