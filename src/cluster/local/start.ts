import { existsSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubewrightError } from '../../errors.ts';
import { type ApiClient, connectApi } from './api.ts';
import { type Launch, etcdPeerSocket, etcdSocket, serverUrl } from './arguments.ts';
import { kubernetesVersion } from './binaries.ts';
import { installClusterObjects, installKroTypes, isServing, readBootstrapObjects, releaseNode } from './bootstrap.ts';
import { makeCredentials, readToken, writeKubeconfig } from './credentials.ts';
import { requireRunning, startComponent } from './processes.ts';
import type { OnProgress } from './progress.ts';
import { type Component, type ComponentProcess, type LocalState, writeState } from './state.ts';

const startTimeoutMs = 120_000;

/** Starts all processes of a control plane of which nothing runs, and returns when it can be used. */
export async function startControlPlane(launch: Launch, onProgress: OnProgress): Promise<LocalState> {
  const { files } = launch;
  const started = new StartedProcesses(launch);
  makeCredentials(files);
  for (const socket of [etcdSocket, etcdPeerSocket]) rmSync(join(files.directory, socket), { force: true });

  onProgress({ phase: 'start', text: 'Starting etcd and the API server', fraction: 0 });
  started.start('etcd');
  await started.until('etcd listens', () => existsSync(join(files.directory, etcdSocket)));
  started.start('kube-apiserver');
  await started.until('the API server has its certificate', () => existsSync(files.caFile));
  writeKubeconfig(files, serverUrl(launch.port));
  const api = connectLocal(launch);
  try {
    await started.until('the API server is ready', () => isReady(api));
    onProgress({ phase: 'start', text: 'Starting controllers, scheduler, kwok and kro', fraction: 0.7 });
    await startControllers(started, api, launch);
  } finally {
    api.close();
  }
  onProgress({
    phase: 'start',
    text: `Control plane ${files.name} is ready at ${serverUrl(launch.port)}`,
    fraction: 1,
  });
  return started.record(true);
}

/** Whether the API server answers that it is ready. */
export async function isReady(api: ApiClient): Promise<boolean> {
  const { status } = await api.send({ path: '/readyz' });
  return status === 200;
}

/** A client for the control plane whose certificate and token are in its folder. */
export function connectLocal({ files, port }: Pick<Launch, 'files' | 'port'>): ApiClient {
  const ca = readFileSync(files.caFile, 'utf8');
  return connectApi({ server: serverUrl(port), token: readToken(files), ca });
}

async function startControllers(started: StartedProcesses, api: ApiClient, launch: Launch): Promise<void> {
  const objects = readBootstrapObjects(launch.binaries);
  started.start('kube-controller-manager');
  started.start('kube-scheduler');
  await releaseNode(api);
  started.start('kwok');
  // kro ends when its types are not there yet.
  const kro = installKroTypes(api, objects).then(() => started.start('kro'));
  await Promise.all([kro, installClusterObjects(api, objects)]);
  await started.until('the node is Ready', () => isServing(api));
  await started.until('kro is ready', () => answersOk(launch.kroPort, '/readyz'));
}

/** The processes of one start; each is written down as soon as it runs. */
class StartedProcesses {
  private readonly launch: Launch;
  private readonly processes: ComponentProcess[] = [];
  private readonly deadline: number = Date.now() + startTimeoutMs;

  constructor(launch: Launch) {
    this.launch = launch;
  }

  start(component: Component): void {
    this.processes.push(startComponent(component, this.launch));
    this.record(false);
  }

  /** Polls until `check` holds; throws when a process ends or time runs out. */
  async until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds(check))) {
      requireRunning(this.launch.files, this.processes);
      if (Date.now() > this.deadline) {
        throw new KubewrightError({
          code: 'LocalStartTimeout',
          message: `local control plane ${this.launch.files.name}: it took longer than ${startTimeoutMs / 1000} s until ${what}`,
          hint: `See the logs in ${this.launch.files.logs}; the machine may be short of memory (1 GB is needed) or processors.`,
        });
      }
      await sleep(25);
    }
  }

  record(ready: boolean): LocalState {
    const { files, binaries, port, kroPort, featureGates } = this.launch;
    const state: LocalState = {
      ready,
      port,
      kroPort,
      binaries,
      kubernetesVersion: kubernetesVersion(binaries),
      featureGates,
      startedAt: new Date().toISOString(),
      processes: this.processes,
    };
    writeState(files, state);
    return state;
  }
}

/** An API server that does not listen yet is a "not yet", not an error. */
async function holds(check: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}

async function answersOk(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, path, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => resolve(false)).end();
  });
}
