import type {
  AnyOps,
  BoolExpr,
  Expr,
  Input,
  ListExpr,
  NumberExpr,
  OrderOps,
  Ref,
  StringExpr,
  Unwrap,
} from './expression.ts';

declare const opaque: unique symbol;
declare const name: unique symbol;

/** A value that JSON has no form for, with what its references can do. The name keeps those apart that can do the same. */
export interface Opaque<out E, out N extends string = string> {
  readonly [opaque]: E;
  readonly [name]: N;
}

export interface Bytes extends Opaque<BytesExpr, 'Bytes'> {}
export interface Timestamp extends Opaque<TimestampExpr, 'Timestamp'> {}
export interface Duration extends Opaque<DurationExpr, 'Duration'> {}
export interface Quantity extends Opaque<QuantityExpr, 'Quantity'> {}
export interface Ip extends Opaque<IpExpr, 'Ip'> {}
export interface Cidr extends Opaque<CidrExpr, 'Cidr'> {}
export interface Url extends Opaque<UrlExpr, 'Url'> {}
export interface Semver extends Opaque<SemverExpr, 'Semver'> {}
export interface CelType extends Opaque<TypeExpr, 'CelType'> {}
export interface Optional<out T> extends Opaque<OptionalExpr<T>, 'Optional'> {}

/** Bytes; as a text with `toText()` when they are UTF-8, and with `Cel.base64.encode` always. */
export interface BytesExpr extends AnyOps<Bytes> {
  /** Number of bytes. */
  size(): NumberExpr;
  plus(other: Expr<Bytes>): BytesExpr;
}

/** The type of a value, to be compared with another's. */
export interface TypeExpr extends Expr<CelType> {
  eq(other: Expr<CelType>): BoolExpr;
  ne(other: Expr<CelType>): BoolExpr;
}

/** A point in time. Without a time zone (`Europe/Berlin`, `+01:00`) its parts are those of UTC. */
export interface TimestampExpr extends OrderOps<Timestamp> {
  plus(duration: Expr<Duration>): TimestampExpr;
  minus(duration: DurationExpr): TimestampExpr;
  minus(other: TimestampExpr): DurationExpr;
  getFullYear(zone?: Input<string>): NumberExpr;
  /** From 0. */
  getMonth(zone?: Input<string>): NumberExpr;
  /** Day of the month from 1. */
  getDate(zone?: Input<string>): NumberExpr;
  /** From 0. */
  getDayOfMonth(zone?: Input<string>): NumberExpr;
  /** From 0, which is Sunday. */
  getDayOfWeek(zone?: Input<string>): NumberExpr;
  /** From 0. */
  getDayOfYear(zone?: Input<string>): NumberExpr;
  getHours(zone?: Input<string>): NumberExpr;
  getMinutes(zone?: Input<string>): NumberExpr;
  getSeconds(zone?: Input<string>): NumberExpr;
  getMilliseconds(zone?: Input<string>): NumberExpr;
  /** Seconds since 1970. */
  toInt(): NumberExpr;
}

export interface DurationExpr extends OrderOps<Duration> {
  plus(other: DurationExpr): DurationExpr;
  plus(time: TimestampExpr): TimestampExpr;
  minus(other: Expr<Duration>): DurationExpr;
  /** The whole duration in hours. */
  getHours(): NumberExpr;
  /** The whole duration in minutes. */
  getMinutes(): NumberExpr;
  /** The whole duration in seconds. */
  getSeconds(): NumberExpr;
  /** The milliseconds that are left beside the seconds. */
  getMilliseconds(): NumberExpr;
}

interface Compared<T> extends Expr<T> {
  eq(other: Expr<T>): BoolExpr;
  ne(other: Expr<T>): BoolExpr;
}

interface Ordered<T> extends Compared<T> {
  isGreaterThan(other: Expr<T>): BoolExpr;
  isLessThan(other: Expr<T>): BoolExpr;
  /** -1, 0 or 1. */
  compareTo(other: Expr<T>): NumberExpr;
}

/** A quantity of Kubernetes, such as `500m` or `1Gi`. It has no text in CEL. */
export interface QuantityExpr extends Ordered<Quantity> {
  add(other: Expr<Quantity> | Input<number>): QuantityExpr;
  sub(other: Expr<Quantity> | Input<number>): QuantityExpr;
  /** -1, 0 or 1. */
  sign(): NumberExpr;
  isInteger(): BoolExpr;
  /** An error unless it is an integer. */
  asInteger(): NumberExpr;
  asApproximateFloat(): NumberExpr;
}

export interface SemverExpr extends Ordered<Semver> {
  major(): NumberExpr;
  minor(): NumberExpr;
  patch(): NumberExpr;
}

export interface IpExpr extends Compared<Ip> {
  /** 4 or 6. */
  family(): NumberExpr;
  isUnspecified(): BoolExpr;
  isLoopback(): BoolExpr;
  isLinkLocalMulticast(): BoolExpr;
  isLinkLocalUnicast(): BoolExpr;
  isGlobalUnicast(): BoolExpr;
  toText(): StringExpr;
}

export interface CidrExpr extends Compared<Cidr> {
  containsIP(address: Input<string> | Expr<Ip>): BoolExpr;
  containsCIDR(network: Input<string> | Expr<Cidr>): BoolExpr;
  ip(): IpExpr;
  prefixLength(): NumberExpr;
  /** The network with the bits beyond its prefix set to zero. */
  masked(): CidrExpr;
  toText(): StringExpr;
}

export interface UrlExpr extends Compared<Url> {
  getScheme(): StringExpr;
  /** With the port. */
  getHost(): StringExpr;
  getHostname(): StringExpr;
  getPort(): StringExpr;
  getEscapedPath(): StringExpr;
  getQuery(): Ref<Readonly<Record<string, readonly string[]>>>;
}

/** A value or nothing: what `first()`, `last()` and `Cel.optional` give. */
export interface OptionalExpr<T> extends Expr<Optional<T>> {
  /** The value, or `fallback` when there is none. */
  orElse(fallback: Input<T>): Ref<T>;
  /** This one when it has a value, else the other. */
  orOptional(other: Expr<Optional<T>>): OptionalExpr<T>;
  /** Whether there is a value. */
  exists(): BoolExpr;
  /** The value; an error when there is none. */
  value(): Ref<T>;
  optMap<R>(transform: (value: Ref<T>) => R): OptionalExpr<Unwrap<R>>;
  optFlatMap<R>(transform: (value: Ref<T>) => Expr<Optional<R>>): OptionalExpr<R>;
}

/** A list of optionals without those that have no value. */
export type Unwrapped<U> = ListExpr<U extends Optional<infer V> ? V : U>;
