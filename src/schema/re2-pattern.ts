/** A JavaScript pattern as RE2 (the syntax of Go, Kubernetes and kro) reads it with the same meaning, or why it cannot. */
export type Re2Pattern = { readonly pattern: string } | { readonly refused: string };

const shorthand = new Set('dDwWsSbBtnvfrpP');

/** Rewrites what the two dialects spell differently: `\u0041`, `\cA`, `[^]`, a bare `[` in a class, needless escapes. */
export function toRe2(pattern: string): Re2Pattern {
  let result = '';
  let rest = pattern;
  let inClass = false;
  while (rest !== '') {
    const token: Token = inClass ? classToken(rest) : topToken(rest);
    if ('refused' in token) return token;
    result += token.pattern;
    rest = rest.slice(token.length);
    inClass = token.inClass ?? inClass;
  }
  return { pattern: result };
}

type Token =
  | { readonly pattern: string; readonly length: number; readonly inClass?: boolean }
  | { readonly refused: string };

function topToken(rest: string): Token {
  if (rest[0] === '\\') return escapeToken(rest);
  if (/^\(\?<?[=!]/.test(rest))
    return { refused: `look-around ${JSON.stringify(rest.slice(0, 4))} does not exist in RE2` };
  if (rest.startsWith('[^]')) return { pattern: '(?s:.)', length: 3 };
  if (rest.startsWith('[]')) return { refused: 'the empty class [] does not exist in RE2' };
  if (rest[0] === '[')
    return { pattern: rest.startsWith('[^') ? '[^' : '[', length: rest.startsWith('[^') ? 2 : 1, inClass: true };
  const repeat = /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
  if (repeat) {
    if (Number(repeat[1]) > 1000 || Number(repeat[2] ?? 0) > 1000)
      return { refused: `RE2 repeats at most 1000 times, not ${repeat[0]}` };
    return { pattern: repeat[0], length: repeat[0].length };
  }
  return { pattern: rest.slice(0, 1), length: 1 };
}

function classToken(rest: string): Token {
  if (rest[0] === ']') return { pattern: ']', length: 1, inClass: false };
  // RE2 would read the beginning of a class name such as [:alpha:].
  if (rest[0] === '[') return { pattern: '\\[', length: 1 };
  if (rest.startsWith('\\b')) return { pattern: '\\x{8}', length: 2 };
  return rest[0] === '\\' ? escapeToken(rest) : { pattern: rest.slice(0, 1), length: 1 };
}

function escapeToken(rest: string): Token {
  const code = /^\\u\{([\da-fA-F]+)\}|^\\u([\da-fA-F]{4})|^\\x([\da-fA-F]{2})/.exec(rest);
  if (code) return { pattern: `\\x{${(code[1] ?? code[2] ?? code[3] ?? '').toUpperCase()}}`, length: code[0].length };
  const control = /^\\c([A-Za-z])/.exec(rest);
  if (control)
    return { pattern: `\\x{${((control[1] ?? '').charCodeAt(0) % 32).toString(16).toUpperCase()}}`, length: 3 };
  const next = rest[1] ?? '';
  if (next === '') return { refused: 'it ends with a backslash' };
  if (next === '0' && !/^\\0\d/.test(rest)) return { pattern: '\\x{0}', length: 2 };
  if (/\d/.test(next)) return { refused: `back-references (\\${next}) do not exist in RE2` };
  if (next === 'k') return { refused: 'back-references (\\k) do not exist in RE2' };
  if (/[a-zA-Z]/.test(next) && !shorthand.has(next)) return { pattern: next, length: 2 };
  return { pattern: `\\${next}`, length: 2 };
}
