export type Component = 'path' | 'host' | 'user' | 'query' | 'fragment';

/** Go's unescaping of one component; `undefined` for a broken escape or a character that may not be there. */
export function unescape(text: string, component: Component): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  if (component === 'host') {
    // A host may only hide bytes beyond ASCII, and a percent sign in a zone.
    if (/%(?!25)[0-7][0-9A-Fa-f]/.test(text)) return undefined;
    if (/[^A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.test(text)) return undefined;
  }
  const plain = component === 'query' ? text.replaceAll('+', ' ') : text;
  if (!plain.includes('%')) return plain;
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const piece of plain.split(/(%[0-9A-Fa-f]{2})/)) {
    if (/^%[0-9A-Fa-f]{2}$/.test(piece)) bytes.push(Number.parseInt(piece.slice(1), 16));
    else bytes.push(...encoder.encode(piece));
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** Go's escaping of a path. */
export function escapePath(text: string): string {
  let result = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    result += /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return result;
}

/** Whether a path is already written the way it has to be escaped. */
export function isEncodedPath(text: string): boolean {
  return /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/.test(text);
}
