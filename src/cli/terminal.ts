import { isatty } from 'node:tty';
import type picocolors from 'picocolors';

type Colors = ReturnType<typeof picocolors.createColors>;

/** Where progress goes: one place on a terminal that is drawn again and again, or a line for everything that happened. */
export interface Progress {
  /** Whether live lines are shown. */
  readonly isLive: boolean;
  /** A line that stays. */
  line(text: string): void;
  /** Lines that the next ones replace; shown on a terminal only. */
  live(lines: readonly string[]): void;
  /** Removes the live lines. */
  stop(): void;
}

/** The terminal of a command: its colours, its progress and its questions. Results are not printed here. */
export interface Terminal {
  readonly json: boolean;
  /** Whether somebody sits in front of it. */
  readonly interactive: boolean;
  readonly colors: Colors;
  progress(): Promise<Progress>;
  /** Asks a question that is answered by yes or no; no is what is assumed. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
}

export async function openTerminal({ json }: { json: boolean }): Promise<Terminal> {
  const { default: pico } = await import('picocolors');
  const { env } = process;
  const interactive = isatty(0) && isatty(2) && !env['CI'];
  const wanted = env['NO_COLOR']
    ? false
    : env['FORCE_COLOR']
      ? env['FORCE_COLOR'] !== '0'
      : isatty(1) && isatty(2) && env['TERM'] !== 'dumb';
  return {
    json,
    interactive,
    colors: pico.createColors(wanted && !json),
    progress: () =>
      isatty(2) && !env['CI'] && env['TERM'] !== 'dumb' ? liveProgress() : Promise.resolve(plainProgress()),
    confirm,
  };
}

async function liveProgress(): Promise<Progress> {
  const { createLogUpdate } = await import('log-update');
  const view = createLogUpdate(process.stderr);
  let shown = '';
  let drawn = 0;
  return {
    isLive: true,
    line: (text) => {
      view.clear();
      process.stderr.write(`${text}\n`);
      if (shown) view(shown);
    },
    live: (lines) => {
      shown = lines.join('\n');
      // Thousands of objects make thousands of events; the last ones are followed by the result.
      if (performance.now() - drawn < 40) return;
      drawn = performance.now();
      view(shown);
    },
    stop: () => {
      shown = '';
      view.clear();
      view.done();
    },
  };
}

function plainProgress(): Progress {
  return {
    isLive: false,
    line: (text) => void process.stderr.write(`${text}\n`),
    live: () => undefined,
    stop: () => undefined,
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
