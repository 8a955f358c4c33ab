import type { LiteralNode, Node } from './ast.ts';
import { CelError } from './error.ts';
import type { Token } from './lexer.ts';
import { literalValue } from './literal-value.ts';
import { expandGlobal, expandReceiver, MacroError } from './macros.ts';
import { balance, calculations, relations } from './grammar.ts';
import { rememberSource } from './source.ts';
import { AggregateParser } from './parse-aggregates.ts';
import { expressionStart, StopParsing } from './token-stream.ts';
import { UnescapeError } from './unescape.ts';

const maximumCodePoints = 100_000;
const maximumDepth = 250;
const maximumNodes = 100_000;

/** What is put where something could not be read; the error is reported, so nobody sees it. */
const placeholder: Node = { kind: 'literal', type: 'null', value: null };
const reserved: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/**
 * Reads an expression. The limits are kro's: 100,000 code points, 100,000 nodes, depth 250.
 *
 * @throws CelError with phase `parse`, in cel-go's words
 */
export function parse(text: string): Node {
  const size = text.length > maximumCodePoints ? codePoints(text) : 0;
  if (size > maximumCodePoints) {
    const reason = `expression code point size exceeds limit: size: ${size}, limit ${maximumCodePoints}`;
    throw new CelError({ phase: 'parse', issues: [{ reason, position: -1 }], source: '' });
  }
  const node = new Parser(text).start();
  rememberSource(node, text);
  return node;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

type Rule = 'expression' | 'relation' | 'calc' | 'member';

class Parser extends AggregateParser {
  private readonly depth: Record<Rule, number> = { expression: 0, relation: 0, calc: 0, member: 0 };
  private nesting = 0;

  start(): Node {
    let node = placeholder;
    try {
      node = this.expression();
      this.stream.expect('eof');
    } catch (error) {
      if (!(error instanceof StopParsing)) throw error;
    }
    if (this.stream.issues.length > 0) throw this.stream.fail(this.stream.text);
    return node;
  }

  protected override expression(): Node {
    this.enter('expression');
    const condition = this.logical('||');
    const operator = this.stream.take('?');
    let node = condition;
    if (operator) {
      const id = this.mark(operator);
      this.nest();
      const yes = this.logical('||');
      this.stream.expect(':');
      const no = this.expression();
      this.nesting--;
      node = { kind: 'call', function: '_?_:_', args: [condition, yes, no], position: id };
    }
    this.depth.expression--;
    return node;
  }

  private logical(operator: '||' | '&&'): Node {
    const next = () => (operator === '||' ? this.logical('&&') : this.relation());
    const first = next();
    if (!this.stream.is(operator)) return first;
    const terms = [first];
    const positions: number[] = [];
    for (let token = this.stream.take(operator); token; token = this.stream.take(operator)) {
      terms.push(next());
      positions.push(this.mark(token));
    }
    return balance(`_${operator}_`, terms, positions);
  }

  private relation(): Node {
    this.enter('relation');
    let left = this.calc(1);
    let chained = 1;
    for (;;) {
      const operator = relations.get(this.stream.kind);
      if (operator === undefined) break;
      const token = this.stream.peek();
      this.stream.take(token.kind);
      this.enter('relation');
      chained++;
      this.nest();
      const right = this.calc(1);
      left = this.binary(operator, left, right, token);
    }
    this.nesting -= chained - 1;
    this.depth.relation -= chained;
    return left;
  }

  /** Precedence 1 is `+ -`, 2 is `* / %`. */
  private calc(precedence: number): Node {
    this.enter('calc');
    let left = this.unary();
    let chained = 1;
    for (;;) {
      const operator = calculations.get(this.stream.kind);
      if (operator === undefined || operator.precedence < precedence) break;
      const token = this.stream.peek();
      this.stream.take(token.kind);
      this.enter('calc');
      chained++;
      this.nest();
      const right = this.calc(operator.precedence + 1);
      left = this.binary(operator.name, left, right, token);
    }
    this.nesting -= chained - 1;
    this.depth.calc -= chained;
    return left;
  }

  private binary(name: string, left: Node, right: Node, operator: Token): Node {
    return { kind: 'call', function: name, args: [left, right], position: this.mark(operator) };
  }

  private unary(): Node {
    const { stream } = this;
    const first = stream.peek();
    if (first.kind !== '!' && first.kind !== '-') return this.member();
    const number = stream.peek(1).kind === 'int' || stream.peek(1).kind === 'float';
    if (first.kind === '-' && number) return this.member();
    let count = 0;
    while (stream.take(first.kind)) count++;
    const node = this.member();
    if (count % 2 === 0) return node;
    return { kind: 'call', function: first.kind === '!' ? '!_' : '-_', args: [node], position: this.mark(first) };
  }

  private member(): Node {
    this.enter('member');
    let node = this.primary();
    let chained = 1;
    for (;;) {
      const token = this.stream.peek();
      if (token.kind !== '.' && token.kind !== '[') break;
      if (node === placeholder) break;
      this.stream.take(token.kind);
      this.enter('member');
      chained++;
      this.nest();
      node = token.kind === '.' ? this.selection(node, token) : this.index(node, token);
    }
    this.nesting -= chained - 1;
    this.depth.member -= chained;
    return node;
  }

  private selection(operand: Node, dot: Token): Node {
    const { stream } = this;
    const optional = stream.take('?') !== undefined;
    const name = stream.take('identifier');
    if (name && !optional) {
      const open = stream.take('(');
      if (open) return this.receiverCall(operand, stream.textOf(name), open);
    }
    const escaped = name ?? stream.take('escaped');
    if (!escaped) {
      stream.noAlternative(dot);
      return placeholder;
    }
    const text = stream.textOf(escaped);
    const field = name ? text : text.slice(1, -1);
    const position = this.mark(dot);
    return optional
      ? { kind: 'select', operand, field, optional, position }
      : { kind: 'select', operand, field, position };
  }

  private index(operand: Node, open: Token): Node {
    const optional = this.stream.take('?') !== undefined;
    const index = this.within(']', () => this.expression());
    const position = this.mark(open);
    return optional
      ? { kind: 'index', operand, index, optional, position }
      : { kind: 'index', operand, index, position };
  }

  private receiverCall(target: Node, name: string, open: Token): Node {
    const args = this.callArguments();
    const position = this.mark(open);
    return (
      this.macro(position, name, () => expandReceiver({ name, target, args, position })) ?? {
        kind: 'call',
        function: name,
        target,
        args,
        position,
      }
    );
  }

  private globalCall(name: string, open: Token): Node {
    const args = this.callArguments();
    const position = this.mark(open);
    return (
      this.macro(position, name, () => expandGlobal({ name, args, position })) ?? {
        kind: 'call',
        function: name,
        args,
        position,
      }
    );
  }

  private macro(
    position: number,
    name: string,
    expand: () => { node: Node; cost: number } | undefined,
  ): Node | undefined {
    try {
      const expanded = expand();
      if (!expanded) return undefined;
      this.nodes += expanded.cost;
      if (this.nodes > maximumNodes) {
        throw new MacroError(
          `expression count exceeds limit of ${maximumNodes} while expanding macro '${name}'`,
          position,
        );
      }
      return expanded.node;
    } catch (error) {
      if (!(error instanceof MacroError)) throw error;
      this.stream.issue(error.message, error.position);
      return placeholder;
    }
  }

  private callArguments(): Node[] {
    const args: Node[] = [];
    return this.within(')', () => {
      if (this.stream.is(')')) return args;
      if (!this.startsExpression([')'])) return args;
      do args.push(this.expression());
      while (this.stream.take(','));
      return args;
    });
  }

  private primary(): Node {
    const { stream } = this;
    if (!expressionStart.has(stream.kind) && !stream.recover(expressionStart)) return placeholder;
    const token = stream.peek();
    switch (token.kind) {
      case '(':
        stream.take('(');
        return this.within(')', () => this.expression());
      case '[':
        stream.take('[');
        return this.list(token);
      case '{':
        stream.take('{');
        return this.map(token);
      case '.':
      case 'identifier':
        return this.name();
      default:
        return this.literal();
    }
  }

  /** An identifier, a global call or a message. */
  private name(): Node {
    const { stream } = this;
    const start = stream.peek();
    const dot = stream.take('.') ? '.' : '';
    const token = stream.take('identifier');
    if (!token) {
      stream.noAlternative(start);
      return placeholder;
    }
    const word = stream.textOf(token);
    const message = this.messageName();
    if (message !== undefined) return this.message(`${dot}${word}${message}`);
    const open = stream.is('(') ? stream.peek() : undefined;
    if (reserved.has(word)) {
      if (stream.take('(')) this.callArguments();
      stream.issue(`reserved identifier: ${word}`, stream.position(start.start));
      return { kind: 'identifier', name: word, position: this.mark(token) };
    }
    if (open) {
      stream.take('(');
      return this.globalCall(`${dot}${word}`, open);
    }
    return { kind: 'identifier', name: `${dot}${word}`, position: this.mark(token) };
  }

  /** Consumes `.b.c` when a `{` comes after it. */
  private messageName(): string | undefined {
    const { stream } = this;
    let ahead = 0;
    while (stream.peek(ahead).kind === '.' && stream.peek(ahead + 1).kind === 'identifier') ahead += 2;
    if (stream.peek(ahead).kind !== '{') return undefined;
    let name = '';
    for (let count = 0; count < ahead; count++) {
      const token = stream.peek();
      name += stream.textOf(token);
      stream.take(token.kind);
    }
    return name;
  }

  private literal(): Node {
    const { stream } = this;
    const start = stream.peek();
    const sign = stream.take('-') ? '-' : '';
    const token = stream.peek();
    stream.take(token.kind);
    const position = this.mark(start);
    const text = stream.textOf(token);
    try {
      return { ...literalValue(token.kind, text, sign), kind: 'literal', position } as LiteralNode;
    } catch (error) {
      if (!(error instanceof UnescapeError)) throw error;
      stream.issue(error.message, position);
      return placeholder;
    }
  }

  private enter(rule: Rule): void {
    if (++this.depth[rule] > maximumDepth) this.tooDeep(`expression recursion limit exceeded: ${maximumDepth}`);
  }

  private nest(): void {
    if (++this.nesting > maximumDepth) this.tooDeep('max recursion depth exceeded');
  }

  private tooDeep(reason: string): never {
    this.stream.issue(reason, -1);
    throw new StopParsing();
  }
}
