import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubewrightError } from '../../errors.ts';
import { type Launch, componentArguments } from './arguments.ts';
import { programCommand } from './binaries.ts';
import { findByTitle, isRunning, startTimeOf } from './process-table.ts';
import { type Component, type ComponentProcess, type LocalFiles, components } from './state.ts';

const killAfterMs = 5000;

/** Starts a process that outlives this one; its output goes to its log, the log of the run before is kept as `.1`. */
export function startComponent(component: Component, launch: Launch): ComponentProcess {
  const { files, binaries } = launch;
  const { file, args } = programCommand(binaries, component);
  const log = openLog(files, component);
  const child = spawn(file, [...args, ...componentArguments[component](launch)], {
    argv0: title(files, component),
    cwd: files.directory,
    detached: true,
    stdio: ['ignore', log, log],
    env: environment(files),
  });
  closeSync(log);
  child.on('error', () => {
    // Told below: without a pid nothing was started.
  });
  child.unref();
  const startTime = child.pid === undefined ? undefined : startTimeOf(child.pid);
  if (child.pid === undefined || startTime === undefined) throw stopped(files, component);
  return { component, pid: child.pid, startTime };
}

/** Throws when one of the processes has ended, with the end of its log. */
export function requireRunning(files: LocalFiles, processes: readonly ComponentProcess[]): void {
  for (const candidate of processes) {
    if (!isRunning(candidate)) throw stopped(files, candidate.component);
  }
}

/** Everything of this control plane that runs: the recorded processes, and those that a crashed start left unrecorded. */
export function runningProcesses(files: LocalFiles, recorded: readonly ComponentProcess[]): ComponentProcess[] {
  const titled = components.flatMap((component) =>
    findByTitle(title(files, component)).map((found) => ({ component, ...found })),
  );
  const all = [...recorded.filter(isRunning), ...titled];
  return all.filter(({ pid }, index) => all.findIndex((other) => other.pid === pid) === index);
}

/** Stops clients before servers; what has not ended after 5 s is killed. */
export async function stopProcesses(processes: readonly ComponentProcess[]): Promise<void> {
  const servers = processes.filter(({ component }) => component === 'etcd' || component === 'kube-apiserver');
  // Without their servers the others would hang for those 5 s, with nothing left to save.
  const graceMs = servers.length === 2 ? killAfterMs : 0;
  const groups: Component[][] = [
    ['kro', 'kwok', 'kube-scheduler', 'kube-controller-manager'],
    ['kube-apiserver'],
    ['etcd'],
  ];
  for (const group of groups) {
    const members = group.flatMap((name) => processes.filter(({ component }) => component === name));
    for (const member of members) signal(member, graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
    await allEnded(members, graceMs);
    for (const member of members) signal(member, 'SIGKILL');
    await allEnded(members, killAfterMs);
  }
}

/** The last lines of a process's log. */
export function logTail(files: LocalFiles, component: Component, lines: number): string {
  const file = logFile(files, component);
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
}

export function logFile(files: LocalFiles, component: Component): string {
  return join(files.logs, `${component}.log`);
}

function openLog(files: LocalFiles, component: Component): number {
  const file = logFile(files, component);
  if (existsSync(file)) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** The first word of the command line: readable in `ps`, and how orphans of a crashed start are found again. */
function title(files: LocalFiles, component: Component): string {
  return `kubewright:${files.directory}:${component}`;
}

/** Not the user's environment: a KUBECONFIG, proxy or GODEBUG of theirs must not change the control plane. */
function environment(files: LocalFiles): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return { ...Object.fromEntries(kept), KUBECONFIG: files.kubeconfig };
}

function signal(target: ComponentProcess, name: NodeJS.Signals): void {
  if (!isRunning(target)) return;
  try {
    process.kill(target.pid, name);
  } catch {
    // It ended between the two lines.
  }
}

async function allEnded(processes: readonly ComponentProcess[], timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && processes.some(isRunning)) await sleep(20);
}

function stopped(files: LocalFiles, component: Component): KubewrightError {
  const log = logTail(files, component, 8);
  const silentKro = 'kro ends without a word when it does not know a feature gate: check featureGates. ';
  return new KubewrightError({
    code: 'LocalProcessStopped',
    message: `local control plane ${files.name}: ${component} has stopped${log === '' ? '' : `:\n${log}\n`}`,
    hint:
      `${log === '' && component === 'kro' ? silentKro : ''}Its log is ${logFile(files, component)}. ` +
      'Run the same verb again; "kubewright local reset" starts with an empty cluster.',
  });
}
