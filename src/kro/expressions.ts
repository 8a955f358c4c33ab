import type { Node } from '../expr/ast.ts';
import { check } from '../expr/check.ts';
import { call } from '../expr/nodes.ts';
import { printTemplate } from '../expr/print.ts';
import type { CelType } from '../expr/types.ts';
import { define, Expression, isObject, type Value, type ValueObject } from '../expr/value.ts';
import { mapChildren } from '../expr/walk.ts';
import { checkedOf } from '../graph/check.ts';
import type { GraphData, GraphNode } from '../graph/graph.ts';
import { GraphTypes, objectType } from '../graph/types.ts';
import type { Json, JsonObject } from './api.ts';
import { spellFields, type TypeOf } from './field-names.ts';

/** Writes expressions as the text that kro reads, in a form that its type-checker accepts. */
export class ExpressionWriter {
  readonly #types: GraphTypes;
  readonly #variables: ReadonlyMap<string, CelType>;

  constructor(types: GraphTypes, variables: ReadonlyMap<string, CelType> = new Map()) {
    this.#types = types;
    this.#variables = variables;
  }

  static of(graph: Pick<GraphData, 'spec' | 'nodes'>): ExpressionWriter {
    return new ExpressionWriter(new GraphTypes(graph));
  }

  /** The same writer where a node's own variables are in scope. */
  within(node: GraphNode): ExpressionWriter {
    if (node.forEach.length === 0) return this;
    const variables = new Map<string, CelType>([['each', objectType(node)]]);
    for (const { name, list } of node.forEach) {
      const type = this.#check(list.node)?.(list.node);
      variables.set(name, type?.kind === 'list' ? type.element : { kind: 'dyn' });
    }
    return new ExpressionWriter(this.#types, variables);
  }

  /** An expression alone: a condition, a list of `forEach`, a field of the status. */
  expression(expression: Expression): string {
    return printTemplate(this.#spelled(expression));
  }

  /** An expression whose value becomes a part of an object. */
  leaf(expression: Expression): string {
    return printTemplate(loosenRecords(this.#spelled(expression)));
  }

  /** A tree of an object: expressions become text, text stays what it is. */
  tree(value: Value): Json {
    if (value instanceof Expression) return this.leaf(value);
    if (typeof value === 'string') return literalText(value);
    if (Array.isArray(value)) return value.map((item) => this.tree(item));
    return isObject(value) ? this.object(value) : (value as Json);
  }

  object(value: ValueObject): JsonObject {
    const result: Record<string, Json> = {};
    for (const key of Object.keys(value)) define(result, key, this.tree(value[key] as Value));
    return result;
  }

  #spelled(expression: Expression): Node {
    return spellFields(expression.node, () => checkedOf(expression)?.typeOf ?? this.#check(expression.node));
  }

  /** Expressions that a transformation made were not checked yet. */
  #check(node: Node): TypeOf | undefined {
    try {
      return check(node, this.#types.with(this.#variables)).typeOf;
    } catch {
      return undefined;
    }
  }
}

/** Text that stays text: a `${` in it does not begin an expression. */
export function literalText(text: string): string {
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
