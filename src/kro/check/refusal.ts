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

  /** Runs a part of a step; `prefix` is what kro puts before the message on the way up, made when there is one. */
  attempt<T>(prefix: string | (() => string), step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      const refusals = error instanceof KroRefusal ? [error] : error instanceof Refused ? error.refusals : undefined;
      if (!refusals) throw error;
      const text = typeof prefix === 'string' ? prefix : prefix();
      for (const { code, message, path } of refusals) this.found.push(new KroRefusal(code, text + message, path));
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
export function within<T>(prefix: string | (() => string), step: () => T): T {
  try {
    return step();
  } catch (error) {
    const refusals = new Refusals();
    refusals.attempt(prefix, () => {
      throw error;
    });
    throw new Refused(refusals.found);
  }
}
