import type { Terminal } from './terminal.ts';
import type { Stack } from './stack.ts';

/** What a verb works on: a stack file, several of them, files that it reads itself, a folder or none, or nothing. */
export type Operand = 'stack' | 'stacks' | 'files' | 'folder' | 'none';

/** One command of the command line; a file of this folder each. */
export interface Verb {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** Command lines without the program's name. */
  readonly examples: readonly string[];
  readonly operand: Operand;
  /** File that the examples name. @default 'stacks/app.ts' */
  readonly sample?: string;
  readonly environment: 'required' | 'optional' | 'none';
  readonly options?: readonly Flag[];
  /** Command lines of their own below this one. */
  readonly verbs?: readonly Verb[];
  /** Whether everything behind it belongs to another program. */
  readonly passThrough?: boolean;
  run(call: Call): Promise<Outcome>;
}

/** A flag as `--help` shows it, and what it does. */
export interface Flag {
  /** Such as `--out <dir>`. */
  readonly flags: string;
  readonly text: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly many?: boolean;
}

/** A command line that was read. */
export interface Call {
  /** As it was typed, with the program before it. */
  readonly commandLine: readonly string[];
  readonly stacks: readonly Stack[];
  /** Paths as they were written, of a verb that reads its files itself. */
  readonly files: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** What is left of a command line that belongs to another program. */
  readonly rest: readonly string[];
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a verb has to say at its end: one document for programs, the same as text for people. */
export interface Outcome {
  readonly document: object;
  readonly text: string;
  /** @default 0 */
  readonly exitCode?: number;
}
