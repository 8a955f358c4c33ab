/** The value of a string literal's text as it stands in the source, quotes and prefix included. */
export function unescapeString(literal: string): string {
  const { body, raw } = unwrap(literal);
  if (raw || !body.includes('\\')) return body;
  let out = '';
  for (let at = 0; at < body.length; ) {
    if (body.charAt(at) !== '\\') {
      out += body.charAt(at++);
      continue;
    }
    const escape = readEscape(body, at);
    if (escape.value > 0x10ffff || (escape.value >= 0xd800 && escape.value <= 0xdfff)) {
      throw new UnescapeError('invalid unicode code point');
    }
    out += String.fromCodePoint(escape.value);
    at = escape.end;
  }
  return out;
}

/** The value of a bytes literal's text (`b"…"`): octal and hexadecimal escapes are bytes, other text is UTF-8. */
export function unescapeBytes(literal: string): Uint8Array {
  const { body, raw } = unwrap(literal.slice(1));
  const encoder = new TextEncoder();
  if (raw || !body.includes('\\')) return encoder.encode(body);
  const out: number[] = [];
  for (let at = 0; at < body.length; ) {
    if (body.charAt(at) !== '\\') {
      const point = String.fromCodePoint(body.codePointAt(at) ?? 0);
      out.push(...encoder.encode(point));
      at += point.length;
      continue;
    }
    if (/[uU]/.test(body.charAt(at + 1))) throw new UnescapeError('unable to unescape string');
    const escape = readEscape(body, at);
    out.push(escape.value & 0xff);
    at = escape.end;
  }
  return Uint8Array.from(out);
}

export class UnescapeError extends Error {}

function unwrap(literal: string): { body: string; raw: boolean } {
  const text = literal.replace(/\r\n?/g, '\n');
  const raw = /^[rR]/.test(text);
  const quoted = raw ? text.slice(1) : text;
  const width = quoted.length >= 6 && (quoted.startsWith('"""') || quoted.startsWith("'''")) ? 3 : 1;
  return { body: quoted.slice(width, -width), raw };
}

const named: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
  ['\\', 92],
  ["'", 39],
  ['"', 34],
  ['`', 96],
  ['?', 63],
]);
const widths: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['X', 2],
  ['u', 4],
  ['U', 8],
]);

function readEscape(body: string, at: number): { value: number; end: number } {
  const char = body.charAt(at + 1);
  const simple = named.get(char);
  if (simple !== undefined) return { value: simple, end: at + 2 };
  const width = widths.get(char);
  if (width !== undefined) {
    return { value: Number.parseInt(body.slice(at + 2, at + 2 + width), 16), end: at + 2 + width };
  }
  return { value: Number.parseInt(body.slice(at + 1, at + 4), 8), end: at + 4 };
}
