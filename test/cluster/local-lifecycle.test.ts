import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { down, kubectl, logs, reset, status, up } from '../../src/cluster/local/local.ts';
import { isRunning } from '../../src/cluster/local/process-table.ts';
import { type LocalState, components, localFiles, readState } from '../../src/cluster/local/state.ts';
import { drive, temporaryDirectory } from './local-processes.ts';

const folder = temporaryDirectory();
const local = { name: 'test', directory: folder.path };
const files = localFiles(local);

afterAll(folder.remove, 30_000);

async function run(...args: string[]): Promise<string> {
  const command = await kubectl(args, local);
  const { stdout } = await promisify(execFile)(command.file, command.args, { env: { ...process.env, ...command.env } });
  return stdout.trim();
}

function state(): LocalState {
  const found = readState(files);
  if (!found) throw new Error('no state');
  return found;
}

function pidOf(component: string): number {
  return state().processes.find((candidate) => candidate.component === component)?.pid ?? 0;
}

describe('a local control plane', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const starts = await Promise.all([drive('up', folder.path).answers, drive('up', folder.path).answers]);
    const answers = starts.map(([answer]) => answer);
    expect(new Set(answers.map((answer) => answer?.['server'])).size).toBe(1);
    expect(new Set(answers.map((answer) => answer?.['started']))).toEqual(new Set([false, true]));
  }, 90_000);

  it('outlives the process that started it, and is found again at once', async () => {
    await up(local);
    const start = performance.now();
    const found = await up(local);
    expect(performance.now() - start).toBeLessThan(process.env['CI'] ? 500 : 150);
    expect(found.started).toBe(false);
    expect(await status(local)).toMatchObject({ state: 'running', kubernetesVersion: 'v1.36.3', server: found.server });
  });

  it('is one set of processes after two starts at once', async () => {
    const { processes } = await status(local);
    expect(processes.map(({ component }) => component)).toEqual(components);
    expect(processes.every(({ running, memory }) => running && (memory ?? 0) > 0)).toBe(true);
    expect(processes.map(({ component }) => pidOf(component))).toEqual(processes.map(({ pid }) => pid));
  });

  it('closes its folder, keys and logs to other users', () => {
    const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
    expect(modeOf(folder.path)).toBe('700');
    const entries = readdirSync(folder.path, { withFileTypes: true });
    const regular = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder.path, name));
    const logFiles = readdirSync(files.logs).map((name) => join(files.logs, name));
    for (const file of [...regular, ...logFiles]) expect(`${file} ${modeOf(file)}`).toBe(`${file} 600`);
    for (const path of [files.data, files.logs, files.certificates]) expect(modeOf(path)).toBe('700');
  });

  it.runIf(process.platform === 'linux')('listens on loopback only, and etcd on no port at all', () => {
    const { port, kroPort } = state();
    const commandLine = readFileSync(`/proc/${pidOf('etcd')}/cmdline`, 'utf8');
    expect(commandLine).toContain('--listen-client-urls=unix://');
    const hex = (value: number): string => value.toString(16).toUpperCase().padStart(4, '0');
    const listening = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .filter((line) => / 0A /.test(line));
    for (const own of [port, kroPort])
      expect(listening.some((line) => line.includes(` 0100007F:${hex(own)} `))).toBe(true);
  });

  it('shows logs, and runs kubectl from its own binaries', async () => {
    expect(await run('get', 'node', 'local', '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')).toBe(
      'True',
    );
    expect(logs({ ...local, component: 'etcd', lines: 2 })[0]?.text.split('\n')).toHaveLength(2);
    expect(logs(local).map(({ component }) => component)).toEqual(components);
  });

  it('is repaired by the next start when a process has died; data and kubeconfig stay', async () => {
    await run('create', 'configmap', 'kept', '--from-literal=a=b');
    const before = readFileSync(files.kubeconfig, 'utf8');
    process.kill(pidOf('etcd'), 'SIGKILL');
    await expect.poll(async () => (await status(local)).state, { timeout: 5000 }).toBe('broken');
    expect((await up(local)).started).toBe(true);
    expect(await run('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}')).toBe('b');
    expect(readFileSync(files.kubeconfig, 'utf8')).toBe(before);
  });

  it('leaves a second user their own: other home, other ports, nothing shared', async () => {
    const home = join(folder.path, 'home');
    mkdirSync(home);
    const env = { HOME: home, XDG_STATE_HOME: '', KUBEWRIGHT_CONTROL_PLANE: state().binaries };
    const other = { name: 'test', directory: join(home, '.local/state/kubewright/test') };
    try {
      const [answer] = await drive('up', '', env).answers;
      expect(answer).toMatchObject({ started: true, directory: other.directory });
      expect(answer?.['server']).not.toBe((await up(local)).server);
      expect(answer?.['token']).not.toBe((await up(local)).token);
    } finally {
      await down(other);
    }
    expect((await status(local)).state).toBe('running');
  });

  it('stops in a few seconds and leaves no process', async () => {
    const { processes } = state();
    expect(await down(local)).toBe(6);
    expect(processes.filter(isRunning)).toEqual([]);
    expect(await down(local)).toBe(0);
    expect((await status(local)).state).toBe('stopped');
  });
});

