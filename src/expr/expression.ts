import type { Opaque, OptionalExpr, Unwrapped } from './opaque.ts';

declare const value: unique symbol;

type Scalar = string | number | boolean;

/**
 * A value of type `T` that may be known only in the cluster. The call signature is never called: it makes TypeScript
 * refuse `e ? a : b`, `e === x`, `e > 3`, `e + 1` and `switch (e)`, which would look at the expression instead of its value.
 */
export interface Expr<out T> {
  (never: never): never;
  readonly [value]?: () => T;
}

/** A plain value or an expression of it. */
export type Input<T> = T | Expr<T>;

/** What an expression, or a structure that holds expressions, is a value of. */
export type Unwrap<T> =
  T extends Expr<infer U> ? U : T extends Scalar | null ? T : { readonly [K in keyof T]: Unwrap<T[K]> };

/**
 * `T` with an expression allowed in place of every leaf, record and list. An object takes the reference of one through
 * its fields: as a union with `Expr<T>`, a mistyped field would lose its "Did you mean".
 */
export type Inputs<T> = [NonNullable<T>] extends [Scalar]
  ? T | Expr<NonNullable<T>>
  : T extends readonly (infer U)[]
    ? readonly Inputs<U>[] | Expr<readonly U[]>
    : T extends object
      ? string extends keyof T
        ? { readonly [K in keyof T]: Inputs<T[K]> } | Expr<T>
        : { readonly [K in keyof T]: Inputs<T[K]> }
      : T;

/** Operations that every scalar has. */
export interface AnyOps<T> extends Expr<T> {
  /** `this == other` */
  eq(other: Input<T>): BoolExpr;
  /** `this != other` */
  ne(other: Input<T>): BoolExpr;
  /** The value, or `fallback` while any part of the path is absent. */
  orElse<const D extends T>(fallback: Input<D>): Ref<T>;
  /** Whether every part of the path is there. */
  exists(): BoolExpr;
  /** Whether the value is one of a list. */
  in(list: Input<readonly T[]>): BoolExpr;
  /** The value as text. */
  toText(): StringExpr;
}

export interface OrderOps<T> extends AnyOps<T> {
  gt(other: Input<T>): BoolExpr;
  gte(other: Input<T>): BoolExpr;
  lt(other: Input<T>): BoolExpr;
  lte(other: Input<T>): BoolExpr;
}

export interface BoolExpr extends AnyOps<boolean> {
  and(...others: Input<boolean>[]): BoolExpr;
  or(...others: Input<boolean>[]): BoolExpr;
  not(): BoolExpr;
  /** `this ? yes : no` */
  choose<const A, const B>(yes: A, no: B): Ref<Unwrap<A> | Unwrap<B>>;
}

export interface StringExpr<S extends string = string> extends OrderOps<S> {
  /** Number of code points. */
  readonly length: NumberExpr;
  size(): NumberExpr;
  plus(other: Input<string>): StringExpr;
  contains(part: Input<string>): BoolExpr;
  startsWith(prefix: Input<string>): BoolExpr;
  endsWith(suffix: Input<string>): BoolExpr;
  /** RE2 pattern, anywhere in the text. */
  matches(pattern: Input<string>): BoolExpr;
  lower(): StringExpr;
  upper(): StringExpr;
  trim(): StringExpr;
  /** All occurrences, or the first `limit`. */
  replace(from: Input<string>, to: Input<string>, limit?: Input<number>): StringExpr;
  split(separator: Input<string>, limit?: Input<number>): ListExpr<string>;
  substring(start: Input<number>, end?: Input<number>): StringExpr;
  charAt(index: Input<number>): StringExpr;
  /** -1 when it is not there. */
  indexOf(part: Input<string>, from?: Input<number>): NumberExpr;
  lastIndexOf(part: Input<string>, from?: Input<number>): NumberExpr;
  reverse(): StringExpr;
  /** The first match of an RE2 pattern, or an empty text. */
  find(pattern: Input<string>): StringExpr;
  findAll(pattern: Input<string>, limit?: Input<number>): ListExpr<string>;
  /** In double quotes, with escapes. */
  quote(): StringExpr;
  toInt(): NumberExpr;
}

