import type { Checked } from './check.ts';
import { Compiler } from './compile.ts';
import type { Environment } from './environment.ts';
import { CelError } from './error.ts';
import { Failure } from './failure.ts';
import { type Bindings, type Frame, resetCost } from './frame.ts';
import { generate } from './generate.ts';
import { toPlain } from './plain.ts';

export type { Bindings } from './frame.ts';
export { toJson, toPlain } from './plain.ts';

export interface Program {
  /**
   * The result as plain JavaScript: int as number, or bigint beyond ±2^53, double as number, bytes as `Uint8Array`,
   * maps as objects (`Map` when a key is no string), the other types as their classes.
   *
   * @throws CelError with phase `evaluate`; `missing` when the data is not there yet
   */
  evaluate(bindings: Bindings): unknown;
  /** The result as the evaluator holds it: doubles are `CelDouble`, maps may be `CelMap`. */
  value(bindings: Bindings): unknown;
}

export interface CompileOptions {
  /**
   * Reads the variables as raw JSON whatever their types are, as kro does for readyWhen: a date is a string there.
   *
   * @default false
   */
  readonly unchecked?: boolean;
  /**
   * Makes code of its own for the expression at the first evaluation, not when it has proved to be needed often.
   *
   * @default false
   */
  readonly eager?: boolean;
}

/** Makes an expression ready to be evaluated many times. */
export function compile(checked: Checked, _environment?: Environment, options: CompileOptions = {}): Program {
  const compiler = new Compiler(checked, options.unchecked ?? false);
  let code = compiler.compile(checked.tree);
  let until = options.unchecked ? Number.POSITIVE_INFINITY : options.eager ? 1 : hot;
  const value = (bindings: Bindings): unknown => {
    if (--until === 0) code = generate(compiler, checked.tree) ?? code;
    const slots = compiler.slotCount;
    const frame: Frame = { bindings, locals: slots === 0 ? noLocals : [] };
    resetCost();
    try {
      return code(frame);
    } catch (error) {
      throw celError(error);
    }
  };
  return { value, evaluate: (bindings) => toPlain(value(bindings)) };
}

const noLocals: unknown[] = [];

/** Evaluations after which code of its own pays for an expression. */
const hot = 100;

/** What an evaluation threw, as a `CelError`. */
export function celError(error: unknown): unknown {
  if (error instanceof Failure) {
    return new CelError({ phase: 'evaluate', issues: [{ reason: error.reason }], missing: error.missing });
  }
  if (error instanceof RangeError) {
    // V8's own limits: a string or array too long, the stack too deep.
    const reason = 'operation cancelled: actual cost limit exceeded';
    return new CelError({ phase: 'evaluate', issues: [{ reason }], cause: error });
  }
  return error;
}
