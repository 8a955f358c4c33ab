import { existsSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverUrl } from './arguments.ts';
import { findOrBuildBinaries, programCommand } from './binaries.ts';
import { readToken } from './credentials.ts';
import { withLock } from './lock.ts';
import { freePorts } from './ports.ts';
import { isRunning, residentMemory } from './process-table.ts';
import { logFile, logTail, runningProcesses, stopProcesses } from './processes.ts';
import type { OnProgress } from './progress.ts';
import { connectLocal, isReady, startControlPlane } from './start.ts';
import {
  type Component,
  type LocalFiles,
  type LocalSelector,
  type LocalState,
  components,
  localFiles,
  makeFolders,
  readState,
} from './state.ts';

export interface LocalOptions extends LocalSelector {
  /**
   * Feature gates of kro, such as `{ CELOmitFunction: true }`. A running control plane with other gates is restarted;
   * its data stays. @default those it runs with, or kro's defaults
   */
  readonly featureGates?: Readonly<Record<string, boolean>> | undefined;
  /** Called while binaries are built and processes start. */
  readonly onProgress?: OnProgress | undefined;
}

/** A control plane that answers. */
export interface LocalControlPlane {
  readonly name: string;
  /** Path of the kubeconfig file. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly token: string;
  /** Path of the certificate that the server is trusted by. */
  readonly caFile: string;
  readonly directory: string;
  /** False when one that already ran was found. */
  readonly started: boolean;
}

/**
 * Gives a control plane that is ready: one that runs, else a new one on the data of the last. It outlives this process.
 *
 * @throws KubewrightError `LocalNoGo` and others of the build, `LocalProcessStopped`, `LocalStartTimeout`
 * @example
 * const { kubeconfig } = await up({ onProgress: ({ text }) => console.error(text) });
 */
export async function up(options: LocalOptions = {}): Promise<LocalControlPlane> {
  const files = localFiles(options);
  const found = await findRunning(files, options);
  if (found) return describe(files, found, false);

  const onProgress = options.onProgress ?? ignore;
  const binaries = await findOrBuildBinaries(onProgress);
  makeFolders(files);
  const start = async (): Promise<LocalControlPlane> => {
    const meanwhile = await findRunning(files, options);
    if (meanwhile) return describe(files, meanwhile, false);
    return describe(files, await restart(files, binaries, options), true);
  };
  const onWait = (): void =>
    onProgress({ phase: 'wait', text: `Another process starts or stops ${files.name}; waiting for it` });
  return withLock(files.directory, start, { onWait });
}

/** Stops all processes of a control plane, also those a crash has left behind; its data stays. Tells how many ran. */
export async function down(options: LocalOptions = {}): Promise<number> {
  const files = localFiles(options);
  if (!existsSync(files.directory)) return 0;
  return withLock(files.directory, async () => stopAll(files, options.onProgress));
}

/** Stops a control plane and deletes its data, keys and logs: the next `up` gives an empty cluster. */
export async function reset(options: LocalOptions = {}): Promise<void> {
  const files = localFiles(options);
  if (!existsSync(files.directory)) return;
  await withLock(files.directory, async () => {
    await stopAll(files, options.onProgress);
    // The lock itself stays: it is held.
    const { data, logs, certificates, state, kubeconfig, token, serviceAccountKey, serviceAccountPublicKey } = files;
    for (const path of [
      data,
      logs,
      certificates,
      state,
      kubeconfig,
      token,
      serviceAccountKey,
      serviceAccountPublicKey,
    ]) {
      rmSync(path, { recursive: true, force: true });
    }
  });
}

export interface LocalStatus {
  readonly name: string;
  readonly directory: string;
  /** `running`: all processes run and the API server is ready. `broken`: some do not; `up` repairs it. */
  readonly state: 'running' | 'broken' | 'stopped';
  readonly server: string | undefined;
  readonly kubeconfig: string;
  readonly kubernetesVersion: string | undefined;
  readonly startedAt: string | undefined;
  readonly processes: readonly LocalProcessStatus[];
}

export interface LocalProcessStatus {
  readonly component: Component;
  readonly pid: number | undefined;
  readonly running: boolean;
  /** Resident memory in bytes. */
  readonly memory: number | undefined;
}

