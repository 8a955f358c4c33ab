import { refuseOtherCopy } from '../copy.ts';
import { KubewrightError } from '../errors.ts';
import type { CallNode, HandleNode, LiteralNode, Node } from './ast.ts';
import { markUsed } from './operators.ts';
import { Deferred, Expression } from './value.ts';

/** The literal of a JSON scalar: an integral number is an int, any other a double. */
export function literal(value: string | number | bigint | boolean | null): LiteralNode {
  if (value === null) return Object.freeze({ kind: 'literal', type: 'null', value });
  if (typeof value === 'string') return Object.freeze({ kind: 'literal', type: 'string', value });
  if (typeof value === 'boolean') return Object.freeze({ kind: 'literal', type: 'bool', value });
  if (typeof value === 'bigint') return Object.freeze({ kind: 'literal', type: 'int', value });
  if (Number.isSafeInteger(value)) return Object.freeze({ kind: 'literal', type: 'int', value: BigInt(value) });
  return Object.freeze({ kind: 'literal', type: 'double', value });
}

export function identifier(name: string): Node {
  return Object.freeze({ kind: 'identifier', name });
}

export function handleNode(handle: object): HandleNode {
  return Object.freeze({ kind: 'handle', handle });
}

export function select(operand: Node, field: string): Node {
  return Object.freeze({ kind: 'select', operand, field });
}

export function index(operand: Node, at: Node): Node {
  return Object.freeze({ kind: 'index', operand, index: at });
}

export function call(name: string, args: readonly Node[], target?: Node): CallNode {
  return Object.freeze(
    target ? { kind: 'call', function: name, target, args } : { kind: 'call', function: name, args },
  );
}

/** Holds a node's place while it is asked whether it is a reference; set by `ref.ts`, which knows the proxies. */
export const nodeSymbol: unique symbol = Symbol('kubewright.node');

/**
 * The tree behind a reference or an expression, `undefined` for any other value.
 *
 * @throws KubewrightError `OtherCopy` for what another copy of this library made
 */
export function nodeOf(value: unknown): Node | undefined {
  const node = typeof value === 'function' ? (value as { [nodeSymbol]?: Node })[nodeSymbol] : undefined;
  if (node) return node;
  if (value instanceof Expression) return value.node;
  refuseOtherCopy(value);
  return undefined;
}

/**
 * The tree of a value: references and expressions as they are, plain JSON as literals.
 *
 * @throws KubewrightError `NotAnExpression` for what has no CEL literal (functions, undefined, deferred secrets)
 */
export function toNode(value: unknown): Node {
  const node = nodeOf(value);
  if (node) {
    markUsed(node);
    return node;
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint')
    return literal(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return literal(value);
    throw notAnExpression(String(value));
  }
  if (value instanceof Deferred) {
    throw new KubewrightError({
      code: 'SecretInExpression',
      message: `${value.toString()} cannot be part of an expression`,
      hint: 'Put it into a Secret and refer to the Secret.',
    });
  }
  if (Array.isArray(value))
    return Object.freeze({ kind: 'list', elements: value.map((item) => ({ value: toNode(item) })) });
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.freeze({
      kind: 'map',
      entries: entries.map(([key, item]) => ({ key: literal(key), value: toNode(item) })),
    });
  }
  throw notAnExpression(value === undefined ? 'undefined' : `a ${typeof value}`);
}

function notAnExpression(what: string): KubewrightError {
  return new KubewrightError({
    code: 'NotAnExpression',
    message: `${what} cannot be part of an expression`,
    hint: 'Use a plain value or a reference.',
  });
}
