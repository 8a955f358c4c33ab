import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { startTimeOf } from '../cluster/local/process-table.ts';

/** A process, as the lock that it holds names it. */
interface HolderProcess {
  readonly pid: number;
  /** When it started: a pid alone comes again. Absent: it is not known. */
  readonly startTime?: string | undefined;
}

/**
 * A holder of a lock: `user@host/pid` for people, and what tells whether the process can be looked for from somewhere else.
 * Each call gives another one, so that two runs of one process are two holders.
 */
export function holderText({ pid, startTime = startTimeOf(pid) }: HolderProcess = { pid: process.pid }): string {
  const start = digest(startTime ?? '');
  return [`${user()}${hostname()}`, pid, pidSpace() ?? 'elsewhere', start, randomBytes(6).toString('hex')].join('/');
}

/** The part of a holder that is for people. */
export function holderName(holder: string): string {
  return holder.split('/').slice(0, 2).join('/');
}

/** In containers users may have no name. */
function user(): string {
  try {
    return `${userInfo().username.replaceAll('/', '-')}@`;
  } catch {
    return '';
  }
}

/** Whether a holder is a process that ended, as far as that is certain from here. */
export function isGone(holder: string): boolean {
  const [, pidText, space, startTime] = holder.split('/');
  const pid = Number(pidText);
  if (startTime === undefined || !Number.isInteger(pid) || pid <= 0 || space !== pidSpace()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  // Who may not look at the process sees no time.
  const now = startTimeOf(pid);
  return now !== undefined && digest(now) !== startTime;
}

/**
 * Where a pid means the same process: host names do not say, as containers and machines share them. Absent where that
 * cannot be told; locks then expire.
 */
function pidSpace(): string | undefined {
  try {
    // The processes that are shown here may be those of another container.
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return boot && digest(boot, readlinkSync('/proc/self/ns/pid'));
  } catch {
    return undefined;
  }
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 12);
}
