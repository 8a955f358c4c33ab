import { CommanderError } from 'commander';
import { KubewrightError } from '../errors.ts';
import { verbFirst } from './arguments.ts';
import { describeFailure, failureText } from './failure.ts';
import { helpOutcome, versionOutcome } from './help.ts';
import { resultText, wantedOutput } from './output.ts';
import { type Done, runLine, type Surroundings, verbsFor } from './program.ts';
import { displayPath } from './display-path.ts';
import type { Stack } from './stack.ts';
import { takeAllText } from './take.ts';
import { usageError } from './usage-error.ts';
import { openTerminal, type Terminal } from './terminal.ts';

/** Exit codes of every verb. */
const exitCodes = { error: 1, interrupted: 130 } as const;

/**
 * Runs one command line and gives its exit code: 0 done, 1 error, 2 there are changes, or something is not well (`plan` and
 * `status` with `--detailed-exitcode`), 130 interrupted.
 *
 * @param argv the arguments, without the program
 * @param stack the stack file that was started, when it was one
 */
export async function main(argv: readonly string[], stack?: Stack): Promise<number> {
  const output = wantedOutput(argv);
  const terminal = await openTerminal(output);
  surviveReaders();
  const interruption = listenForInterruption(terminal);
  const commandLine = [...(stack ? ['npx', 'tsx', displayPath(stack.file)] : ['npx', 'kubewright']), ...argv];
  let verb: string | undefined;
  try {
    const line = verbFirst(argv, verbsFor(stack), stack ? 'deploy' : 'help');
    verb = line[0];
    const done = await runVerb(line, { commandLine, stack, terminal, signal: interruption.signal });
    if (!done) return 0;
    const document = { verb: done.verb, ...done.outcome.document };
    await print(output === 'text' ? done.outcome.text : resultText(document, output, 'result'));
    return done.outcome.exitCode ?? 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const known =
      error instanceof CommanderError
        ? usageError(
            error,
            verbsFor(stack).find(({ name }) => name === verb),
          )
        : error;
    const { signal } = interruption;
    const document = { ...(verb && { verb }), error: describeFailure(known) };
    if (output !== 'text') await print(resultText(document, output, 'error'));
    else
      process.stderr.write(
        `${terminal.colors.red(signal.aborted ? 'interrupted:' : 'error:')} ${[failureText(known), takeAllText([known], commandLine)].filter(Boolean).join('\n')}\n`,
      );
    return signal.aborted ? exitCodes.interrupted : exitCodes.error;
  } finally {
    interruption.stop();
  }
}

async function runVerb(line: readonly string[], around: Surroundings): Promise<Done | undefined> {
  if (line[0] === 'version') return { verb: 'version', outcome: versionOutcome() };
  if (around.terminal.json && asksForHelp(line)) return { verb: 'help', outcome: helpOutcome(verbsFor(around.stack)) };
  return runLine(line, around);
}

/** What stands behind `local kubectl` is kubectl's. */
function asksForHelp([verb, ...rest]: readonly string[]): boolean {
  if (verb === 'local' && rest.includes('kubectl')) return false;
  return verb === 'help' || rest.some((argument) => argument === '--help' || argument === '-h');
}

function listenForInterruption(terminal: Terminal): { signal: AbortSignal; stop: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const onSignal = (): void => {
    // A program that wraps this one, as npx and tsx do, may send the same Ctrl-C once more.
    if (first !== undefined && performance.now() - first < 500) return;
    if (first !== undefined) process.exit(exitCodes.interrupted);
    first = performance.now();
    terminal.say(
      terminal.colors.yellow('\nStopping after the requests that are running; press Ctrl-C again to stop at once.'),
      { type: 'stopping' },
    );
    controller.abort(new KubewrightError({ code: 'Interrupted', message: 'stopped before the end' }));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { signal: controller.signal, stop: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}

/** Who reads our output may go away (`| head`); a deployment goes on without them. */
function surviveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.listenerCount('error') > 0) continue;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Resolves when the text is out: a pipe may be slower than the process's end. */
function print(text: string): Promise<void> {
  if (text === '') return Promise.resolve();
  return new Promise((resolve) => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve()));
}
