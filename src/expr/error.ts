import { KubewrightError } from '../errors.ts';

export type CelPhase = 'parse' | 'check' | 'evaluate';

export interface CelIssue {
  /** What is wrong, in cel-go's words, without place. */
  readonly reason: string;
  /** Code point offset into the source; `-1` for the expression as a whole. */
  readonly position?: number | undefined;
}

export interface CelErrorDetails {
  readonly phase: CelPhase;
  readonly issues: readonly CelIssue[];
  /** The text that was parsed, for the caret line. */
  readonly source?: string | undefined;
  /** The data is not there yet: no such key, field or attribute, index out of bounds. */
  readonly missing?: boolean;
  readonly cause?: unknown;
}

const codes = { parse: 'CelSyntax', check: 'CelType', evaluate: 'CelEvaluation' } as const;

/**
 * A problem with an expression. The message has cel-go's words and, when the text is known, its caret line. It holds
 * names and types, never values of bindings.
 */
export class CelError extends KubewrightError {
  readonly phase: CelPhase;
  /** Code point offset of the first issue, when it has one. */
  readonly position?: number;
  /** kro waits instead of failing: no such key, field or attribute, index out of bounds. */
  readonly missing: boolean;
  readonly issues: readonly CelIssue[];

  constructor(details: CelErrorDetails) {
    super({ code: codes[details.phase], message: describe(details), cause: details.cause });
    this.name = 'CelError';
    this.phase = details.phase;
    this.missing = details.missing ?? false;
    this.issues = details.issues;
    const position = details.issues[0]?.position;
    if (position !== undefined && position >= 0) this.position = position;
  }

  /** The first issue without its place. */
  get reason(): string {
    return this.issues[0]?.reason ?? this.message;
  }
}

function describe({ issues, source }: CelErrorDetails): string {
  return issues.map((issue) => (source === undefined ? issue.reason : display(issue, source))).join('\n');
}

function display({ reason, position }: CelIssue, source: string): string {
  if (position === undefined) return reason;
  if (position < 0) return `ERROR: <input>:-1:0: ${reason}`;
  const { line, column, text } = locate(source, position);
  const head = `ERROR: <input>:${line}:${column + 1}: ${reason}`;
  if (text.length > 16384) return head;
  const points = Array.from(text.replaceAll('\t', ' '));
  const dots = points.slice(0, column).map((point) => (wide(point) ? '\uff0e' : '.'));
  const at = points[column];
  return `${head}\n | ${points.join('')}\n | ${dots.join('')}${at !== undefined && wide(at) ? '\uff3e' : '^'}`;
}

function wide(point: string): boolean {
  return (point.codePointAt(0) ?? 0) > 0x7f;
}

function locate(source: string, position: number): { line: number; column: number; text: string } {
  const points = Array.from(source);
  let line = 1;
  let start = 0;
  for (let index = 0; index < Math.min(position, points.length); index++) {
    if (points[index] === '\n') {
      line++;
      start = index + 1;
    }
  }
  const end = points.indexOf('\n', start);
  return { line, column: position - start, text: points.slice(start, end < 0 ? undefined : end).join('') };
}
