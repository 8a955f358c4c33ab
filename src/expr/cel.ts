import { KubewrightError } from '../errors.ts';
import type { Node } from './ast.ts';
import { combinators } from './combinators.ts';
import type { AnyRef, BoolExpr, Expr, Input, ListExpr, NumberExpr, Ref, StringExpr, Unwrap } from './expression.ts';
import { call, identifier, literal, nodeOf, select, toNode } from './nodes.ts';
import { track } from './operators.ts';
import { parse } from './parse.ts';
import { makeRef } from './ref.ts';
import { substitute } from './references.ts';

type Scalar = string | number | boolean;

/** CEL in TypeScript: text with references in it, templates, and every combinator as a function. */
export interface CelBuilders {
  /**
   * An expression from CEL text and references.
   *
   * As a tag every hole is a value: references are spliced in as sub-trees, plain values become literals. In the call
   * form string arguments are CEL text and everything else is a value.
   *
   * @throws CelError when the text is not CEL; the type is checked when the graph is built
   * @example
   * Cel.expr<boolean>`${deployment.status.readyReplicas} == ${deployment.spec.replicas}`;
   * Cel.expr<boolean>(deployment.status.readyReplicas, ' == ', deployment.spec.replicas);
   */
  expr<T>(text: TemplateStringsArray, ...holes: unknown[]): Ref<T>;
  expr<T>(...parts: (string | Expr<unknown>)[]): Ref<T>;
  /**
   * Text with values in it: as a tag, or with one `%s` for each value (`%%` is a percent sign).
   *
   * @example
   * Cel.template`https://${schema.spec.domain}`;
   * Cel.template('https://%s', schema.spec.domain);
   */
  template(text: TemplateStringsArray, ...holes: Input<Scalar>[]): StringExpr;
  template(text: string, ...values: Input<Scalar>[]): StringExpr;
  /** A whole object, list or record from one expression. */
  object<T>(expression: Expr<unknown>): Ref<T>;
  /** Any CEL function by its name, such as `Cel.call<string>('base64.encode', Cel.call('bytes', ref))`. */
  call<T>(name: string, ...args: unknown[]): Ref<T>;
  /** The field of an object or map, whatever its name is. */
  field<T = AnyRef>(object: Expr<unknown>, name: string): Ref<T>;
  /** Whether every part of a path is there. */
  has(path: Expr<unknown>): BoolExpr;
  /** Items of a list, keys of a map, code points of a text. */
  size(of: Expr<unknown>): NumberExpr;
  eq<T>(left: Expr<T>, right: Input<T>): BoolExpr;
  ne<T>(left: Expr<T>, right: Input<T>): BoolExpr;
  not(condition: Expr<boolean>): BoolExpr;
  and(first: Input<boolean>, ...others: Input<boolean>[]): BoolExpr;
  or(first: Input<boolean>, ...others: Input<boolean>[]): BoolExpr;
  choose<const A, const B>(condition: Expr<boolean>, yes: A, no: B): Ref<Unwrap<A> | Unwrap<B>>;
  orElse<T>(path: Expr<T>, fallback: Input<T>): Ref<T>;
  map<U, R>(list: Expr<readonly U[]>, transform: (item: Ref<U>) => R): ListExpr<Unwrap<R>>;
  filter<U>(list: Expr<readonly U[]>, keep: (item: Ref<U>) => Input<boolean>): ListExpr<U>;
  /** The keys of a record, in no particular order: sort them before they are written. */
  keys(record: Expr<unknown>): ListExpr<string>;
  string(of: Input<Scalar>): StringExpr;
  int(of: Input<Scalar>): NumberExpr;
  /** A floating-point number, also when it is integral. */
  double(of: Input<Scalar>): NumberExpr;
}

