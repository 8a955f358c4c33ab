import type { Macro, Node } from './ast.ts';
import { bind, conversion, entriesMacro, given, namespaced, optionalChain } from './combine.ts';
import type {
  AnyRef,
  BoolExpr,
  Expr,
  Input,
  Inputs,
  ListExpr,
  NumberExpr,
  Ref,
  StringExpr,
  Unwrap,
} from './expression.ts';
import { call, identifier, toNode } from './nodes.ts';
import type {
  Bytes,
  BytesExpr,
  CidrExpr,
  DurationExpr,
  IpExpr,
  Optional,
  OptionalExpr,
  QuantityExpr,
  SemverExpr,
  TimestampExpr,
  TypeExpr,
  Unwrapped,
  UrlExpr,
} from './opaque.ts';
import { track } from './operators.ts';
import { makeRef } from './ref.ts';

type Scalar = string | number | boolean;
/** The values of a list or record. */
type Item<C> = C extends readonly (infer U)[] ? U : C[keyof C];
/** The keys of a record are texts, those of a list its indexes. */
type Key<C> = C extends readonly unknown[] ? NumberExpr : StringExpr;
type Each<C, R> = (value: Ref<Item<C>>, key: Key<C>) => R;
type Merged<A, B> = { readonly [K in keyof A | keyof B]: K extends keyof B ? B[K] : K extends keyof A ? A[K] : never };

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** CEL's functions by their own names; what is a method in CEL is a method of references too (`Cel.value` makes one). */
export interface CelFunctions {
  bool(of: Input<string> | Input<boolean>): BoolExpr;
  uint(of: Input<Scalar>): NumberExpr;
  bytes(of: Input<string> | Expr<Bytes>): BytesExpr;
  /** An RFC 3339 time, or the seconds since 1970. */
  timestamp(of: Input<string> | Input<number> | TimestampExpr): TimestampExpr;
  /** A duration in Go's notation, such as `1h30m`. */
  duration(of: Input<string> | DurationExpr): DurationExpr;
  /** The value without its type. */
  dyn(of: unknown): AnyRef;
  type(of: unknown): TypeExpr;

  quantity(text: Input<string>): QuantityExpr;
  isQuantity(text: Input<string>): BoolExpr;
  readonly ip: {
    (text: Input<string>): IpExpr;
    isCanonical(text: Input<string>): BoolExpr;
  };
  isIP(text: Input<string>): BoolExpr;
  cidr(text: Input<string>): CidrExpr;
  isCIDR(text: Input<string>): BoolExpr;
  url(text: Input<string>): UrlExpr;
  isURL(text: Input<string>): BoolExpr;
  semver(text: Input<string>): SemverExpr;
  isSemver(text: Input<string>): BoolExpr;

  /** One `%s`, `%d`, `%f`, `%e`, `%x`, `%o` or `%b` for each value. */
  format(text: Input<string>, ...values: unknown[]): StringExpr;
  readonly strings: { quote(text: Input<string>): StringExpr };
  readonly base64: {
    /** A text is encoded as UTF-8. */
    encode(of: Input<string> | Expr<Bytes>): StringExpr;
    decode(text: Input<string>): BytesExpr;
  };
  readonly json: {
    marshal(value: unknown): StringExpr;
    unmarshal<T = AnyRef>(text: Input<string>): Ref<T>;
    /** Prefer `marshal`: here every number goes through a double, and kro takes no list or record of an object as it is. */
    encode(value: unknown): StringExpr;
  };
  readonly hash: Readonly<Record<'sha256' | 'md5' | 'fnv64a', (text: Input<string>) => BytesExpr>>;
  /** The same seed gives the same value. */
  readonly random: {
    seededString(length: Input<number>, seed: Input<string>): StringExpr;
    /** From `minimum` up to, but not including, `maximum`. */
    seededInt(minimum: Input<number>, maximum: Input<number>, seed: Input<string>): NumberExpr;
  };

  readonly lists: {
    /** The numbers from 0 up to, but not including, `count`. */
    range(count: Input<number>): ListExpr<number>;
    setAtIndex<U>(list: Expr<readonly U[]>, index: Input<number>, item: Input<U>): ListExpr<U>;
    insertAtIndex<U>(list: Expr<readonly U[]>, index: Input<number>, item: Input<U>): ListExpr<U>;
    removeAtIndex<U>(list: Expr<readonly U[]>, index: Input<number>): ListExpr<U>;
  };
  readonly optional: {
    of<T>(value: T): OptionalExpr<Unwrap<T>>;
    /** Nothing for `0`, `""`, `false`, `null` and what is empty. */
    ofNonZeroValue<T>(value: T): OptionalExpr<Unwrap<T>>;
    none<T = never>(): OptionalExpr<T>;
    /** A path as an optional, without a value while any part is absent. */
    path<T>(path: Expr<T>): OptionalExpr<T>;
    /** A list of optionals without those that have no value. */
    unwrap<T>(list: readonly Expr<Optional<T>>[] | Expr<readonly Optional<T>[]>): Unwrapped<Optional<T>>;
  };