/** What runs, without starting or stopping anything. */
export async function status(selector: LocalSelector = {}): Promise<LocalStatus> {
  const files = localFiles(selector);
  const state = readState(files);
  const running = runningProcesses(files, state?.processes ?? []);
  const healthy = state !== undefined && (await isHealthy(files, state, 2000));
  return {
    name: files.name,
    directory: files.directory,
    state: healthy ? 'running' : running.length > 0 ? 'broken' : 'stopped',
    server: running.length > 0 && state ? serverUrl(state.port) : undefined,
    kubeconfig: files.kubeconfig,
    kubernetesVersion: state?.kubernetesVersion,
    startedAt: running.length > 0 ? state?.startedAt : undefined,
    processes: components.map((component) => {
      const pid = running.find((candidate) => candidate.component === component)?.pid;
      return {
        component,
        pid,
        running: pid !== undefined,
        memory: pid === undefined ? undefined : residentMemory(pid),
      };
    }),
  };
}

export interface LocalLog {
  readonly component: Component;
  readonly file: string;
  readonly text: string;
}

/** The ends of the log files, of one component or of all. @param options.lines how many of each, 20 by default */
export function logs(
  options: LocalSelector & { component?: Component | undefined; lines?: number | undefined } = {},
): LocalLog[] {
  const files = localFiles(options);
  const chosen = options.component ? [options.component] : components;
  return chosen.map((component) => ({
    component,
    file: logFile(files, component),
    text: logTail(files, component, options.lines ?? 20),
  }));
}

/** How to run kubectl against a control plane: it is in our binaries, the machine needs none. */
export interface KubectlCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The kubectl command line for a control plane that is up; spawn it with inherited standard streams. */
export async function kubectl(args: readonly string[], options: LocalOptions = {}): Promise<KubectlCommand> {
  const { kubeconfig: path } = await up(options);
  const binaries =
    readState(localFiles(options))?.binaries ?? (await findOrBuildBinaries(options.onProgress ?? ignore));
  const command = programCommand(binaries, 'kubectl');
  return { file: command.file, args: [...command.args, ...args], env: { KUBECONFIG: path } };
}

async function findRunning(files: LocalFiles, options: LocalOptions): Promise<LocalState | undefined> {
  const state = readState(files);
  if (!state || !(await isHealthy(files, state, 20_000))) return undefined;
  const wanted = gateText(options);
  return wanted === undefined || wanted === state.featureGates ? state : undefined;
}

/** All processes live and the API server is ready; on a machine under load its answer may take some seconds. */
async function isHealthy(files: LocalFiles, state: LocalState, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  const alive = (): boolean => state.processes.length === components.length && state.processes.every(isRunning);
  if (!state.ready) return false;
  while (alive()) {
    if (await answersReady(files, state)) return true;
    if (Date.now() > deadline) return false;
    await sleep(100);
  }
  return false;
}

async function answersReady(files: LocalFiles, state: LocalState): Promise<boolean> {
  try {
    const api = connectLocal({ files, port: state.port });
    try {
      return await isReady(api);
    } finally {
      api.close();
    }
  } catch {
    return false;
  }
}

/** Called with the lock: what is left of the last run goes first, then all processes start anew. */
async function restart(files: LocalFiles, binaries: string, options: LocalOptions): Promise<LocalState> {
  const last = readState(files);
  const onProgress = options.onProgress ?? ignore;
  await stopAll(files, onProgress);
  const featureGates = gateText(options) ?? '';
  for (let attempt = 1; ; attempt += 1) {
    const preferred = attempt === 1 && last ? [last.port, last.kroPort] : [];
    const [port = 0, kroPort = 0] = await freePorts(2, preferred);
    try {
      return await startControlPlane({ files, binaries, port, kroPort, featureGates }, onProgress);
    } catch (error) {
      const busyPort = ['kube-apiserver', 'kro'].some((name) =>
        /address already in use/.test(logTail(files, name as Component, 40)),
      );
      await stopAll(files, onProgress);
      // Between choosing a port and listening on it somebody else may take it.
      if (!busyPort || attempt === 3) throw error;
    }
  }
}

async function stopAll(files: LocalFiles, onProgress: OnProgress = ignore): Promise<number> {
  const running = runningProcesses(files, readState(files)?.processes ?? []);
  if (running.length > 0) onProgress({ phase: 'stop', text: `Stopping ${running.length} processes of ${files.name}` });
  await stopProcesses(running);
  return running.length;
}

function describe(files: LocalFiles, state: LocalState, started: boolean): LocalControlPlane {
  const { name, kubeconfig, caFile, directory } = files;
  return { name, kubeconfig, server: serverUrl(state.port), token: readToken(files), caFile, directory, started };
}

function gateText(options: LocalOptions): string | undefined {
  const gates = options.featureGates;
  return (
    gates &&
    Object.keys(gates)
      .sort()
      .map((gate) => `${gate}=${String(gates[gate])}`)
      .join(',')
  );
}

function ignore(): void {
  // Nobody wants to know.
}