function fromParts(parts: readonly (string | { readonly value: unknown })[]): Node {
  const holes = new Map<string, Node>();
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    const name = `hole_${holes.size}_`;
    holes.set(name, toNode(part.value));
    return ` ${name} `;
  });
  const text = texts.join('');
  const clash = parts.find((part) => typeof part === 'string' && /\bhole_\d+_/.test(part));
  if (clash !== undefined)
    throw new KubewrightError({ code: 'ReservedName', message: `names such as hole_0_ are reserved in ${text}` });
  const tree = parse(text);
  return holes.size === 0
    ? tree
    : substitute(tree, (node) => (node.kind === 'identifier' ? holes.get(node.name) : undefined));
}

function isTag(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && 'raw' in value;
}

function interleave(texts: readonly string[], values: readonly unknown[]): (string | { readonly value: unknown })[] {
  return texts.flatMap((text, position) => (position < values.length ? [text, { value: values[position] }] : [text]));
}

function template(texts: readonly string[], values: readonly unknown[]): Node {
  const parts: (string | Node)[] = [];
  const add = (text: string): void => {
    const last = parts.at(-1);
    if (typeof last === 'string') parts[parts.length - 1] = last + text;
    else if (text !== '') parts.push(text);
  };
  for (const part of interleave(texts, values)) {
    if (typeof part === 'string') add(part);
    else if (nodeOf(part.value)) parts.push(toNode(part.value));
    else add(toText(part.value));
  }
  const [first] = parts;
  if (parts.length === 0) return literal('');
  return parts.length === 1 && typeof first === 'string'
    ? literal(first)
    : Object.freeze({ kind: 'template', parts: Object.freeze(parts) });
}

function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw new KubewrightError({
    code: 'NotText',
    path: 'Cel.template',
    message: `${value === null || value === undefined ? String(value) : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`} cannot be part of a text`,
    hint: 'Pass a text, a number, a boolean or a reference to one.',
  });
}

function splitFormat(format: string, count: number): string[] {
  const texts = [''];
  for (const piece of format.split(/(%%|%s)/)) {
    if (piece === '%s') texts.push('');
    else texts[texts.length - 1] += piece === '%%' ? '%' : piece;
  }
  if (texts.length - 1 === count) return texts;
  throw new KubewrightError({
    code: 'WrongArguments',
    path: 'Cel.template',
    message: `${JSON.stringify(format)} has ${texts.length - 1} times %s and was given ${count} values`,
  });
}

function namespaced(name: string, args: readonly unknown[]): Node {
  const parts = name.split('.');
  const last = parts.pop() as string;
  const nodes = args.map(toNode);
  const [root, ...fields] = parts;
  return root === undefined ? call(last, nodes) : call(last, nodes, fields.reduce(select, identifier(root)));
}

const ref = (node: Node): never => makeRef(track(node)) as never;
const apply =
  (name: string) =>
  (operand: unknown, ...args: unknown[]): never =>
    ref((combinators[name] as (typeof combinators)[string])(toNode(operand), args));

export const Cel: CelBuilders = Object.freeze({
  expr: (first: unknown, ...rest: unknown[]): never =>
    ref(
      fromParts(
        isTag(first)
          ? interleave(first.raw, rest)
          : [first, ...rest].map((part) => (typeof part === 'string' ? part : { value: part })),
      ),
    ),
  template: (first: TemplateStringsArray | string, ...values: unknown[]): never =>
    ref(template(isTag(first) ? (first as readonly string[]) : splitFormat(first, values.length), values)),
  object: (expression: unknown): never => makeRef(toNode(expression)) as never,
  call: (name: string, ...args: unknown[]): never => ref(namespaced(name, args)),
  field: (object: unknown, name: string): never => makeRef(select(toNode(object), name)) as never,
  has: apply('exists'),
  size: apply('size'),
  eq: apply('eq'),
  ne: apply('ne'),
  not: apply('not'),
  and: apply('and'),
  or: apply('or'),
  choose: apply('choose'),
  orElse: apply('orElse'),
  map: apply('map'),
  filter: apply('filter'),
  keys: (record: unknown): never =>
    ref((combinators['map'] as (typeof combinators)[string])(toNode(record), [(key: unknown) => key])),
  string: apply('toText'),
  int: apply('toInt'),
  double: apply('toDouble'),
}) as CelBuilders;
