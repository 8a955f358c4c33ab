import { readFileSync, writeSync } from 'node:fs';
import { describeFailure, failureText } from './cli/failure.ts';
import { resultText, wantedOutput } from './cli/output.ts';
import { entryPoint } from './entry-point.ts';
import { KubewrightError } from './errors.ts';

/**
 * A stack file that is started with a mistake in it ends before it gets to `run`. What Node.js prints then is the library's
 * code and a stack of its functions; people and programs are told what is wrong as by any other verb.
 */
process.on('uncaughtExceptionMonitor', (error) => {
  if (!(error instanceof KubewrightError) || process.listenerCount('uncaughtException') > 0 || !startsStack()) return;
  const output = wantedOutput(process.argv.slice(2));
  if (output === 'text') writeSync(process.stderr.fd, `error: ${failureText(error)}\n`);
  else writeSync(process.stdout.fd, `${resultText({ error: describeFailure(error) }, output, 'error').trimEnd()}\n`);
  process.exit(1);
});

/** Whether the program that was started is a stack file. */
function startsStack(): boolean {
  try {
    return /\brun\(\s*import\.meta\b/.test(readFileSync(entryPoint() ?? '', 'utf8'));
  } catch {
    return false;
  }
}
