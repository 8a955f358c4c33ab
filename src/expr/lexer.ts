import { continuesIdentifier, startsIdentifier, isDigit, isHexDigit, scanString } from './lexer-scan.ts';

/** Kinds of tokens; punctuation and keywords are their own text. */
export type TokenKind =
  | 'eof'
  | 'int'
  | 'uint'
  | 'float'
  | 'string'
  | 'bytes'
  | 'identifier'
  | 'escaped'
  | (typeof symbols)[number]
  | 'in'
  | 'true'
  | 'false'
  | 'null';

const symbols = [
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '<',
  '>',
  '[',
  ']',
  '{',
  '}',
  '(',
  ')',
  '.',
  ',',
  '-',
  '!',
  '?',
  ':',
  '+',
  '*',
  '/',
  '%',
] as const;
const single = new Set<string>(symbols.filter((symbol) => symbol.length === 1));
const double = new Set<string>(symbols.filter((symbol) => symbol.length === 2));
const keywords = new Set<string>(['in', 'true', 'false', 'null']);

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

export interface LexicalError {
  readonly start: number;
  /** The text that was read so far, as ANTLR shows it. */
  readonly text: string;
}

/** Tokens of a text, offsets in UTF-16 units. Unreadable characters are skipped and reported, as ANTLR does. */
export function tokenize(text: string): { tokens: Token[]; errors: LexicalError[] } {
  const tokens: Token[] = [];
  const errors: LexicalError[] = [];
  let at = 0;
  while (at < text.length) {
    const next = skipBlank(text, at);
    if (next > at) {
      at = next;
      continue;
    }
    const token = scan(text, at);
    if ('failed' in token) {
      const stop = token.failed < text.length ? token.failed + charWidth(text, token.failed) : text.length;
      errors.push({ start: at, text: text.slice(at, stop) });
      at = stop;
    } else {
      tokens.push(token);
      at = token.end;
    }
  }
  tokens.push({ kind: 'eof', start: text.length, end: text.length });
  return { tokens, errors };
}

function charWidth(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function skipBlank(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 9 || code === 10 || code === 13 || code === 12) at++;
    else if (code === 47 && text.charCodeAt(at + 1) === 47) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else return at;
  }
}

/** Where no token could be completed: the offset of the character that did not fit. */
interface Failed {
  readonly failed: number;
}

function scan(text: string, start: number): Token | Failed {
  const code = text.charCodeAt(start);
  if (startsIdentifier(code)) {
    const literal = prefixedString(text, start);
    return literal ?? identifier(text, start);
  }
  if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(start + 1)))) return number(text, start);
  if (code === 34 || code === 39) return string(text, start, start, false, 'string');
  if (code === 96) return escapedIdentifier(text, start);
  const pair = text.slice(start, start + 2);
  if (double.has(pair)) return { kind: pair as TokenKind, start, end: start + 2 };
  const symbol = text.charAt(start);
  if (single.has(symbol)) return { kind: symbol as TokenKind, start, end: start + 1 };
  return { failed: symbol === '=' || symbol === '&' || symbol === '|' ? start + 1 : start };
}

function identifier(text: string, start: number): Token {
  let end = start + 1;
  while (continuesIdentifier(text.charCodeAt(end))) end++;
  const word = text.slice(start, end);
  return { kind: keywords.has(word) ? (word as TokenKind) : 'identifier', start, end };
}

/** `r"…"`, `b"…"`, `br"…"`; undefined when the letters are the start of an identifier. */
function prefixedString(text: string, start: number): Token | undefined {
  let at = start;
  const lower = (offset: number) => text.charCodeAt(offset) | 32;
  const isBytes = lower(at) === 98;
  if (isBytes) at++;
  const raw = lower(at) === 114;
  if (raw) at++;
  const quote = text.charCodeAt(at);
  if (at === start || (quote !== 34 && quote !== 39)) return undefined;
  const token = string(text, start, at, raw, isBytes ? 'bytes' : 'string');
  // An unterminated literal leaves its letters as an identifier, the longest token that can be read.
  return 'failed' in token ? undefined : token;
}

function string(text: string, start: number, quoteAt: number, raw: boolean, kind: 'string' | 'bytes'): Token | Failed {
  const result = scanString(text, quoteAt, raw);
  return result.end === undefined ? { failed: result.failed } : { kind, start, end: result.end };
}

function number(text: string, start: number): Token {
  if (text.charCodeAt(start) === 48 && text.charAt(start + 1) === 'x' && isHexDigit(text.charCodeAt(start + 2))) {
    let end = start + 2;
    while (isHexDigit(text.charCodeAt(end))) end++;
    return unsigned(text, start, end);
  }
  let end = start;
  while (isDigit(text.charCodeAt(end))) end++;
  let float = false;
  if (text.charCodeAt(end) === 46 && isDigit(text.charCodeAt(end + 1))) {
    float = true;
    end++;
    while (isDigit(text.charCodeAt(end))) end++;
  }
  const exponent = exponentEnd(text, end);
  if (exponent > end) return { kind: 'float', start, end: exponent };
  return float ? { kind: 'float', start, end } : unsigned(text, start, end);
}

function unsigned(text: string, start: number, end: number): Token {
  return (text.charCodeAt(end) | 32) === 117 ? { kind: 'uint', start, end: end + 1 } : { kind: 'int', start, end };
}

function exponentEnd(text: string, start: number): number {
  if ((text.charCodeAt(start) | 32) !== 101) return start;
  const sign = text.charCodeAt(start + 1);
  let end = sign === 43 || sign === 45 ? start + 2 : start + 1;
  if (!isDigit(text.charCodeAt(end))) return start;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

function escapedIdentifier(text: string, start: number): Token | Failed {
  let end = start + 1;
  while (/[A-Za-z0-9_.\-/ ]/.test(text.charAt(end))) end++;
  if (end > start + 1 && text.charCodeAt(end) === 96) return { kind: 'escaped', start, end: end + 1 };
  return { failed: end };
}
