import { KubewrightError } from '../errors.ts';
import type { HandleNode, Macro, Node } from './ast.ts';
import { call, handleNode, identifier, select, toNode } from './nodes.ts';
import { makeRef } from './ref.ts';

/** What a combinator makes of the tree it is called on and of its arguments. */
export type Combinator = (operand: Node, args: readonly unknown[]) => Node;

export function binary(operator: string): Combinator {
  return (operand, args) => call(operator, [operand, toNode(only(args, operator))]);
}

export function method(name: string): Combinator {
  return (operand, args) => call(name, given(args), operand);
}

export function conversion(name: string): Combinator {
  return (operand) => call(name, [operand]);
}

export function chain(operator: string): Combinator {
  return (operand, args) => args.reduce<Node>((left, right) => call(operator, [left, toNode(right)]), operand);
}

/** A function such as `strings.quote`, with the operand as its first argument. */
export function global(name: string): Combinator {
  return (operand, args) => namespaced(name, [operand, ...given(args)]);
}

/** A macro whose callback takes the item. */
export function macro(name: Macro, variable = 'item'): Combinator {
  return (operand, args) => comprehension(name, operand, { variables: [variable], transform: only(args, name) });
}

/**
 * A macro whose callback may take the item and its index, in JavaScript's order: CEL has the index first, and another
 * form of the macro for both.
 */
export function indexedMacro(name: Macro, indexed: Macro = name): Combinator {
  return (operand, args) => {
    const transform = only(args, name);
    return typeof transform === 'function' && transform.length > 1
      ? comprehension(indexed, operand, { variables: ['index', 'item'], transform })
      : comprehension(name, operand, { variables: ['item'], transform });
  };
}

/** A macro whose callback takes value and key, of lists (item and index) and of records alike; with a filter for some. */
export function entriesMacro(name: Macro, variables: readonly [string, string] = ['key', 'value']): Combinator {
  return (operand, [transform, keep]) => comprehension(name, operand, { variables, transform, keep });
}

interface Callbacks {
  /** In CEL's order; callbacks get them in reverse. */
  readonly variables: readonly string[];
  readonly transform: unknown;
  readonly keep?: unknown;
}

function comprehension(name: Macro, range: Node, { variables: names, transform, keep }: Callbacks): Node {
  const variables = names.map((variable) => handleNode({ variable }));
  const body = bodyOf(name, transform, variables);
  const node = { kind: 'comprehension', macro: name, range, variables, body } as const;
  return Object.freeze(keep === undefined ? node : { ...node, filter: bodyOf(name, keep, variables) });
}

/** The tree of what a callback returns for the variables. `transformMapEntry` returns a pair, as its key may be no literal. */
function bodyOf(name: Macro, callback: unknown, variables: readonly HandleNode[]): Node {
  if (typeof callback !== 'function') throw misuse(name, 'takes a function of the item');
  const result: unknown = callback(...variables.toReversed().map((variable) => makeRef(variable)));
  if (name !== 'transformMapEntry' || !Array.isArray(result)) return toNode(result);
  if (result.length !== 2) throw misuse(name, 'takes a function that returns [key, value]');
  return Object.freeze({ kind: 'map', entries: [{ key: toNode(result[0]), value: toNode(result[1]) }] });
}

/** `cel.bind(variable, init, body)` */
export function bind(init: Node, callback: unknown): Node {
  if (typeof callback !== 'function') throw misuse('bind', 'takes a value and a function of it');
  const variable = handleNode({ variable: 'bound' });
  return Object.freeze({ kind: 'bind', variable, init, body: toNode(callback(makeRef(variable))) });
}

/** A call of a function whose name may have a namespace: CEL reads that as a variable with a method. */
export function namespaced(name: string, args: readonly Node[]): Node {
  const parts = name.split('.');
  const last = parts.pop() as string;
  const [root, ...fields] = parts;
  return root === undefined ? call(last, args) : call(last, args, fields.reduce(select, identifier(root)));
}

/** Makes every access of a path optional, but for `spec` and `metadata`, which every object has. */
export function optionalChain(node: Node): Node {
  if (node.kind === 'select') {
    const rooted = node.operand.kind === 'identifier' || node.operand.kind === 'handle';
    if (rooted && (node.field === 'spec' || node.field === 'metadata')) return node;
    return Object.freeze({ ...node, operand: optionalChain(node.operand), optional: true });
  }
  if (node.kind === 'index') return Object.freeze({ ...node, operand: optionalChain(node.operand), optional: true });
  return node;
}

export function only(args: readonly unknown[], name: string): unknown {
  if (args.length !== 1) throw misuse(name, `takes one argument and was given ${args.length}`);
  return args[0];
}

export function misuse(name: string, message: string): KubewrightError {
  return new KubewrightError({ code: 'WrongArguments', path: `.${name}()`, message });
}

/** The trees of the arguments that are there: optional ones may be left out as `undefined`. */
export function given(args: readonly unknown[]): Node[] {
  return args.filter((arg) => arg !== undefined).map(toNode);
}