  /** A value that is written once and used many times. */
  bind<T, R>(value: T, use: (value: Ref<Unwrap<T>>) => R): Ref<Unwrap<R>>;
  /** Whether all values of a list or record fulfil the predicate, which takes the value and the index or key. */
  all<C>(of: Expr<C>, holds: Each<C, Input<boolean>>): BoolExpr;
  exists<C>(of: Expr<C>, holds: Each<C, Input<boolean>>): BoolExpr;
  existsOne<C>(of: Expr<C>, holds: Each<C, Input<boolean>>): BoolExpr;
  /** A list of what a function makes of each value, and of its index or key. */
  transformList<C, R>(of: Expr<C>, transform: Each<C, R>, keep?: Each<C, Input<boolean>>): ListExpr<Unwrap<R>>;
  /** A record with the same keys and other values. */
  transformMap<C, R>(
    of: Expr<C>,
    transform: Each<C, R>,
    keep?: Each<C, Input<boolean>>,
  ): Ref<Readonly<Record<string, Unwrap<R>>>>;
  /** A record with other keys and values: the function returns both. */
  transformMapEntry<C, R>(
    of: Expr<C>,
    transform: Each<C, readonly [key: Input<string>, value: R]>,
    keep?: Each<C, Input<boolean>>,
  ): Ref<Readonly<Record<string, Unwrap<R>>>>;
  /** A record with the entries of both; the second wins. */
  merge<A, B>(base: A, over: B): Ref<Merged<Unwrap<A>, Unwrap<B>>>;
  /** As `merge`, with records inside of records merged too. */
  deepMerge<A, B>(base: A, over: B): Ref<Merged<Unwrap<A>, Unwrap<B>>>;

  /** kro leaves out the field with this value. */
  omit(): Expr<never>;
  /** Only in the expressions of status conditions. */
  readonly runtime: {
    newCondition(condition: Inputs<Pick<Condition, 'type' | 'status'> & Partial<Condition>>): Ref<Condition>;
    /** One of an object's conditions; of `schema` one of kro's own. */
    condition(object: Expr<unknown> | { readonly metadata: unknown }, type: Input<string>): Ref<Condition>;
  };
}

type Builder = (...args: unknown[]) => never;

const ref = (node: Node): never => makeRef(track(node)) as never;
const builder =
  (name: string): Builder =>
  (...args) =>
    ref(namespaced(name, given(args)));
const namespace = (name: string, functions: readonly string[]): Record<string, Builder> =>
  Object.freeze(Object.fromEntries(functions.map((each) => [each, builder(`${name}.${each}`)])));
const method =
  (name: string): Builder =>
  (target, ...args) =>
    ref(call(name, given(args), toNode(target)));
const entries =
  (name: Macro): Builder =>
  (of, ...callbacks) =>
    ref(entriesMacro(name)(toNode(of), callbacks));

const globals =
  'bool uint bytes timestamp duration dyn type omit quantity isQuantity isIP cidr isCIDR url isURL semver isSemver';

const bytesFunctions = new Set(['bytes', 'decode', 'sha256', 'md5', 'fnv64a']);

/** A reference does not know whether it is a text, and `bytes()` leaves bytes as they are. */
function toBytes(value: unknown): Node {
  const node = toNode(value);
  return node.kind === 'call' && bytesFunctions.has(node.function) ? node : conversion('bytes')(node, []);
}

export const celFunctions: CelFunctions = {
  ...Object.fromEntries(globals.split(' ').map((name) => [name, builder(name)])),
  ip: Object.assign(builder('ip'), namespace('ip', ['isCanonical'])),
  format: (text: unknown, ...values: unknown[]) => method('format')(text, values),
  strings: namespace('strings', ['quote']),
  base64: {
    ...namespace('base64', ['decode']),
    encode: (of: unknown) => ref(namespaced('base64.encode', [toBytes(of)])),
  },
  json: namespace('json', ['marshal', 'unmarshal', 'encode']),
  hash: namespace('hash', ['sha256', 'md5', 'fnv64a']),
  random: namespace('random', ['seededString', 'seededInt']),
  lists: namespace('lists', ['range', 'setAtIndex', 'insertAtIndex', 'removeAtIndex']),
  optional: {
    ...namespace('optional', ['of', 'ofNonZeroValue', 'none', 'unwrap']),
    path: (path: unknown) => ref(optionalChain(toNode(path))),
  },
  bind: (value: unknown, use: unknown) => ref(bind(toNode(value), use)),
  all: entries('all'),
  exists: entries('exists'),
  existsOne: entries('existsOne'),
  transformList: entries('transformList'),
  transformMap: entries('transformMap'),
  transformMapEntry: entries('transformMapEntry'),
  merge: method('merge'),
  deepMerge: method('deepMerge'),
  runtime: {
    newCondition: (condition: unknown) => ref(call('newCondition', [toNode(condition)], identifier('runtime'))),
    condition: (object: unknown, type: unknown) => ref(call('condition', given([object, type]), identifier('runtime'))),
  },
} as unknown as CelFunctions;
