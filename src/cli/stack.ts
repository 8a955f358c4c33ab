import type { Graph } from '../graph/graph.ts';

/** A stack file and the graphs that it runs. */
export interface Stack {
  /** Real path. */
  readonly file: string;
  readonly graphs: readonly Graph[];
}

/**
 * The stacks whose `run` was called, by real path. On `globalThis`, because a loader may give the stack another copy of
 * this module than the command line has.
 */
export function knownStacks(): Map<string, readonly Graph[]> {
  const key = Symbol.for('kubewright.stacks');
  const holder = globalThis as { [key]?: Map<string, readonly Graph[]> };
  holder[key] ??= new Map();
  return holder[key];
}
