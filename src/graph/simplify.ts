import type { MapNode, Node } from '../expr/ast.ts';
import { define, Expression, type Value } from '../expr/value.ts';
import { fold, nodeToValue } from '../expr/references.ts';
import { literal } from '../expr/nodes.ts';
import { mapChildren } from '../expr/walk.ts';

/**
 * What is left of a tree once structures that it reads from are known: a field of a written-out object is that field's
 * value, and what is constant is computed.
 */
export function simplify(node: Node): Node {
  return fold(reduce(node));
}

/** Plain data instead of expressions wherever a tree is constant, also inside written-out objects and lists. */
export function nodeToTree(node: Node): Value {
  const constant = nodeToValue(node);
  if (constant !== undefined) return constant as Value;
  if (node.kind === 'list' && node.elements.every(({ optional }) => !optional)) {
    return Object.freeze(node.elements.map(({ value }) => nodeToTree(value)));
  }
  const names = node.kind === 'map' ? fieldNames(node) : undefined;
  if (node.kind !== 'map' || !names) return new Expression(node);
  const result: Record<string, Value> = {};
  for (const [position, { value }] of node.entries.entries())
    define(result, names[position] as string, nodeToTree(value));
  return Object.freeze(result);
}

/** The names of a map's entries, `undefined` when one of them is not written out. */
function fieldNames(node: MapNode): string[] | undefined {
  const names: string[] = [];
  for (const { key, optional } of node.entries) {
    if (optional || key.kind !== 'literal' || key.type !== 'string') return undefined;
    names.push(key.value);
  }
  return names;
}

function reduce(node: Node): Node {
  const inner = mapChildren(node, reduce);
  switch (inner.kind) {
    case 'select':
      return inner.optional ? inner : (member(inner.operand, inner.field) ?? inner);
    case 'index':
      if (inner.optional || inner.index.kind !== 'literal') return inner;
      if (inner.index.type === 'string') return member(inner.operand, inner.index.value) ?? inner;
      return inner.operand.kind === 'list'
        ? (inner.operand.elements[Number(inner.index.value)]?.value ?? inner)
        : inner;
    case 'has':
      return known(inner.operand, inner.field) === undefined
        ? inner
        : literal(known(inner.operand, inner.field) as boolean);
    case 'call':
      return reduceOptional(inner) ?? inner;
    default:
      return inner;
  }
}

/** `path.orValue(x)` and `path.hasValue()` where it is known whether the path is there. */
function reduceOptional(node: Node & { kind: 'call' }): Node | undefined {
  if (node.function !== 'orValue' && node.function !== 'hasValue') return undefined;
  const found = node.target && follow(node.target);
  if (!found) return undefined;
  if (node.function === 'hasValue') return 'value' in found ? undefined : literal(found.present);
  if ('value' in found) return isOptional(found.value) ? { ...node, target: found.value } : undefined;
  return found.present ? found.node : node.args[0];
}

type Followed =
  | { readonly present: true; readonly node: Node }
  | { readonly present: false }
  | { readonly value: Node };

/** Walks an optional path through written-out objects, until it ends, is missing, or leaves what is written out. */
function follow(node: Node): Followed | undefined {
  if (node.kind !== 'select' && node.kind !== 'index') return undefined;
  const outer = follow(node.operand);
  const operand =
    outer && 'present' in outer && outer.present ? outer.node : outer === undefined ? node.operand : undefined;
  if (!operand)
    return outer && 'present' in outer
      ? { present: false }
      : outer && { value: { ...node, operand: (outer as { value: Node }).value } };
  const key =
    node.kind === 'select'
      ? node.field
      : node.index.kind === 'literal' && node.index.type === 'string'
        ? node.index.value
        : undefined;
  if (operand.kind === 'map' && key !== undefined && fieldNames(operand)) {
    const value = member(operand, key);
    return value ? { present: true, node: value } : { present: false };
  }
  return operand === node.operand ? undefined : { value: { ...node, operand } };
}

function isOptional(node: Node): boolean {
  return (node.kind === 'select' || node.kind === 'index') && (node.optional === true || isOptional(node.operand));
}

function member(operand: Node, field: string): Node | undefined {
  if (operand.kind !== 'map') return undefined;
  return operand.entries.find(
    ({ key, optional }) => !optional && key.kind === 'literal' && key.type === 'string' && key.value === field,
  )?.value;
}

function known(operand: Node, field: string): boolean | undefined {
  return operand.kind === 'map' && fieldNames(operand) ? member(operand, field) !== undefined : undefined;
}
