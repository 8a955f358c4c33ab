import { CelObject } from './cel-values.ts';
import { fail, noSuchOverload } from './failure.ts';
import type { CelType } from './types.ts';

const minimumSeconds = -62135596800;
const maximumSeconds = 253402300799;
const timestampType: CelType = { kind: 'timestamp' };
const durationType: CelType = { kind: 'duration' };
const billion = 1_000_000_000n;

/** A point in time with nanoseconds, between the years 1 and 9999. */
export class Timestamp extends CelObject {
  /** Seconds since 1970, rounded down. */
  readonly seconds: number;
  /** Nanoseconds within the second. */
  readonly nanos: number;
  /** Seconds east of UTC that it was written with: only `string()` shows them. */
  readonly offset: number;

  constructor(seconds: number, nanos = 0, offset = 0) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
    this.offset = offset;
  }

  static fromMilliseconds(milliseconds: number): Timestamp {
    const seconds = Math.floor(milliseconds / 1000);
    return new Timestamp(seconds, Math.round((milliseconds - seconds * 1000) * 1e6));
  }

  static fromNanoseconds(nanoseconds: bigint, offset = 0): Timestamp {
    const nanos = ((nanoseconds % billion) + billion) % billion;
    const seconds = Number((nanoseconds - nanos) / billion);
    if (seconds < minimumSeconds || seconds > maximumSeconds) return fail('timestamp overflow');
    return new Timestamp(seconds, Number(nanos), offset);
  }

  /** Reads RFC 3339. `lenient` also takes what Kubernetes takes: a blank or lower case letters. */
  static parse(text: string, options: { readonly lenient?: boolean } = {}): Timestamp | undefined {
    return parseTimestamp(options.lenient ? text.toUpperCase().replace(/^(\d{4}-\d\d-\d\d) /, '$1T') : text);
  }

  get celType(): CelType {
    return timestampType;
  }

  get nanoseconds(): bigint {
    return BigInt(this.seconds) * billion + BigInt(this.nanos);
  }

  /** Loses what is below a millisecond. */
  toDate(): Date {
    return new Date(this.seconds * 1000 + Math.floor(this.nanos / 1e6));
  }

  /** Go compares the zone by its pointer, and keeps one for each whole hour. */
  override mapKey(): string | undefined {
    return this.offset % 3600 === 0 ? `t${this.seconds}.${this.nanos}@${this.offset}` : undefined;
  }

  override equals(other: unknown): boolean {
    return other instanceof Timestamp && other.seconds === this.seconds && other.nanos === this.nanos;
  }

  override compare(other: unknown): number {
    if (!(other instanceof Timestamp)) throw noSuchOverload();
    return Math.sign(this.seconds - other.seconds || this.nanos - other.nanos);
  }

  /** RFC 3339 in UTC with as many fractional digits as are needed. */
  override toString(): string {
    return `${this.digits(0)}Z`;
  }

  /** RFC 3339 with the offset that the time was written with, as `string(timestamp)` gives it. */
  toZonedString(): string {
    if (this.offset === 0) return this.toString();
    const minutes = Math.abs(this.offset) / 60;
    const pad = (value: number) => String(value).padStart(2, '0');
    return `${this.digits(this.offset)}${this.offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  }

  private digits(offset: number): string {
    const date = new Date((this.seconds + offset) * 1000);
    const text = date.toISOString();
    // Near the ends of the range an offset leads into the years 0 and 10000.
    const whole = /^[+-]/.test(text) ? text.replace(/^\+0*(?=\d{4,})/, '').slice(0, -5) : text.slice(0, 19);
    return this.nanos === 0 ? whole : `${whole}.${String(this.nanos).padStart(9, '0').replace(/0+$/, '')}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function parseTimestamp(text: string): Timestamp | undefined {
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)];
  const [hour, minute, second] = [digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)];
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return undefined;
  if (!(hour <= 23 && minute <= 59 && second <= 59) || !separators(text)) return undefined;
  let at = 19;
  let nanos = 0;
  if (text.charCodeAt(at) === 46) {
    let end = at + 1;
    while (text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
    if (end === at + 1) return undefined;
    nanos = Number(
      text
        .slice(at + 1, end)
        .padEnd(9, '0')
        .slice(0, 9),
    );
    at = end;
  }
  const offset = zoneOffset(text, at);
  if (offset === undefined) return undefined;
  const seconds = daysSinceEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
  return seconds < minimumSeconds || seconds > maximumSeconds ? undefined : new Timestamp(seconds, nanos, offset);
}

