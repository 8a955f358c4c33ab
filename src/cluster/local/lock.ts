import { linkSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningProcess, isRunning, startTimeOf } from './process-table.ts';

/** Waiting for somebody else's lock. */
export interface LockOptions {
  /** Called once when the lock is held by a living process. */
  readonly onWait?: (holder: RunningProcess) => void;
}

/**
 * Runs `work` while no other process runs its own under the same folder; a dead holder's lock is taken over.
 *
 * The lock is a numbered file and the highest number counts. A released lock stays as a marker, so a number is never
 * given twice: unlinking a stale lock would race with another process that has just taken it over.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const file = await acquire(folder, options);
  try {
    return await work();
  } finally {
    writeFileSync(file, '');
  }
}

async function acquire(folder: string, options: LockOptions): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let told = false;
  for (;;) {
    const highest = Math.max(0, ...lockNumbers(folder));
    const holder = readHolder(lockFile(folder, highest));
    if (holder && isRunning(holder)) {
      if (!told) options.onWait?.(holder);
      told = true;
      await sleep(50);
      continue;
    }
    const mine = highest + 1;
    if (take(folder, mine)) return lockFile(folder, mine);
  }
}

function take(folder: string, number: number): boolean {
  const draft = join(folder, `.lock-${process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }), { mode: 0o600 });
  try {
    // A link appears with its content, or not at all when the number is taken.
    linkSync(draft, lockFile(folder, number));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  const numbers = lockNumbers(folder);
  if (Math.max(...numbers) !== number) {
    rmSync(lockFile(folder, number), { force: true });
    return false;
  }
  for (const old of numbers) if (old < number) rmSync(lockFile(folder, old), { force: true });
  return true;
}

function lockNumbers(folder: string): number[] {
  return readdirSync(folder).flatMap((entry) => {
    const match = /^lock\.(\d+)$/.exec(entry);
    return match ? [Number(match[1])] : [];
  });
}

function readHolder(file: string): RunningProcess | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunningProcess;
  } catch {
    return undefined;
  }
}

function lockFile(folder: string, number: number): string {
  return join(folder, `lock.${number}`);
}
