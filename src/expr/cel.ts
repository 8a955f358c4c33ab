import type { Node } from './ast.ts';
import { type CelFunctions, celFunctions } from './cel-functions.ts';
import { fromParts, interleave, isTag, splitFormat, template } from './cel-text.ts';
import { combinators } from './combinators.ts';
import { namespaced } from './combine.ts';
import type { AnyRef, BoolExpr, Expr, Input, ListExpr, NumberExpr, Ref, StringExpr, Unwrap } from './expression.ts';
import { select, toNode } from './nodes.ts';
import { track } from './operators.ts';
import { makeRef } from './ref.ts';

type Scalar = string | number | boolean;

/** CEL in TypeScript: text with references in it, templates, and CEL's functions. */
export interface CelBuilders extends CelFunctions {
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
  /** A plain value as a reference, so that it has combinators: `Cel.value([3, 1, 2]).sort()`. */
  value<T>(value: T): Ref<Unwrap<T>>;
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

const ref = (node: Node): never => makeRef(track(node)) as never;
const apply =
  (name: string) =>
  (operand: unknown, ...args: unknown[]): never =>
    ref((combinators[name] as (typeof combinators)[string])(toNode(operand), args));

export const Cel: CelBuilders = Object.freeze({
  ...celFunctions,
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
  value: (value: unknown): never => makeRef(toNode(value)) as never,
  call: (name: string, ...args: unknown[]): never => ref(namespaced(name, args.map(toNode))),
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
