import { CelObject, CelOptional, CelDouble, CelUint, typeName, typeOfValue } from './cel-values.ts';
import { adapt } from './adapt.ts';
import { isMap, mapEntries } from './collections.ts';
import type { Compiler } from './compile.ts';
import { compareOperands, equals } from './equality.ts';
import { Failure, noSuchOverload } from './failure.ts';
import type { Code, Frame } from './frame.ts';
import type { Implementation, Overload } from './library/overload.ts';
import type { Typed } from './typed.ts';
import type { CelType } from './types.ts';

type Call = Typed & { readonly kind: 'call' };

/** Operators that do not evaluate all of their operands, and those that are worth code of their own. */
const operators: Readonly<Record<string, (args: readonly Code[]) => Code>> = {
  '_&&_': ([left, right]) => and(left as Code, right as Code),
  '_||_': ([left, right]) => or(left as Code, right as Code),
  '_?_:_': ([condition, yes, no]) => conditional(condition as Code, yes as Code, no as Code),
  '!_': ([operand]) => not(operand as Code),
  or: ([left, right]) => optionalOr(left as Code, right as Code, false),
  orValue: ([left, right]) => optionalOr(left as Code, right as Code, true),
  '_==_':
    ([left, right]) =>
    (frame) => {
      const a = (left as Code)(frame);
      const b = (right as Code)(frame);
      return a === b || equals(a, b);
    },
  '_!=_':
    ([left, right]) =>
    (frame) => {
      const a = (left as Code)(frame);
      const b = (right as Code)(frame);
      return a !== b && differs(a, b);
    },
  '_<_': ([left, right]) => order(left as Code, right as Code, (sign) => sign < 0),
  '_<=_': ([left, right]) => order(left as Code, right as Code, (sign) => sign <= 0),
  '_>_': ([left, right]) => order(left as Code, right as Code, (sign) => sign > 0),
  '_>=_': ([left, right]) => order(left as Code, right as Code, (sign) => sign >= 0),
};

export function compileCall(compiler: Compiler, call: Call): Code {
  const args = call.args.map((argument) => compiler.compile(argument));
  const operator = Object.hasOwn(operators, call.function) ? operators[call.function] : undefined;
  if (operator) return operator(args);
  const run = implementation(call);
  const code = invoke(run, args);
  return folded(compiler, args, code, call) ?? code;
}

/** A long list is not kept, a quantity may be changed by `add`, and each URL is a map's key of its own. */
const unfolded: ReadonlySet<string> = new Set(['lists.range', 'quantity', 'url']);

