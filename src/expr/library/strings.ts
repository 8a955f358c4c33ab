import { fail } from '../failure.ts';
import { spendText } from '../frame.ts';
import type { Int } from '../int64.ts';
import { format } from './format.ts';
import type { Library } from './overload.ts';
import { stringLength } from './standard.ts';

const astral = /[\ud800-\udfff]/;

/** The text from one code point to another. */
function cut(text: string, start: number, end: number): string {
  return astral.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end);
}

function charAt(text: string, index: Int): string {
  if (index < 0 || index > stringLength(text)) return fail(`index out of range: ${index}`);
  return cut(text, Number(index), Number(index) + 1);
}

function indexOf(text: string, part: string, offset: Int = 0): number {
  if (offset < 0) return fail(`index out of range: ${offset}`);
  const length = stringLength(text);
  if (part === '') return offset > length ? length : Number(offset);
  if (offset >= length) return -1;
  if (!astral.test(text)) return text.indexOf(part, Number(offset));
  const at = text.indexOf(part, cut(text, 0, Number(offset)).length);
  return at < 0 ? -1 : stringLength(text.slice(0, at));
}

function lastIndexOf(text: string, part: string): number {
  const at = text.lastIndexOf(part);
  return at < 0 ? -1 : stringLength(text.slice(0, at));
}

function lastIndexOfFrom(text: string, part: string, offset: Int): number {
  if (offset < 0) return fail(`index out of range: ${offset}`);
  const length = stringLength(text);
  if (part === '') return offset > length ? length : Number(offset);
  if (offset >= length) return -1;
  const at = text.lastIndexOf(part, cut(text, 0, Number(offset)).length);
  return at < 0 ? -1 : stringLength(text.slice(0, at));
}

/** Go's `strings.Replace`: an empty text is found before each character and at the end. */
function replace(text: string, old: string, by: string, limit: Int = -1): string {
  return spendText(replaced(text, old, by, limit));
}

function replaced(text: string, old: string, by: string, limit: Int): string {
  if (limit === 0 || old === by) return text;
  if (limit < 0) return old === '' ? replaceEmpty(text, by, Number.POSITIVE_INFINITY) : text.replaceAll(old, () => by);
  if (old === '') return replaceEmpty(text, by, Number(limit));
  let result = '';
  let at = 0;
  for (let count = 0; count < limit; count++) {
    const found = text.indexOf(old, at);
    if (found < 0) break;
    result += text.slice(at, found) + by;
    at = found + old.length;
  }
  return result + text.slice(at);
}

function replaceEmpty(text: string, by: string, limit: number): string {
  let result = '';
  let count = 0;
  for (const char of text) result += (count++ < limit ? by : '') + char;
  return count < limit ? result + by : result;
}

/** Go's `strings.SplitN`: at most `limit` parts, all when it is negative, none when it is zero. */
function split(text: string, separator: string, limit: Int = -1): string[] {
  if (limit === 0) return [];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  const head = parts.slice(0, Number(limit) - 1);
  return [...head, parts.slice(Number(limit) - 1).join(separator)];
}

function substring(text: string, start: Int, end?: Int): string {
  const length = stringLength(text);
  if (end !== undefined && start > end) return fail(`invalid substring range. start: ${start}, end: ${end}`);
  if (start < 0 || start > length) return fail(`index out of range: ${start}`);
  if (end !== undefined && end > length) return fail(`index out of range: ${end}`);
  return cut(text, Number(start), end === undefined ? length : Number(end));
}

/** Go's `unicode.IsSpace`, which differs from JavaScript's notion in U+0085 and U+FEFF. */
function trim(text: string): string {
  return text
    .replace(/^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, '')
    .replace(/[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/, '');
}

const ascii = /^[\0-\x7f]*$/;

function lowerAscii(text: string): string {
  return ascii.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upperAscii(text: string): string {
  return ascii.test(text) ? text.toUpperCase() : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

function join(list: readonly unknown[], separator = ''): string {
  if (list.some((item) => typeof item !== 'string')) return fail('join: invalid input');
  return spendText(list.join(separator));
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** As specified, an offset beyond the end is an error; cel-go finds nothing there. */
export const strictStrings: Library = {
  indexOf: {
    'string.(string, int): int': (text: string, part: string, offset: Int) => indexOf(text, part, within(text, offset)),
  },
  lastIndexOf: {
    'string.(string, int): int': (text: string, part: string, offset: Int) =>
      lastIndexOfFrom(text, part, within(text, offset)),
  },
};

function within(text: string, offset: Int): Int {
  return offset > stringLength(text) ? fail(`index out of range: ${offset}`) : offset;
}

/** cel-go's string extension. */
export const strings: Library = {
  charAt: { 'string.(int): string': charAt },
  indexOf: {
    'string.(string): int': (text: string, part: string) => indexOf(text, part),
    'string.(string, int): int': indexOf,
  },
  lastIndexOf: { 'string.(string): int': lastIndexOf, 'string.(string, int): int': lastIndexOfFrom },
  lowerAscii: { 'string.(): string': lowerAscii },
  replace: {
    'string.(string, string): string': (text: string, old: string, by: string) => replace(text, old, by),
    'string.(string, string, int): string': replace,
  },
  split: {
    'string.(string): list(string)': (text: string, separator: string) => split(text, separator),
    'string.(string, int): list(string)': split,
  },
  substring: {
    'string.(int): string': (text: string, start: Int) => substring(text, start),
    'string.(int, int): string': substring,
  },
  trim: { 'string.(): string': trim },
  upperAscii: { 'string.(): string': upperAscii },
  format: { 'string.(list(dyn)): string': format },
  'strings.quote': {
    '(string): string': (text: string) =>
      `"${text.toWellFormed().replace(/[\u0007\b\f\n\r\t\v\\"]/g, (char) => escapes.get(char) ?? char)}"`,
  },
  join: {
    'list(string).(): string': (list: readonly unknown[]) => join(list),
    'list(string).(string): string': join,
  },
  reverse: { 'string.(): string': (text: string) => Array.from(text).reverse().join('') },
};
