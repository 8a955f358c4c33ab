import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { CommandLine, CommandResult } from './command-lines.ts';

export const fixtures = join(import.meta.dirname, 'fixtures');
const quiet = { CI: 'true', NO_COLOR: '1', KUBECONFIG: join(fixtures, 'kubeconfig.yaml') };
const tsx = join(import.meta.dirname, '../../node_modules/tsx/dist/cli.mjs');

/** What some command lines do, in the folder of the fixtures. */
export function runCommandLines(lines: readonly CommandLine[]): CommandResult[] {
  const { stdout, stderr } = spawnSync(process.execPath, [tsx, join(import.meta.dirname, 'command-lines.ts')], {
    cwd: fixtures,
    input: JSON.stringify(lines),
    encoding: 'utf8',
    env: { ...process.env, ...quiet },
  });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as CommandResult[];
}

/** Starts a file with tsx, as people do. */
export function runTsx(
  file: string,
  argv: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): CommandResult {
  return runNode([tsx, file, ...argv], options);
}

/** Starts Node. */
export function runNode(
  argv: readonly string[],
  { cwd = fixtures, env = {} }: { cwd?: string; env?: Record<string, string> } = {},
): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...quiet, ...env },
  });
  return { code: status ?? -1, stdout, stderr };
}