/** A call of constants is done once. One that fails is left: it has to fail when it is evaluated. */
function folded(compiler: Compiler, args: readonly Code[], code: Code, call: Call): Code | undefined {
  if (args.length === 0 || !args.every((argument) => compiler.constantOf(argument)) || unfolded.has(call.function)) {
    return undefined;
  }
  try {
    return compiler.constant(code({ bindings: {}, locals: [] }));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function invoke(run: Implementation, args: readonly Code[]): Code {
  const [first, second, third] = args;
  switch (args.length) {
    case 0:
      return () => run();
    case 1:
      return (frame) => run((first as Code)(frame));
    case 2:
      return (frame) => run((first as Code)(frame), (second as Code)(frame));
    case 3:
      return (frame) => run((first as Code)(frame), (second as Code)(frame), (third as Code)(frame));
    default:
      return (frame) => run(...args.map((argument) => argument(frame)));
  }
}

/** The overload that was resolved, or a dispatch over all of them when the types leave several open. */
export function implementation(call: Call): Implementation {
  const [only] = call.overloads;
  if (only && (only.unguarded || call.overloads.length === 1)) return only.unguarded ? only.run : guarded(call, [only]);
  return guarded(
    call,
    call.all.filter(({ parameters }) => parameters.length === call.args.length),
  );
}

function guarded(call: Call, overloads: readonly Overload[]): Implementation {
  const tests = overloads.map(({ parameters, run }) => ({ guards: parameters.map(guardFor), run }));
  const [only] = tests;
  const name = call.function;
  if (tests.length === 1 && only) {
    const { run } = only;
    const [first, second] = only.guards;
    if (only.guards.length === 1) return (a) => ((first as Guard)(a) ? run(a) : unmatched(name, [a]));
    if (only.guards.length === 2) {
      return (a, b) => ((first as Guard)(a) && (second as Guard)(b) ? run(a, b) : unmatched(name, [a, b]));
    }
  }
  return (...args) => {
    for (const { guards, run } of tests) {
      if (guards.every((guard, index) => guard(args[index]))) return run(...args);
    }
    return unmatched(name, args);
  };
}

function unmatched(name: string, args: readonly unknown[]): never {
  throw new Failure(`no such overload: ${name}(${args.map((value) => typeName(typeOfValue(value))).join(', ')})`);
}

type Guard = (value: unknown) => boolean;

function guardFor(type: CelType): Guard {
  switch (type.kind) {
    case 'string':
      return (value) => typeof value === 'string';
    case 'int':
      return (value) => typeof value === 'number' || typeof value === 'bigint';
    case 'bool':
      return (value) => typeof value === 'boolean';
    case 'null':
      return (value) => value === null;
    case 'double':
      return (value) => value instanceof CelDouble;
    case 'uint':
      return (value) => value instanceof CelUint;
    case 'bytes':
      return (value) => value instanceof Uint8Array;
    case 'list':
      return listGuard(type.element);
    case 'map':
      return mapGuard(type);
    case 'optional':
      return (value) => value instanceof CelOptional;
    case 'dyn':
    case 'parameter':
    case 'error':
      return () => true;
    default: {
      const name = typeName(type);
      return (value) => value instanceof CelObject && typeName(value.celType) === name;
    }
  }
}

/** Values that cannot be compared are different, though asking whether they are equal fails. */
function differs(left: unknown, right: unknown): boolean {
  try {
    return !equals(left, right);
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

/** The first element stands for all of them, as in cel-go. */
function listGuard(element: CelType): Guard {
  if (isAny(element)) return Array.isArray;
  const guard = guardFor(element);
  return (value) => Array.isArray(value) && (value.length === 0 || guard(adapt(value[0])));
}

function mapGuard({ key, value }: CelType & { kind: 'map' }): Guard {
  if (isAny(key) && isAny(value)) return isMap;
  const [keyGuard, valueGuard] = [guardFor(key), guardFor(value)];
  return (map) => {
    if (!isMap(map)) return false;
    for (const [first, item] of mapEntries(map)) return keyGuard(first) && valueGuard(item);
    return true;
  };
}

function isAny({ kind }: CelType): boolean {
  return kind === 'dyn' || kind === 'parameter';
}

/** False wins over a failure, whichever side it is on. */
function and(left: Code, right: Code): Code {
  return (frame) => {
    let first: unknown;
    try {
      first = left(frame);
    } catch (failure) {
      return absorbed(failure, right, frame, false);
    }
    if (first === false) return false;
    if (first !== true) return otherwise(right, frame, false);
    const second = right(frame);
    if (typeof second !== 'boolean') throw noSuchOverload();
    return second;
  };
}

/** True wins over a failure, whichever side it is on. */
function or(left: Code, right: Code): Code {
  return (frame) => {
    let first: unknown;
    try {
      first = left(frame);
    } catch (failure) {
      return absorbed(failure, right, frame, true);
    }
    if (first === true) return true;
    if (first !== false) return otherwise(right, frame, true);
    const second = right(frame);
    if (typeof second !== 'boolean') throw noSuchOverload();
    return second;
  };
}

/** The left side failed: that is the failure, unless the right side decides. */
export function absorbed(failure: unknown, right: Code, frame: Frame, deciding: boolean): boolean {
  if (!(failure instanceof Failure)) throw failure;
  try {
    if (right(frame) === deciding) return deciding;
  } catch (second) {
    if (!(second instanceof Failure)) throw second;
  }
  throw failure;
}

/** The left side is no bool: that is the failure, unless the right side decides. */
function otherwise(right: Code, frame: Frame, deciding: boolean): boolean {
  try {
    if (right(frame) === deciding) return deciding;
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
  }
  throw noSuchOverload();
}

function conditional(condition: Code, yes: Code, no: Code): Code {
  return (frame) => {
    const chosen = condition(frame);
    if (chosen === true) return yes(frame);
    if (chosen === false) return no(frame);
    throw noSuchOverload();
  };
}

function not(operand: Code): Code {
  return (frame) => {
    const value = operand(frame);
    if (typeof value !== 'boolean') throw noSuchOverload();
    return !value;
  };
}

/** The right side is only evaluated when the left has no value. */
function optionalOr(left: Code, right: Code, unwrapped: boolean): Code {
  return (frame) => {
    const first = left(frame);
    if (!(first instanceof CelOptional)) throw noSuchOverload();
    if (first.present) return unwrapped ? first.value : first;
    return right(frame);
  };
}

function order(left: Code, right: Code, holds: (sign: number) => boolean): Code {
  return (frame) => holds(compareOperands(left(frame), right(frame)));
}
