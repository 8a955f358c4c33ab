import type { TokenKind } from './lexer.ts';
import { UnescapeError, unescapeBytes, unescapeString } from './unescape.ts';

/** The type and value of a literal token; `sign` is `-` or empty. */
export function literalValue(kind: TokenKind, text: string, sign: string): object {
  switch (kind) {
    case 'true':
    case 'false':
      return { type: 'bool', value: kind === 'true' };
    case 'null':
      return { type: 'null', value: null };
    case 'string':
      return { type: 'string', value: unescapeString(text) };
    case 'bytes':
      return { type: 'bytes', value: unescapeBytes(text) };
    case 'int': {
      const value = sign ? -BigInt(text) : BigInt(text);
      if (BigInt.asIntN(64, value) !== value) throw new UnescapeError('invalid int literal');
      return { type: 'int', value };
    }
    case 'uint': {
      const value = BigInt(text.slice(0, -1));
      if (BigInt.asUintN(64, value) !== value) throw new UnescapeError('invalid uint literal');
      return { type: 'uint', value };
    }
    default: {
      const value = Number(sign + text);
      if (!Number.isFinite(value)) throw new UnescapeError('invalid double literal');
      return { type: 'double', value };
    }
  }
}
