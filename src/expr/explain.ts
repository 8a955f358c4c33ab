import type { Node } from './ast.ts';
import { type Checked, check } from './check.ts';
import { Compiler } from './compile.ts';
import type { Environment } from './environment.ts';
import { CelError } from './error.ts';
import { celError, toPlain } from './evaluate.ts';
import { type Bindings, resetCost } from './frame.ts';
import { print } from './print.ts';
import type { Typed } from './typed.ts';

/** The result of an expression together with those of its parts. */
export interface Explanation {
  readonly expression: string;
  /** The value as plain JavaScript, when there is one. */
  readonly value?: unknown;
  readonly error?: CelError;
  /** Parts with a value of their own; literals, and branches that were not taken, are left out. */
  readonly parts: readonly Explanation[];
}

/** A comprehension shows at most this many elements. */
const shownElements = 20;

/**
 * Evaluates an expression and its parts, to tell why it has the value it has.
 *
 * @throws CelError with phase `check` when the expression has no meaning at all
 */
export function explain(node: Node, environment: Environment, bindings: Bindings): Explanation {
  const checked = check(node, environment);
  return explainTree(checked.tree, { checked, bindings, locals: new Map() });
}

interface Context {
  readonly checked: Checked;
  readonly bindings: Bindings;
  /** Values of the variables of the comprehensions around. */
  readonly locals: ReadonlyMap<Typed['node'] | object, unknown>;
}

function explainTree(tree: Typed, context: Context): Explanation {
  const expression = print(tree.node);
  const parts = partsOf(tree, context);
  try {
    return { expression, value: toPlain(evaluate(tree, context)), parts };
  } catch (error) {
    if (error instanceof CelError) return { expression, error, parts };
    throw error;
  }
}

function evaluate(tree: Typed, { checked, bindings, locals }: Context): unknown {
  const compiler = new Compiler(checked, false);
  const values: unknown[] = [];
  for (const [local, value] of locals) values[compiler.slot(local as never)] = value;
  resetCost();
  try {
    return compiler.compile(tree)({ bindings, locals: values });
  } catch (error) {
    throw celError(error);
  }
}

function partsOf(tree: Typed, context: Context): Explanation[] {
  const inner = (parts: readonly Typed[]) => parts.filter(isTelling).map((part) => explainTree(part, context));
  switch (tree.kind) {
    case 'call':
      return tree.function === '_?_:_' ? inner(taken(tree.args, context)) : inner(tree.args);
    case 'has':
      return inner([tree.operand]);
    case 'select':
    case 'index':
      // A path is one thing; only what it starts from is worth a line.
      return inner(rootOf(tree));
    case 'list':
      return inner(tree.elements.map(({ value }) => value));
    case 'map':
      return inner(tree.entries.map(({ value }) => value));
    case 'bind':
      return inner([tree.init]);
    case 'template':
      return inner(tree.parts.filter((part) => typeof part !== 'string'));
    case 'comprehension':
      return [...inner([tree.range]), ...elements(tree, context)];
    default:
      return [];
  }
}

function isTelling(tree: Typed): boolean {
  return tree.kind !== 'constant' && tree.kind !== 'typeName' && tree.kind !== 'variable' && tree.kind !== 'local';
}

function rootOf(tree: Typed): Typed[] {
  let root = tree;
  while (root.kind === 'select' || root.kind === 'index') root = root.operand;
  return [root];
}

function taken(args: readonly Typed[], context: Context): Typed[] {
  const [condition, yes, no] = args as [Typed, Typed, Typed];
  try {
    return [condition, evaluate(condition, context) === true ? yes : no];
  } catch (error) {
    if (error instanceof CelError) return [condition];
    throw error;
  }
}

function elements(tree: Typed & { kind: 'comprehension' }, context: Context): Explanation[] {
  const [variable, second] = tree.variables;
  if (!variable || second) return [];
  let items: unknown;
  try {
    items = evaluate(tree.range, context);
  } catch (error) {
    if (error instanceof CelError) return [];
    throw error;
  }
  if (!Array.isArray(items)) return [];
  return items.slice(0, shownElements).map((item: unknown) => {
    const locals = new Map(context.locals);
    locals.set(variable, item);
    return explainTree(tree.body, { ...context, locals });
  });
}
