/** Runs command lines one after the other in one process, as starting many takes long: `{ argv, stack?, cwd? }[]` on stdin. */
import { text } from 'node:stream/consumers';
import { loadStack } from '../../src/cli/load-stack.ts';
import { main } from '../../src/cli/main.ts';

/** A command line. */
export interface CommandLine {
  readonly argv: readonly string[];
  /** The stack file that is started; absent: the program `kubewright`. */
  readonly stack?: string;
  readonly cwd?: string;
}

/** What it did. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const write = { stdout: process.stdout.write.bind(process.stdout), stderr: process.stderr.write.bind(process.stderr) };
const results: CommandResult[] = [];
for (const { argv, stack, cwd } of JSON.parse(await text(process.stdin)) as CommandLine[]) {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((chunk: string, done?: () => void) => {
      output[name] += chunk;
      if (typeof done === 'function') done();
      return true;
    }) as typeof process.stdout.write;
  }
  const before = process.cwd();
  const loaded = stack === undefined ? undefined : await loadStack(stack);
  if (cwd) process.chdir(cwd);
  const code = await main(argv, loaded);
  process.chdir(before);
  Object.assign(process.stdout, { write: write.stdout });
  Object.assign(process.stderr, { write: write.stderr });
  results.push({ code, ...output });
}
write.stdout(JSON.stringify(results));
