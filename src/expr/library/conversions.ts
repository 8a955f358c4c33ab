import { CelDouble, CelUint } from '../cel-values.ts';
import { fail } from '../failure.ts';
import { formatShortest, parseFloat64, parseInt64, parseUint64 } from '../go-number.ts';
import { doubleToInt, type Int, toInt } from '../int64.ts';
import { Duration, Timestamp } from '../time.ts';
import type { Library } from './overload.ts';

function identity<T>(value: T): T {
  return value;
}

function impossible(from: string, to: string): never {
  return fail(`type conversion error from '${from}' to '${to}'`);
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

function toUint(value: bigint | undefined, from: string): CelUint {
  if (value === undefined) return impossible(from, 'uint');
  if (value < 0n || value > 18446744073709551615n) return fail('unsigned integer overflow');
  return new CelUint(value);
}

function doubleToUint({ value }: CelDouble): CelUint {
  // The largest double below 2^64; NaN is out of range too.
  if (!(value >= 0 && value < 18446744073709551616)) return fail('unsigned integer overflow');
  return new CelUint(BigInt(Math.trunc(value)));
}

function stringToInt(text: string): Int {
  const value = parseInt64(text);
  return value === undefined ? impossible('string', 'int') : toInt(value);
}

function stringToDouble(text: string): CelDouble {
  const value = parseFloat64(text);
  return value === undefined ? impossible('string', 'double') : new CelDouble(value);
}

function stringToTimestamp(text: string): Timestamp {
  const time = Timestamp.parse(text);
  if (time) return time;
  // The text may be a value of a binding, so it is not repeated.
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? impossible('string', 'google.protobuf.Timestamp')
    : fail('invalid RFC 3339 timestamp');
}

function intToTimestamp(seconds: Int): Timestamp {
  if (seconds < -62135596800 || seconds > 253402300799) return fail('timestamp overflow');
  return new Timestamp(Number(seconds));
}

function bytesToString(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('invalid UTF-8 in bytes, cannot convert to string');
  }
}

export const conversions: Library = {
  bool: {
    '(bool): bool': identity,
    '(string): bool': (text: string) => truths.get(text) ?? impossible('string', 'bool'),
  },
  bytes: {
    '(bytes): bytes': identity,
    '(string): bytes': (text: string) => new TextEncoder().encode(text),
  },
  double: {
    '(double): double': identity,
    '(int): double': (value: Int) => new CelDouble(Number(value)),
    '(string): double': stringToDouble,
    '(uint): double': ({ value }: CelUint) => new CelDouble(Number(value)),
  },
  duration: {
    '(duration): duration': identity,
    '(string): duration': (text: string) => Duration.parse(text) ?? impossible('string', 'google.protobuf.Duration'),
  },
  int: {
    '(int): int': identity,
    '(double): int': ({ value }: CelDouble) => doubleToInt(value),
    '(duration): int': ({ nanoseconds }: Duration) => toInt(nanoseconds),
    '(string): int': stringToInt,
    '(timestamp): int': ({ seconds }: Timestamp) => seconds,
    '(uint): int': ({ value }: CelUint) => (value > 9223372036854775807n ? fail('integer overflow') : toInt(value)),
  },
  string: {
    '(string): string': identity,
    '(bool): string': String,
    '(bytes): string': bytesToString,
    '(double): string': ({ value }: CelDouble) => formatShortest(value),
    '(duration): string': String,
    '(int): string': String,
    '(timestamp): string': (time: Timestamp) => time.toZonedString(),
    '(uint): string': ({ value }: CelUint) => String(value),
  },
  timestamp: {
    '(timestamp): timestamp': identity,
    '(int): timestamp': intToTimestamp,
    '(string): timestamp': stringToTimestamp,
  },
  uint: {
    '(uint): uint': identity,
    '(double): uint': doubleToUint,
    '(int): uint': (value: Int) => toUint(BigInt(value), 'int'),
    '(string): uint': (text: string) => toUint(parseUint64(text), 'string'),
  },
};
