const named: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** A string literal in double quotes. Control characters and lone surrogates are escaped. */
export function quoteString(value: string): string {
  return `"${value.toWellFormed().replace(/["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g, escape)}"`;
}

function escape(char: string): string {
  return named.get(char) ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export function quoteBytes(value: Uint8Array): string {
  let text = '';
  for (const byte of value) {
    const char = String.fromCharCode(byte);
    text += byte < 32 || byte > 126 ? `\\x${byte.toString(16).padStart(2, '0')}` : (named.get(char) ?? char);
  }
  return `b"${text}"`;
}
