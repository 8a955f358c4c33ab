import { CelDouble } from './expr/cel-values.ts';
import { check } from './expr/check.ts';
import { createEnvironment } from './expr/environment.ts';
import { compile } from './expr/evaluate.ts';
import { KubewrightError } from './errors.ts';
import { parse } from './expr/parse.ts';
import { print } from './expr/print.ts';
import { formatType, parseType } from './expr/type-text.ts';
import type { CelType } from './expr/types.ts';

export { CelOptional, CelTypeValue, CelUint } from './expr/cel-values.ts';
export { CelError, type CelPhase } from './expr/error.ts';
export { toJson } from './expr/evaluate.ts';
export { Duration, Timestamp } from './expr/time.ts';
export type { CelType } from './expr/types.ts';

export interface CompileCelOptions {
  /** kro 0.9.4's functions, or CEL's specification with its standard extensions. */
  readonly functions: 'kro' | 'standard';
  /** Type of each variable: `int`, `list(string)`, `map(string, dyn)`, `timestamp`, `dyn`, … */
  readonly variables?: Readonly<Record<string, string | CelType>>;
}

/** A checked expression, ready to be evaluated many times. */
export interface CelExpression {
  /** The result's type, such as `bool` or `list(string)`. */
  readonly type: string;
  /**
   * Values of the variables are plain JSON: an integral number is an int, `celDouble(1)` marks a double. The result is
   * plain JavaScript: an int is a number, or a bigint beyond ±2^53, a double a number, bytes a `Uint8Array`.
   *
   * @throws CelError with phase `evaluate`
   */
  evaluate(bindings?: Readonly<Record<string, unknown>>): unknown;
  /** The expression as CEL text. */
  toString(): string;
}

/**
 * Parses and checks a CEL expression.
 *
 * @throws CelError with phase `parse` or `check` and the position of the problem
 * @example
 * const ready = compileCel('replicas > 0', { functions: 'kro', variables: { replicas: 'int' } });
 * ready.evaluate({ replicas: 3 }); // true
 */
export function compileCel(source: string, options: CompileCelOptions): CelExpression {
  const entries = Object.entries(options.variables ?? {}).map(([name, type]) => [name, readType(name, type)] as const);
  const variables: Record<string, CelType> = Object.fromEntries(entries);
  const environment = createEnvironment({ functions: options.functions, variables });
  const checked = check(parse(source), environment);
  const program = compile(checked, environment);
  return {
    type: formatType(checked.type),
    evaluate: (bindings = {}) => program.evaluate(bindings),
    toString: () => print(checked.node),
  };
}

function readType(name: string, type: string | CelType): CelType {
  const read = typeof type === 'string' ? parseType(type) : type;
  if (read) return read;
  throw new KubewrightError({
    code: 'UnknownType',
    path: name,
    message: `${JSON.stringify(type)} is not a CEL type`,
    hint: 'Use bool, int, uint, double, string, bytes, timestamp, duration, dyn, list(T) or map(K, V).',
  });
}

/** Marks a number as a double: a plain integral number would be read as an int. */
export function celDouble(value: number): CelDouble {
  return new CelDouble(value);
}
