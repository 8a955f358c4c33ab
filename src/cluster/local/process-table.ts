import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A running process: a pid alone may be reused, pid and start time together are not. */
export interface RunningProcess {
  readonly pid: number;
  readonly startTime: string;
}

const linux = process.platform === 'linux';

/** When the process started, in a form that only compares; undefined when it is gone (or a zombie). */
export function startTimeOf(pid: number): string | undefined {
  return linux ? linuxStartTime(pid) : psStartTime(pid);
}

/** Whether this very process, not another one with the same pid, still runs. */
export function isRunning(candidate: RunningProcess): boolean {
  return startTimeOf(candidate.pid) === candidate.startTime;
}

/** Processes whose command line starts with `title` (we give ours a title that holds their folder). */
export function findByTitle(title: string): RunningProcess[] {
  const pids = linux ? linuxPidsByTitle(title) : psPidsByTitle(title);
  return pids.flatMap((pid) => {
    const startTime = startTimeOf(pid);
    return startTime === undefined ? [] : [{ pid, startTime }];
  });
}

/** Resident memory in bytes; undefined when the process is gone. */
export function residentMemory(pid: number): number | undefined {
  if (!linux) {
    const kilobytes = Number.parseInt(ps(['-o', 'rss=', '-p', String(pid)]), 10);
    return Number.isNaN(kilobytes) ? undefined : kilobytes * 1024;
  }
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '');
  return match ? Number(match[1]) * 1024 : undefined;
}

function linuxStartTime(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (!stat) return undefined;
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${bootId()}:${fields[19] ?? ''}`;
}

let knownBootId: string | undefined;

/** Start times count from boot: after a reboot the same numbers can come again. */
function bootId(): string {
  knownBootId ??= (read('/proc/sys/kernel/random/boot_id') ?? '').trim().slice(0, 8);
  return knownBootId;
}

function linuxPidsByTitle(title: string): number[] {
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => read(`/proc/${pid}/cmdline`)?.startsWith(title)).map(Number);
}

function psStartTime(pid: number): string | undefined {
  const line = ps(['-o', 'stat=,lstart=', '-p', String(pid)]).trim();
  if (line === '' || line.startsWith('Z')) return undefined;
  return line.slice(line.indexOf(' ')).trim();
}

function psPidsByTitle(title: string): number[] {
  const lines = ps(['-axww', '-o', 'pid=,command=']).split('\n');
  return lines.flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    return match?.[2]?.startsWith(title) ? [Number(match[1])] : [];
  });
}

function ps(args: string[]): string {
  return spawnSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }).stdout ?? '';
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
