import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Commit } from '../deploy/revisions.ts';

const run = promisify(execFile);

/** The commit that a file is in, where it is in one. */
export async function commitOf(file: string): Promise<Commit | undefined> {
  const git = async (...line: string[]): Promise<string> =>
    (await run('git', line, { cwd: dirname(file), timeout: 5_000, maxBuffer: 64 << 20 })).stdout.trim();
  try {
    const [id, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('--no-optional-locks', 'status', '--porcelain', '--untracked-files=normal'),
    ]);
    return { id, dirty: changes !== '' };
  } catch {
    return undefined;
  }
}
