import type { Node } from '../expr/ast.ts';
import { call } from '../expr/nodes.ts';
import { printTemplate } from '../expr/print.ts';
import { define, Expression, isObject, type Value, type ValueObject } from '../expr/value.ts';
import { mapChildren } from '../expr/walk.ts';
import type { Json, JsonObject } from './api.ts';
import { withoutBytes } from './bytes.ts';
import { withoutTypeNames } from './type-names.ts';

/** An expression alone, as kro reads it: a condition, a list of `forEach`, a field of the status. */
export function writeExpression(expression: Expression): string {
  return printTemplate(withoutTypeNames(withoutBytes(expression, { loose: false })));
}

/** An object of a template: expressions become text that kro evaluates, text stays what it is. */
export function writeObject(value: ValueObject): JsonObject {
  const result: Record<string, Json> = {};
  for (const key of Object.keys(value)) define(result, key, writeTree(value[key] as Value));
  return result;
}

function writeTree(value: Value): Json {
  if (value instanceof Expression)
    return printTemplate(withoutTypeNames(loosenRecords(withoutBytes(value, { loose: true }))));
  if (typeof value === 'string') return literalText(value);
  if (Array.isArray(value)) return value.map(writeTree);
  return isObject(value) ? writeObject(value) : (value as Json);
}

/** Text that stays text: a `${` in it does not begin an expression. */
function literalText(text: string): string {
  return text.includes('${') ? printTemplate({ kind: 'template', parts: [text] }) : text;
}

/**
 * kro lets a record stand for an object only when each of its values fits every field of the object; a record with one
 * `dyn` value fits (kro pkg/cel/compatibility.go).
 */
function loosenRecords(node: Node): Node {
  const inner = mapChildren(node, loosenRecords);
  const [first, ...others] = inner.kind === 'map' ? inner.entries : [];
  if (inner.kind !== 'map' || !first || first.optional || inner.entries.some(({ value }) => isDyn(value))) return inner;
  return { ...inner, entries: [{ ...first, value: call('dyn', [first.value]) }, ...others] };
}

function isDyn(node: Node): boolean {
  return node.kind === 'call' && node.function === 'dyn' && !node.target;
}
