import type { Node } from './ast.ts';
import { typeName } from './cel-values.ts';
import type { Dialect } from './environment.ts';
import { Failure } from './failure.ts';
import { complaints, parseFormat } from './library/format.ts';
import { compilePattern } from './library/regex.ts';
import type { Typed } from './typed.ts';
import { typedChildren } from './typed-walk.ts';
import type { CelType } from './types.ts';

export interface LiteralCheck {
  issue(at: Node, reason: string): void;
  final(type: CelType): CelType;
  readonly dialect: Dialect;
}

/** Checks literal format strings against their arguments, and literal patterns. */
export function checkLiterals(tree: Typed, check: LiteralCheck): void {
  // What is refused when a program is built: broken patterns of `find` and `findAll`, impossible keys.
  const isProgram = check.dialect !== 'standard';
  if (tree.kind === 'call') {
    if (tree.function === 'format') checkFormat(tree, check);
    if (isProgram && (tree.function === 'find' || tree.function === 'findAll')) checkPattern(tree, check);
  }
  if (tree.kind === 'index' && isProgram) checkKey(tree.index, check);
  for (const child of typedChildren(tree)) checkLiterals(child, check);
}

function checkFormat(tree: Typed & { kind: 'call' }, check: LiteralCheck): void {
  const [target, list] = tree.args;
  if (target?.kind !== 'constant' || target.literal.type !== 'string' || list?.kind !== 'list') return;
  const args = list.elements.map(({ value }) => value);
  try {
    let used = 0;
    for (const part of readFormat(target.literal.value, args.length)) {
      if (typeof part === 'string') continue;
      const argument = args[used++];
      if (!argument) throw new Failure(`index ${used - 1} out of range`);
      const bad = mismatch(part.verb, argument, check);
      if (bad) {
        check.issue(
          bad.node,
          `error during formatting: ${complaints[part.verb]}, was given ${typeName(check.final(bad.type))}`,
        );
        return;
      }
    }
    if (args.length > used) {
      check.issue(tree.node, `too many arguments supplied to string.format (expected ${used}, got ${args.length})`);
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    check.issue(tree.node, error.reason);
  }
}

function readFormat(text: string, count: number): ReturnType<typeof parseFormat> {
  try {
    return parseFormat(text);
  } catch (error) {
    // A missing argument is noticed before a broken clause.
    if (error instanceof Failure && count === 0 && error.reason !== 'unexpected end of string') {
      throw new Failure('index 0 out of range');
    }
    throw error;
  }
}

const accepted: Readonly<Record<string, readonly string[]>> = {
  s: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null'],
  d: ['int', 'uint', 'double'],
  f: ['int', 'uint', 'double'],
  e: ['int', 'uint', 'double'],
  b: ['bool', 'int', 'uint'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
};

/** Rules have an older version of the library. */
const acceptedInRules: typeof accepted = {
  ...accepted,
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
};

/** The part of the argument whose type the clause does not take. */
function mismatch(verb: string, argument: Typed, check: LiteralCheck): Typed | undefined {
  const { kind } = check.final(argument.type);
  const kinds = (check.dialect === 'rules' ? acceptedInRules : accepted)[verb] ?? [];
  if (kind !== 'dyn' && !kinds.includes(kind)) return argument;
  if (verb !== 's') return undefined;
  const inner =
    argument.kind === 'list'
      ? argument.elements.map(({ value }) => value)
      : argument.kind === 'map'
        ? argument.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const part of inner) {
    const bad = mismatch(verb, part, check);
    if (bad) return bad;
  }
  return undefined;
}

/** A literal key that can select nothing is refused when kro builds the program. */
function checkKey(key: Typed, check: LiteralCheck): void {
  if (key.kind !== 'constant') return;
  if (key.literal.type === 'null') check.issue(key.node, 'invalid qualifier type: types.Null');
  if (key.literal.type === 'bytes') check.issue(key.node, 'invalid qualifier type: types.Bytes');
}

function checkPattern(tree: Typed & { kind: 'call' }, check: LiteralCheck): void {
  const pattern = tree.args[1];
  if (pattern?.kind !== 'constant' || pattern.literal.type !== 'string') return;
  try {
    compilePattern(pattern.literal.value);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    check.issue(pattern.node, error.reason);
  }
}
