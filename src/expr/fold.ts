import type { Node } from './ast.ts';
import { CelDouble, CelMap, CelObject, CelUint } from './cel-values.ts';
import { check } from './check.ts';
import { isJsonObject } from './collections.ts';
import { createEnvironment, type Environment } from './environment.ts';
import { CelError } from './error.ts';
import { compile } from './evaluate.ts';
import { identifiers } from './references.ts';
import { mapChildren } from './walk.ts';

let plainEnvironment: Environment | undefined;

/**
 * Partial evaluation: sub-expressions without variables become literals, known conditions choose their branch, a known
 * `false` decides an `&&` and a known `true` an `||`. What would fail stays and fails where it did. The meaning never
 * changes: `true && x` stays unless `x` can only be a bool.
 *
 * @param environment gives the functions; variables of the expression are unknown whatever it declares
 */
export function fold(node: Node, environment?: Environment): Node {
  plainEnvironment ??= createEnvironment({ functions: 'kro', variables: {} });
  return foldNode(node, environment ?? plainEnvironment);
}

function foldNode(node: Node, environment: Environment): Node {
  if (isFinal(node)) return node;
  if (isClosed(node)) {
    const value = evaluate(node, environment);
    if (value) return value;
  }
  const inner = mapChildren(node, (child) => (isBinder(node, child) ? child : foldNode(child, environment)));
  return inner.kind === 'call' && !inner.target ? foldLogic(inner) : inner;
}

/** The variable of a comprehension is no expression. */
function isBinder(node: Node, child: Node): boolean {
  if (node.kind === 'comprehension') return node.variables.some((variable) => variable === child);
  return node.kind === 'bind' && node.variable === child;
}

function isFinal(node: Node): boolean {
  return node.kind === 'literal' || node.kind === 'identifier' || node.kind === 'handle';
}

function isClosed(node: Node): boolean {
  return !holdsHandle(node) && identifiers(node).size === 0;
}

function holdsHandle(node: Node): boolean {
  if (node.kind === 'handle') return true;
  let found = false;
  mapChildren(node, (child) => {
    found ||= holdsHandle(child);
    return child;
  });
  return found;
}

function evaluate(node: Node, environment: Environment): Node | undefined {
  try {
    return toLiteral(compile(check(node, environment)).value({}));
  } catch (error) {
    if (error instanceof CelError) return undefined;
    throw error;
  }
}

/** The literal of a CEL value; `undefined` for what only a function call gives (a duration, an optional, `omit()`). */
function toLiteral(value: unknown): Node | undefined {
  switch (typeof value) {
    case 'string':
      return { kind: 'literal', type: 'string', value };
    case 'boolean':
      return { kind: 'literal', type: 'bool', value };
    case 'number':
    case 'bigint':
      return { kind: 'literal', type: 'int', value: BigInt(value) };
    default:
      break;
  }
  if (value === null) return { kind: 'literal', type: 'null', value };
  if (value instanceof CelDouble) {
    return Number.isFinite(value.value) ? { kind: 'literal', type: 'double', value: value.value } : undefined;
  }
  if (value instanceof CelUint) return { kind: 'literal', type: 'uint', value: value.value };
  if (value instanceof Uint8Array) return { kind: 'literal', type: 'bytes', value };
  if (Array.isArray(value)) return listLiteral(value);
  if (value instanceof CelMap) return mapLiteral(value.entries());
  if (value instanceof CelObject || !isJsonObject(value)) return undefined;
  return mapLiteral(Object.entries(value));
}

function listLiteral(items: readonly unknown[]): Node | undefined {
  const elements = items.map(toLiteral);
  if (elements.includes(undefined)) return undefined;
  return { kind: 'list', elements: elements.map((element) => ({ value: element as Node })) };
}

function mapLiteral(pairs: Iterable<readonly [unknown, unknown]>): Node | undefined {
  const entries: { key: Node; value: Node }[] = [];
  for (const [key, value] of pairs) {
    const [left, right] = [toLiteral(key), toLiteral(value)];
    if (!left || !right) return undefined;
    entries.push({ key: left, value: right });
  }
  return { kind: 'map', entries };
}

function foldLogic(node: Node & { kind: 'call' }): Node {
  const [first, second, third] = node.args as [Node, Node, Node];
  if (node.function === '_?_:_') {
    const chosen = constantBool(first);
    return chosen === undefined ? node : chosen ? second : third;
  }
  if (node.function !== '_&&_' && node.function !== '_||_') return node;
  const deciding = node.function === '_||_';
  const [left, right] = [constantBool(first), constantBool(second)];
  if (left === deciding) return first;
  if (right === deciding) return second;
  if (left !== undefined && isBool(second)) return second;
  return right !== undefined && isBool(first) ? first : node;
}

function constantBool(node: Node): boolean | undefined {
  return node.kind === 'literal' && node.type === 'bool' ? node.value : undefined;
}

const boolFunctions: ReadonlySet<string> = new Set([
  '_==_',
  '_!=_',
  '_<_',
  '_<=_',
  '_>_',
  '_>=_',
  '@in',
  '!_',
  '_&&_',
  '_||_',
  'startsWith',
  'endsWith',
  'contains',
  'matches',
  'hasValue',
  'isSorted',
  'isURL',
  'isIP',
  'isCIDR',
  'isQuantity',
  'isSemver',
]);
const boolMacros: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'existsOne']);

/** Whether the expression can only be a bool or fail, whatever its variables are. */
function isBool(node: Node): boolean {
  switch (node.kind) {
    case 'literal':
      return node.type === 'bool';
    case 'has':
      return true;
    case 'call':
      return boolFunctions.has(node.function);
    case 'comprehension':
      return boolMacros.has(node.macro);
    default:
      return false;
  }
}
