export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

export function startsIdentifier(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

export function continuesIdentifier(code: number): boolean {
  return startsIdentifier(code) || isDigit(code);
}

export type ScannedString = { readonly end: number } | { readonly end?: undefined; readonly failed: number };

/** The end of the string literal whose quote is at `quoteAt`, the longest that can be read. */
export function scanString(text: string, quoteAt: number, raw: boolean): ScannedString {
  const quote = text.charAt(quoteAt);
  const triple = quote.repeat(3);
  if (text.startsWith(triple, quoteAt)) {
    const long = scanTriple(text, quoteAt, triple, raw);
    // `""` is a literal of its own when the long form does not end.
    return long.end === undefined ? { end: quoteAt + 2 } : long;
  }
  let at = quoteAt + 1;
  for (;;) {
    const char = text.charAt(at);
    if (char === quote) return { end: at + 1 };
    if (char === '' || char === '\n' || char === '\r') return { failed: at };
    if (char === '\\' && !raw) {
      const escape = scanEscape(text, at);
      if (escape.end === undefined) return escape;
      at = escape.end;
    } else at++;
  }
}

function scanTriple(text: string, quoteAt: number, triple: string, raw: boolean): ScannedString {
  if (raw) {
    const end = text.indexOf(triple, quoteAt + 3);
    return end < 0 ? { failed: text.length } : { end: end + 3 };
  }
  let at = quoteAt + 3;
  for (;;) {
    if (at >= text.length) return { failed: at };
    if (text.startsWith(triple, at)) return { end: at + 3 };
    if (text.charAt(at) === '\\') {
      const escape = scanEscape(text, at);
      if (escape.end === undefined) return escape;
      at = escape.end;
    } else at++;
  }
}

const hexEscapes: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 };

function scanEscape(text: string, start: number): ScannedString {
  const char = text.charAt(start + 1);
  if (char !== '' && 'abfnrtv"\'\\?`'.includes(char)) return { end: start + 2 };
  if (char >= '0' && char <= '3') return scanDigits(text, start + 2, 2, (code) => code >= 48 && code <= 55);
  const width = Object.hasOwn(hexEscapes, char) ? hexEscapes[char] : undefined;
  return width === undefined ? { failed: start + 1 } : scanDigits(text, start + 2, width, isHexDigit);
}

function scanDigits(text: string, start: number, width: number, accepts: (code: number) => boolean): ScannedString {
  for (let at = start; at < start + width; at++) {
    if (!accepts(text.charCodeAt(at))) return { failed: at };
  }
  return { end: start + width };
}
