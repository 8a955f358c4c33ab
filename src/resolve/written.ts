import { CelOmit } from '../expr/cel-values.ts';
import { type Bindings, type Program, toJson } from '../expr/evaluate.ts';

/**
 * The result of an expression as kro writes it into an object: JSON, times as text, an optional without value as null,
 * `undefined` for `omit()`. Bytes are base64 text, which is what a definition says for them, too.
 */
export function written(program: Program, bindings: Bindings): unknown {
  const value = program.value(bindings);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  const json = toJson(value);
  return json instanceof CelOmit ? undefined : json;
}

/** Whether a condition holds, which may be an optional. */
export function holds(program: Program, bindings: Bindings): boolean {
  return written(program, bindings) === true;
}