export interface NumberExpr<N extends number = number> extends OrderOps<N> {
  plus(other: Input<number>): NumberExpr;
  minus(other: Input<number>): NumberExpr;
  times(other: Input<number>): NumberExpr;
  /** Integer division for integers. */
  dividedBy(other: Input<number>): NumberExpr;
  mod(other: Input<number>): NumberExpr;
  negate(): NumberExpr;
  toInt(): NumberExpr;
  toDouble(): NumberExpr;
}

/** A function of an item and its index. */
type Indexed<U, R> = (item: Ref<U>, index: NumberExpr) => R;

export interface ListExpr<U> extends Expr<readonly U[]> {
  readonly length: NumberExpr;
  readonly [index: number]: Ref<U>;
  size(): NumberExpr;
  at(index: Input<number>): Ref<U>;
  map<R>(transform: (item: Ref<U>) => R): ListExpr<Unwrap<R>>;
  /** `map` with the index; with `keep`, only of the items that fulfil it. */
  transformList<R>(transform: Indexed<U, R>, keep?: Indexed<U, Input<boolean>>): ListExpr<Unwrap<R>>;
  filter(keep: (item: Ref<U>) => Input<boolean>): ListExpr<U>;
  all(holds: Indexed<U, Input<boolean>>): BoolExpr;
  /** With a predicate: whether an item fulfils it. Without: whether the list is there. */
  exists(holds?: Indexed<U, Input<boolean>>): BoolExpr;
  /** Whether exactly one item fulfils the predicate. */
  existsOne(holds: Indexed<U, Input<boolean>>): BoolExpr;
  /** The first item, if there is one. */
  first(): OptionalExpr<U>;
  last(): OptionalExpr<U>;
  slice(start: Input<number>, end: Input<number>): ListExpr<U>;
  plus(other: Input<readonly U[]>): ListExpr<U>;
  reverse(): ListExpr<U>;
  distinct(): ListExpr<U>;
  sort(): ListExpr<U>;
  sortBy(key: (item: Ref<U>) => Expr<unknown>): ListExpr<U>;
  isSorted(): BoolExpr;
  sum(): Ref<U>;
  min(): Ref<U>;
  max(): Ref<U>;
  /** -1 when it is not there. */
  indexOf(item: Input<U>): NumberExpr;
  lastIndexOf(item: Input<U>): NumberExpr;
  /** A list with another item at the index. */
  setAt(index: Input<number>, item: Input<U>): ListExpr<U>;
  insertAt(index: Input<number>, item: Input<U>): ListExpr<U>;
  removeAt(index: Input<number>): ListExpr<U>;
  /** One level less; with a depth, as many. */
  flatten(): ListExpr<U extends readonly (infer V)[] ? V : U>;
  flatten(depth: Input<number>): ListExpr<AnyRef>;
  unwrapOpt(): Unwrapped<U>;
  contains(item: Input<U>): BoolExpr;
  join(separator?: Input<string>): StringExpr;
  orElse(fallback: Input<readonly U[]>): ListExpr<U>;
  eq(other: Input<readonly U[]>): BoolExpr;
}

/**
 * A typed path into the schema or a resource. A property is the reference of that field; scalars and lists have the
 * combinators of their kind; objects and maps have only their fields (use `Cel.size(ref)` and so on for those).
 */
export type Ref<T> = [T] extends [never]
  ? Expr<never>
  : 0 extends 1 & T
    ? AnyRef
    : [NonNullable<T>] extends [boolean]
      ? BoolExpr
      : [NonNullable<T>] extends [string]
        ? StringExpr<NonNullable<T> & string>
        : [NonNullable<T>] extends [number]
          ? NumberExpr<NonNullable<T> & number>
          : NonNullable<T> extends readonly (infer U)[]
            ? ListExpr<U>
            : NonNullable<T> extends Opaque<infer E extends Expr<object>>
              ? E
              : Expr<NonNullable<T>> & { readonly [K in keyof NonNullable<T>]-?: Ref<NonNullable<NonNullable<T>[K]>> };

/** A reference into data without a type: every path and every combinator is allowed, nothing is checked by TypeScript. */
// biome-ignore lint/suspicious/noExplicitAny: the type of what has no type
export type AnyRef = any;
