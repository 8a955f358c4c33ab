import { CelDouble, CelUint } from './cel-values.ts';
import { check } from './check.ts';
import type { Environment } from './environment.ts';
import { CelError } from './error.ts';
import { compile } from './evaluate.ts';
import { Failure } from './failure.ts';
import { compilePattern } from './library/regex.ts';
import type { Typed } from './typed.ts';
import { typedChildren } from './typed-walk.ts';

const conversions: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
);

/**
 * What the API server has against the program of a rule that is well-typed: it converts constants and compiles constant
 * patterns before anything is evaluated.
 */
export function programProblem(tree: Typed, environment: Environment): string | undefined {
  for (const child of typedChildren(tree)) {
    const problem = programProblem(child, environment);
    if (problem !== undefined) return problem;
  }
  try {
    if (tree.kind === 'index' && isConversion(tree.index)) return keyProblem(converted(tree.index, environment));
    if (tree.kind !== 'call') return undefined;
    const pattern = tree.args[1];
    if (tree.function === 'matches' && pattern?.kind === 'constant') compilePattern(String(pattern.literal.value));
    if (isConversion(tree)) converted(tree, environment);
    return undefined;
  } catch (error) {
    if (error instanceof CelError || error instanceof Failure) return error.reason;
    throw error;
  }
}

function converted(tree: Typed, environment: Environment): unknown {
  return compile(check(tree.node, environment), environment).value({});
}

/** Keys are texts, numbers and booleans. */
function keyProblem(key: unknown): string | undefined {
  const isKey = ['string', 'number', 'bigint', 'boolean'].includes(typeof key);
  if (isKey || key instanceof CelUint || key instanceof CelDouble) return undefined;
  return 'invalid qualifier type';
}

function isConversion(tree: Typed): boolean {
  if (tree.kind !== 'call' || !conversions.has(tree.function) || tree.args.length !== 1) return false;
  const [argument] = tree.args as [Typed];
  return argument.kind === 'constant' || isConversion(argument);
}
