import { adapt } from '../adapt.ts';
import { CelDouble, CelTypeValue, CelUint, typeName, typeOfValue } from '../cel-values.ts';
import { isMap, mapEntries } from '../collections.ts';
import { compareStrings } from '../equality.ts';
import { Failure, fail } from '../failure.ts';
import { formatFixed, formatPlain, formatScientific, formatSpecial } from '../go-number.ts';
import { isInt } from '../int64.ts';
import { Duration, Timestamp } from '../time.ts';

export interface Clause {
  readonly verb: string;
  readonly precision: number;
}

/** A format string as text and clauses; what is wrong with it is thrown as a `Failure`. */
export function parseFormat(text: string): (string | Clause)[] {
  const parts: (string | Clause)[] = [];
  let literal = '';
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    if (char !== '%') {
      literal += char;
      at++;
    } else if (text.charAt(at + 1) === '%') {
      literal += '%';
      at += 2;
    } else {
      if (literal) parts.push(literal);
      literal = '';
      const { clause, end } = readClause(text, at + 1);
      parts.push(clause);
      at = end;
    }
  }
  if (literal) parts.push(literal);
  return parts;
}

const verbs = 'sdfebxXo';

function readClause(text: string, start: number): { clause: Clause; end: number } {
  if (start >= text.length) return fail('unexpected end of string');
  let at = start;
  let precision = 6;
  if (text.charAt(at) === '.') {
    const digits = /^\d*/.exec(text.slice(at + 1))?.[0] ?? '';
    at += 1 + digits.length;
    const prefix = 'could not parse formatting clause: error while parsing precision: ';
    if (at >= text.length) return fail(`${prefix}could not find end of precision specifier`);
    if (digits === '')
      return fail(`${prefix}error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax`);
    precision = Number(digits);
    if (precision > 100) return fail(`${prefix}precision ${digits} exceeds maximum allowed precision 100`);
  }
  const verb = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (!verbs.includes(verb)) return fail(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  return { clause: { verb, precision }, end: at + 1 };
}

/** What is said when a clause gets a value of another type. */
export const complaints: Readonly<Record<string, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on ints, uints, and doubles',
  f: 'fixed-point clause can only be used on ints, uints, and doubles',
  e: 'scientific clause can only be used on ints, uints, and doubles',
  b: 'only ints, uints, and bools can be formatted as binary',
  x: 'only ints, uints, bytes, and strings can be formatted as hex',
  X: 'only ints, uints, bytes, and strings can be formatted as hex',
  o: 'octal clause can only be used on ints and uints',
};

function mismatch(verb: string, value: unknown): never {
  return fail(`error during formatting: ${complaints[verb]}, was given ${typeName(typeOfValue(value))}`);
}

const parsed = new Map<string, readonly (string | Clause)[]>();

export function format(text: string, args: readonly unknown[]): string {
  let parts = parsed.get(text);
  if (!parts) {
    parts = partsUntilFailure(text, args.length);
    if (parsed.size > 500) parsed.clear();
    parsed.set(text, parts);
  }
  let result = '';
  let index = 0;
  for (const part of parts) {
    if (typeof part === 'string') result += part;
    else if (index >= args.length) return fail(`index ${index} out of range`);
    else result += formatClause(part, adapt(args[index++]));
  }
  return result;
}

/** cel-go notices a missing argument before a broken clause. */
function partsUntilFailure(text: string, count: number): readonly (string | Clause)[] {
  try {
    return parseFormat(text);
  } catch (error) {
    if (error instanceof Failure && count === 0) return fail('index 0 out of range');
    throw error;
  }
}

function formatClause({ verb, precision }: Clause, value: unknown): string {
  switch (verb) {
    case 's':
      return formatString(value);
    case 'd':
      return decimal(value);
    case 'f':
      return floating(verb, value, (number) => formatFixed(number, precision));
    case 'e':
      return floating(verb, value, (number) => formatScientific(number, precision));
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return integer(verb, value).toString(2);
    case 'o':
      return integer(verb, value).toString(8);
    default:
      return hexadecimal(verb, value);
  }
}

function formatString(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || value === null || isInt(value)) return String(value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelDouble) return formatSpecial(value.value) ?? formatPlain(value.value);
  if (value instanceof Uint8Array) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (value instanceof Timestamp) return value.toString();
  if (value instanceof CelTypeValue) return value.name;
  if (Array.isArray(value)) return `[${value.map((item) => formatString(adapt(item))).join(', ')}]`;
  if (isMap(value)) {
    const entries = Array.from(mapEntries(value), ([key, item]) => [formatString(key), formatString(item)] as const);
    entries.sort(([left], [right]) => compareStrings(left, right));
    return `{${entries.map(([key, item]) => `${key}: ${item}`).join(', ')}}`;
  }
  return mismatch('s', value);
}

/** Go's `Seconds()`: a float, so that very long durations lose their nanoseconds. */
function formatSeconds({ nanoseconds }: Duration): string {
  const whole = nanoseconds / 1_000_000_000n;
  return `${formatPlain(Number(whole) + Number(nanoseconds % 1_000_000_000n) / 1e9)}s`;
}

function decimal(value: unknown): string {
  if (value instanceof CelDouble) return formatSpecial(value.value) ?? formatPlain(value.value);
  return integer('d', value).toString();
}

function floating(verb: string, value: unknown, show: (number: number) => string): string {
  const number = value instanceof CelDouble ? value.value : Number(integer(verb, value));
  return formatSpecial(number) ?? show(number);
}

function integer(verb: string, value: unknown): number | bigint {
  if (isInt(value)) return value;
  return value instanceof CelUint ? value.value : mismatch(verb, value);
}

function hexadecimal(verb: string, value: unknown): string {
  const text =
    typeof value === 'string'
      ? Buffer.from(value).toString('hex')
      : value instanceof Uint8Array
        ? Buffer.from(value).toString('hex')
        : integer(verb, value).toString(16);
  return verb === 'X' ? text.toUpperCase() : text;
}
