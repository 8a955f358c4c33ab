import type { Node } from './ast.ts';
import type { Token, TokenKind } from './lexer.ts';
import { expressionStart, TokenStream } from './token-stream.ts';

/** Lists, maps and messages, and what their reading has in common with that of calls. */
export abstract class AggregateParser {
  protected readonly stream: TokenStream;
  /** Nodes so far, as cel-go counts them. */
  protected nodes = 0;

  constructor(text: string) {
    this.stream = new TokenStream(text);
  }

  protected abstract expression(): Node;

  protected message(type: string): Node {
    const { stream } = this;
    const open = stream.peek();
    stream.take('{');
    const fields: { name: string; value: Node; optional?: boolean }[] = [];
    const starts: TokenKind[] = ['}', ',', '?', 'identifier', 'escaped'];
    this.within('}', () => {
      if (stream.is('}') || (stream.is(',') && stream.take(','))) return;
      if (!starts.includes(stream.kind) && !stream.recover(new Set(starts))) return;
      do {
        if (stream.is('}')) return;
        const optional = stream.take('?') !== undefined;
        const token = stream.take('identifier') ?? stream.take('escaped');
        if (!token) {
          stream.recover(new Set<TokenKind>(['identifier', 'escaped']));
          return;
        }
        if (!stream.expect(':')) return;
        const text = stream.textOf(token);
        const name = token.kind === 'escaped' ? text.slice(1, -1) : text;
        const value = this.expression();
        this.nodes++;
        fields.push(optional ? { name, value, optional } : { name, value });
      } while (stream.take(','));
    });
    return { kind: 'message', type, fields, position: this.mark(open) };
  }

  protected list(open: Token): Node {
    const elements: { value: Node; optional?: boolean }[] = [];
    this.within(']', () => {
      if (this.stream.is(']') || (this.stream.is(',') && this.stream.take(','))) return;
      if (!this.startsExpression([']', ',', '?'])) return;
      do {
        if (this.stream.is(']')) return;
        const optional = this.stream.take('?') !== undefined;
        const value = this.expression();
        elements.push(optional ? { value, optional } : { value });
      } while (this.stream.take(','));
    });
    return { kind: 'list', elements, position: this.mark(open) };
  }

  protected map(open: Token): Node {
    const { stream } = this;
    const entries: { key: Node; value: Node; optional?: boolean }[] = [];
    this.within('}', () => {
      if (stream.is('}') || (stream.is(',') && stream.take(','))) return;
      if (!this.startsExpression(['}', ',', '?'])) return;
      do {
        if (stream.is('}')) return;
        const optional = stream.take('?') !== undefined;
        const key = this.expression();
        if (!stream.expect(':')) return;
        const value = this.expression();
        this.nodes++;
        entries.push(optional ? { key, value, optional } : { key, value });
      } while (stream.take(','));
    });
    return { kind: 'map', entries, position: this.mark(open) };
  }

  /** True when an expression starts here; reports it when neither that nor one of `also` does. */
  protected startsExpression(also: readonly TokenKind[]): boolean {
    const { kind } = this.stream;
    if (expressionStart.has(kind)) return true;
    if (also.includes(kind)) return kind === '?';
    return (
      this.stream.recover(new Set<TokenKind>([...expressionStart, ...also])) && expressionStart.has(this.stream.kind)
    );
  }

  protected within<T>(close: TokenKind, body: () => T): T {
    this.stream.follow.push(close);
    const result = body();
    this.stream.expect(close);
    this.stream.follow.pop();
    return result;
  }

  protected mark(token: Token): number {
    this.nodes++;
    return this.stream.position(token.start);
  }
}
