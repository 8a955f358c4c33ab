import { Deferred } from '../expr/value.ts';
import type { ResolvedObject } from '../resolve/resolution.ts';
import type { SynthOptions } from './synth.ts';

/** Whether an object is a Secret. */
export function isSecret({ object }: ResolvedObject): boolean {
  return object.apiVersion === 'v1' && object.kind === 'Secret';
}

/** Whether a Secret may be written to a file: it is said so, and all of its content is known. */
export function isWritable({ path, object }: ResolvedObject, { writesSecret }: SynthOptions): boolean {
  return writesSecret?.(path) === true && !holdsDeferred(object);
}

function holdsDeferred(value: unknown): boolean {
  if (value instanceof Deferred) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsDeferred);
}