describe('a start that was killed', { timeout: 60_000 }, () => {
  it('leaves processes that the next stop ends, recorded or not', async () => {
    await down(local);
    const start = drive('up', folder.path);
    await start.seen('Starting controllers');
    start.child.kill('SIGKILL');
    await start.answers;
    const { processes } = state();
    // As if it had been killed between starting a process and writing it down.
    writeFileSync(files.state, JSON.stringify({ ...state(), processes: [] }));
    expect(await down(local)).toBeGreaterThanOrEqual(processes.length);
    expect(processes.length).toBeGreaterThanOrEqual(2);
    expect(processes.filter(isRunning)).toEqual([]);
  });

  it('does not hinder the next start, which also avoids ports that are taken by now; data stays', async () => {
    const start = drive('up', folder.path);
    await start.seen('Starting etcd');
    start.child.kill('SIGKILL');
    await start.answers;
    const { port } = state();
    const squatter = createServer().listen(port, '127.0.0.1');
    try {
      expect((await up(local)).started).toBe(true);
      expect(state().port).not.toBe(port);
      expect((await status(local)).processes.every(({ running }) => running)).toBe(true);
      expect(await run('get', 'configmap', 'kept', '-o', 'name')).toBe('configmap/kept');
    } finally {
      squatter.close();
    }
  });
});

describe('stopping and resetting', { timeout: 60_000 }, () => {
  it('never touches a process that got the pid of an old one', async () => {
    await down(local);
    const innocent = spawn('sleep', ['60']);
    const pid = innocent.pid ?? 0;
    const recycled = components.map((component) => ({ component, pid, startTime: 'before' }));
    writeFileSync(files.state, JSON.stringify({ ...state(), processes: recycled }));
    expect((await status(local)).state).toBe('stopped');
    expect(await down(local)).toBe(0);
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull();
    innocent.kill();
  });

  it('tells the log of a process that cannot start, and stops the others', async () => {
    const broken = join(folder.path, 'broken');
    mkdirSync(broken);
    for (const name of readdirSync(state().binaries)) symlinkSync(join(state().binaries, name), join(broken, name));
    rmSync(join(broken, 'kubernetes'));
    writeFileSync(join(broken, 'kubernetes'), '#!/bin/sh\necho "no space left" >&2; exit 3\n', { mode: 0o755 });
    const [answer] = await drive('up', folder.path, { KUBEWRIGHT_CONTROL_PLANE: broken }).answers;
    expect(answer).toMatchObject({ error: 'LocalProcessStopped' });
    expect(answer?.['message']).toMatch(/etcd has stopped:\nno space left\n/);
    expect((await status(local)).state).toBe('stopped');
  });

  it('deletes data, keys and state on reset', async () => {
    await reset(local);
    const left = readdirSync(folder.path).filter((name) => !/^(lock\.|home|broken|etcd.*\.sock)/.test(name));
    expect(left).toEqual([]);
    expect((await status(local)).state).toBe('stopped');
  });
});
