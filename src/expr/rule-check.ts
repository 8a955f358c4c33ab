import { Failure } from './failure.ts';
import type { LiteralCheck } from './format-check.ts';
import { compilePattern } from './library/regex.ts';
import { sameType } from './substitution.ts';
import { formatType } from './type-text.ts';
import type { Typed, TypedCall } from './typed.ts';
import { typedChildren } from './typed-walk.ts';
import type { CelType } from './types.ts';

type Check = Pick<LiteralCheck, 'issue' | 'final'>;

/**
 * What the API server refuses in rules beyond types: literal times and patterns that are none, and lists and maps whose
 * items have several types, unless they are arguments of `format`.
 */
export function checkRule(tree: Typed, check: Check, inFormat = false): void {
  if (tree.kind === 'call') checkArgument(tree, check);
  if (!inFormat && tree.kind === 'list') checkTypes(tree.elements, check);
  if (!inFormat && tree.kind === 'map') {
    checkTypes(
      tree.entries.map(({ key }) => ({ value: key, optional: false })),
      check,
    );
    checkTypes(tree.entries, check);
  }
  const within = inFormat || (tree.kind === 'call' && tree.function === 'format');
  for (const child of typedChildren(tree)) checkRule(child, check, within);
}

function checkTypes(items: readonly { readonly value: Typed; readonly optional: boolean }[], check: Check): void {
  let expected: CelType | undefined;
  for (const { value, optional } of items) {
    const given = check.final(value.type);
    const type = optional && given.kind === 'optional' ? given.value : given;
    expected ??= type;
    if (sameType(expected, type)) continue;
    return check.issue(value.node, `expected type '${formatType(expected)}' but found '${formatType(type)}'`);
  }
}

const checked: ReadonlySet<string> = new Set(['duration', 'timestamp', 'matches']);

function checkArgument({ function: name, args, overloads, node }: TypedCall & Typed, check: Check): void {
  if (!checked.has(name)) return;
  const argument = args[node.kind === 'call' && node.target ? 1 : 0];
  if (argument?.kind !== 'constant' || argument.literal.type !== 'string') return;
  try {
    if (name === 'matches') compilePattern(argument.literal.value);
    else overloads[0]?.run(argument.literal.value);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    check.issue(argument.node, `invalid ${name} argument`);
  }
}