/** The number of so many digits at a place; NaN when something else stands there. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function separators(text: string): boolean {
  const code = (at: number) => text.charCodeAt(at);
  return code(4) === 45 && code(7) === 45 && code(10) === 84 && code(13) === 58 && code(16) === 58;
}

function zoneOffset(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if (sign === 90) return text.length === at + 1 ? 0 : undefined;
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return undefined;
  const [hours, minutes] = [digits(text, at + 1, 2), digits(text, at + 4, 2)];
  if (!(hours <= 23 && minutes <= 59)) return undefined;
  // Adding zero turns -0 into 0.
  return (sign === 45 ? -1 : 1) * (hours * 3600 + minutes * 60) + 0;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days between 1970 and a date of the Gregorian calendar, whose years are taken to begin in March. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ms', 1_000_000n],
  ['s', billion],
  ['m', 60n * billion],
  ['h', 3600n * billion],
]);

/** A span of time in nanoseconds, within ±292 years. */
export class Duration extends CelObject {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    super();
    this.nanoseconds = nanoseconds;
  }

  /** @throws an evaluation failure when the span does not fit */
  static checked(nanoseconds: bigint): Duration {
    if (BigInt.asIntN(64, nanoseconds) !== nanoseconds) return fail('duration overflow');
    return new Duration(nanoseconds);
  }

  /** Reads Go's notation: `1h30m`, `1.5s`, `-2ms`. */
  static parse(text: string): Duration | undefined {
    const match = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
    if (!match) return undefined;
    let total = 0n;
    for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
      const scale = units.get(unit) ?? 0n;
      total += BigInt(whole || '0') * scale;
      const digits = fraction.slice(0, 18);
      if (digits) total += (BigInt(digits) * scale) / 10n ** BigInt(digits.length);
    }
    const signed = match[1] === '-' ? -total : total;
    return BigInt.asIntN(64, signed) === signed ? new Duration(signed) : undefined;
  }

  get celType(): CelType {
    return durationType;
  }

  override mapKey(): string {
    return `r${this.nanoseconds}`;
  }

  override equals(other: unknown): boolean {
    return other instanceof Duration && other.nanoseconds === this.nanoseconds;
  }

  override compare(other: unknown): number {
    if (!(other instanceof Duration)) throw noSuchOverload();
    return this.nanoseconds < other.nanoseconds ? -1 : this.nanoseconds > other.nanoseconds ? 1 : 0;
  }

  /** Seconds with fraction, as `string(duration)` gives it: `5400s`, `0.5s`. */
  override toString(): string {
    const negative = this.nanoseconds < 0n;
    const absolute = negative ? -this.nanoseconds : this.nanoseconds;
    const fraction = String(absolute % billion)
      .padStart(9, '0')
      .replace(/0+$/, '');
    return `${negative ? '-' : ''}${absolute / billion}${fraction ? `.${fraction}` : ''}s`;
  }

  /** Go's notation, as kro writes it into objects: `1h30m0s`. */
  toGoString(): string {
    const negative = this.nanoseconds < 0n;
    const absolute = negative ? -this.nanoseconds : this.nanoseconds;
    if (absolute === 0n) return '0s';
    return `${negative ? '-' : ''}${goText(absolute)}`;
  }

  toJSON(): string {
    return this.toGoString();
  }
}

function goText(nanoseconds: bigint): string {
  if (nanoseconds < 1000n) return `${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${decimal(nanoseconds, 3)}µs`;
  if (nanoseconds < billion) return `${decimal(nanoseconds, 6)}ms`;
  const minutes = nanoseconds / (60n * billion);
  const seconds = `${decimal(nanoseconds % (60n * billion), 9)}s`;
  if (minutes === 0n) return seconds;
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function decimal(value: bigint, digits: number): string {
  const scale = 10n ** BigInt(digits);
  const fraction = String(value % scale)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return `${value / scale}${fraction ? `.${fraction}` : ''}`;
}
