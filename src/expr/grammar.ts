import type { CallNode, Node } from './ast.ts';
import type { TokenKind } from './lexer.ts';

export const relations: ReadonlyMap<TokenKind, string> = new Map<TokenKind, string>([
  ['==', '_==_'],
  ['!=', '_!=_'],
  ['<', '_<_'],
  ['<=', '_<=_'],
  ['>', '_>_'],
  ['>=', '_>=_'],
  ['in', '@in'],
]);
export const calculations: ReadonlyMap<TokenKind, { name: string; precedence: number }> = new Map([
  ['+', { name: '_+_', precedence: 1 }],
  ['-', { name: '_-_', precedence: 1 }],
  ['*', { name: '_*_', precedence: 2 }],
  ['/', { name: '_/_', precedence: 2 }],
  ['%', { name: '_%_', precedence: 2 }],
]);

/** Long chains of && and || become balanced trees, which keeps them shallow. */
export function balance(name: string, terms: readonly Node[], positions: readonly number[]): Node {
  const build = (low: number, high: number): CallNode => {
    const middle = Math.floor((low + high + 1) / 2);
    const left = middle === low ? (terms[middle] as Node) : build(low, middle - 1);
    const right = middle === high ? (terms[middle + 1] as Node) : build(middle + 1, high);
    return { kind: 'call', function: name, args: [left, right], position: positions[middle] ?? 0 };
  };
  return build(0, positions.length - 1);
}
