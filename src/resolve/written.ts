import { CelOmit } from '../expr/cel-values.ts';
import { type Program, toJson } from '../expr/evaluate.ts';

/**
 * The result of an expression as kro writes it into an object: JSON, times as text, an optional without value as null,
 * `undefined` for `omit()`. Bytes are base64 text, which is what a definition says for them, too.
 */
export function written(program: Program, bindings: (name: string) => unknown): unknown {
  const value = program.value(bindings);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  const json = toJson(value);
  return json instanceof CelOmit ? undefined : json;
}
