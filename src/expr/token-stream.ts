import { CelError, type CelIssue } from './error.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';

/** Token names in the order in which ANTLR lists what it expected. */
const order: readonly string[] = [
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
  'true',
  'false',
  'null',
  'float',
  'int',
  'uint',
  'string',
  'bytes',
  'identifier',
  'escaped',
  'eof',
];
const names: ReadonlyMap<string, string> = new Map([
  ['float', 'NUM_FLOAT'],
  ['int', 'NUM_INT'],
  ['uint', 'NUM_UINT'],
  ['string', 'STRING'],
  ['bytes', 'BYTES'],
  ['identifier', 'IDENTIFIER'],
  ['escaped', 'ESC_IDENTIFIER'],
  ['eof', '<EOF>'],
]);
const maximumErrors = 100;
const recoveryLimit = 30;

export const expressionStart: ReadonlySet<TokenKind> = new Set<TokenKind>([
  '[',
  '{',
  '(',
  '.',
  '-',
  '!',
  'true',
  'false',
  'null',
  'float',
  'int',
  'uint',
  'string',
  'bytes',
  'identifier',
]);

/** Thrown to stop at once; the issues so far are in the stream. */
export class StopParsing extends Error {}

/** The tokens of a text with ANTLR's way of reporting and repairing what does not fit. */
export class TokenStream {
  readonly text: string;
  readonly issues: CelIssue[] = [];
  private readonly tokens: readonly Token[];
  private readonly astral: boolean;
  private index = 0;
  private recovering = false;
  private attempts = 0;
  /** What may come after the constructs that are open, innermost last. */
  readonly follow: TokenKind[] = [];

  constructor(text: string) {
    this.text = text;
    this.astral = /[\ud800-\udfff]/.test(text);
    const { tokens, errors } = tokenize(text);
    this.tokens = tokens;
    for (const error of errors) {
      const shown = error.text.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
      this.issue(`Syntax error: token recognition error at: '${shown}'`, this.position(error.start));
    }
  }

  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.index + ahead, this.tokens.length - 1)] as Token;
  }

  get kind(): TokenKind {
    return this.peek().kind;
  }

  is(kind: TokenKind): boolean {
    return this.peek().kind === kind;
  }

  /** Consumes the token when it is of this kind. */
  take(kind: TokenKind): Token | undefined {
    const token = this.peek();
    if (token.kind !== kind) return undefined;
    this.recovering = false;
    if (token.kind !== 'eof') this.index++;
    return token;
  }

  textOf(token: Token): string {
    return this.text.slice(token.start, token.end);
  }

  /** UTF-16 offset to code point offset. */
  position(offset: number): number {
    if (!this.astral) return offset;
    let pairs = 0;
    for (let at = 0; at < offset; at++) {
      const code = this.text.charCodeAt(at);
      if (code >= 0xd800 && code <= 0xdbff) pairs++;
    }
    return offset - pairs;
  }

  issue(reason: string, position: number): void {
    if (this.issues.length >= maximumErrors) {
      this.issues.push({ reason: `Syntax error: More than ${maximumErrors} syntax errors`, position });
      throw new StopParsing();
    }
    this.issues.push({ reason, position });
  }

  /** Consumes a token of this kind, repairing one missing or superfluous token. */
  expect(kind: TokenKind): Token | undefined {
    const token = this.take(kind);
    if (token) return token;
    this.attempt();
    const found = this.peek();
    if (this.peek(1).kind === kind && found.kind !== 'eof') {
      this.syntax(`extraneous input ${this.quote(found)} expecting ${expecting([kind])}`, found);
      this.index++;
      this.recovering = false;
      return this.take(kind);
    }
    if (kind !== 'eof' && kind !== ':' && this.mayFollow(found.kind, kind)) {
      this.syntax(`missing ${expecting([kind])} at ${this.quote(found)}`, found);
      return undefined;
    }
    this.syntax(`mismatched input ${this.quote(found)} expecting ${expecting([kind])}`, found);
    this.skipToFollow();
    return undefined;
  }

  /** Reports that none of `kinds` is here. True when one superfluous token was dropped and one of them is. */
  recover(kinds: ReadonlySet<TokenKind>): boolean {
    this.attempt();
    const found = this.peek();
    if (found.kind !== 'eof' && kinds.has(this.peek(1).kind)) {
      this.syntax(`extraneous input ${this.quote(found)} expecting ${expecting([...kinds])}`, found);
      this.index++;
      return true;
    }
    this.syntax(`mismatched input ${this.quote(found)} expecting ${expecting([...kinds])}`, found);
    this.skipToFollow();
    return false;
  }

  noAlternative(from: Token): void {
    const found = this.peek();
    const text = `${this.textOf(from)}${found.kind === 'eof' ? '' : this.textOf(found)}`;
    const word = ['true', 'false', 'null'].includes(found.kind);
    this.syntax(
      word ? `mismatched input '${found.kind}' expecting IDENTIFIER` : `no viable alternative at input '${text}'`,
      found,
    );
    this.skipToFollow();
  }

  fail(source: string): CelError {
    const issues = [...this.issues].sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    return new CelError({ phase: 'parse', issues, source });
  }

  private syntax(reason: string, at: Token): void {
    if (this.recovering) return;
    this.recovering = true;
    this.issue(`Syntax error: ${reason}`, this.position(at.start));
  }

  private attempt(): void {
    if (this.attempts++ < recoveryLimit) return;
    const position = this.position(this.peek().start);
    this.issue(`Syntax error: error recovery attempt limit exceeded: ${recoveryLimit}`, position);
    throw new StopParsing();
  }

  private quote(token: Token): string {
    return token.kind === 'eof' ? "'<EOF>'" : `'${this.textOf(token)}'`;
  }

  private mayFollow(kind: TokenKind, missing: TokenKind): boolean {
    if (missing === 'identifier') return kind === '(';
    return operators.has(kind) || this.follow.slice(0, -1).includes(kind) || kind === 'eof';
  }

  private skipToFollow(): void {
    while (this.kind !== 'eof' && !operators.has(this.kind) && !this.follow.includes(this.kind)) this.index++;
  }
}

const operators: ReadonlySet<TokenKind> = new Set<TokenKind>([
  '?',
  '||',
  '&&',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  '+',
  '-',
  '*',
  '/',
  '%',
  '.',
  '[',
]);

function expecting(kinds: readonly string[]): string {
  const sorted = [...kinds].sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const shown = sorted.map((kind) => names.get(kind) ?? `'${kind}'`);
  return shown.length === 1 ? (shown[0] ?? '') : `{${shown.join(', ')}}`;
}
