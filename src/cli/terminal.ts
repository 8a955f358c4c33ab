import { isatty } from 'node:tty';
import type picocolors from 'picocolors';
import { eventLine, type OutputFormat } from './output.ts';
import { liveProgress } from './live-progress.ts';

type Colors = ReturnType<typeof picocolors.createColors>;

/** How much a terminal shows at once. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** Where progress goes: one place on a terminal that is drawn again and again, a line for everything that happened, or events for programs. */
export interface Progress {
  /** Whether live lines are shown. */
  readonly isLive: boolean;
  /** A line that stays. */
  line(text: string): void;
  /** Lines that the next ones replace, drawn anew as time goes by; shown on a terminal only. */
  live(draw: (screen: Screen) => readonly string[]): void;
  /** Something that happened, for programs; written with `--output jsonl` only. */
  event(event: object): void;
  /** Removes the live lines. */
  stop(): void;
}

/** The terminal of a command: its colours, its progress and its questions. Results are not printed here. */
export interface Terminal {
  /** Whether the result is for programs. */
  readonly json: boolean;
  /** Whether somebody sits in front of it. */
  readonly interactive: boolean;
  readonly colors: Colors;
  progress(): Promise<Progress>;
  /** Says something at any moment, without disturbing what is drawn. */
  say(text: string, event: object): void;
  /** Asks a question that is answered by yes or no; no is what is assumed. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
}

export async function openTerminal(output: OutputFormat): Promise<Terminal> {
  const { default: pico } = await import('picocolors');
  const { env } = process;
  const interactive = isatty(0) && isatty(2) && !env['CI'];
  const wanted = env['NO_COLOR']
    ? false
    : env['FORCE_COLOR']
      ? env['FORCE_COLOR'] !== '0'
      : isatty(1) && isatty(2) && env['TERM'] !== 'dumb';
  const isLive = output !== 'jsonl' && isatty(2) && !env['CI'] && env['TERM'] !== 'dumb';
  const plain = output === 'jsonl' ? eventProgress() : plainProgress();
  let current = plain;
  return {
    json: output !== 'text',
    interactive,
    colors: pico.createColors(wanted && output === 'text'),
    progress: async () => {
      current = isLive ? await liveProgress() : plain;
      return current;
    },
    say: (text, event) => {
      current.line(text);
      current.event(event);
    },
    confirm,
  };
}

function plainProgress(): Progress {
  return {
    isLive: false,
    line: (text) => void process.stderr.write(`${text}\n`),
    live: () => undefined,
    event: () => undefined,
    stop: () => undefined,
  };
}

/** Whoever reads events needs no lines beside them. */
function eventProgress(): Progress {
  return {
    ...plainProgress(),
    line: () => undefined,
    event: (event) => void process.stdout.write(eventLine(event)),
  };
}

async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads, the terminal does not turn Ctrl-C into a signal.
  reader.on('SIGINT', () => process.emit('SIGINT'));
  const closed = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  try {
    return /^y(es)?$/i.test((await Promise.race([reader.question(`${question} [y/N] `, { signal }), closed])).trim());
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    reader.close();
  }
}
