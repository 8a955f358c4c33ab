/** Ctrl-C, with real processes and requests that are under way. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { fixtures } from '../cli/run-command-lines.ts';
import { expectDocumented } from '../cli/documented-events.ts';
import { connectTo } from './deploying.ts';
import { startProxy, type Seen } from './fault-proxy.ts';
import { place } from './place.ts';

const stack = join(fixtures, 'slow/stack.ts');
const namespace = 'slow-proxied';
const cluster = await connectTo(place);
const proxy = await startProxy(place, 'http');
const folder = mkdtempSync(join(tmpdir(), 'kubewright-interruption-'));
const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: proxy.server } }],
    users: [{ name: 'u', user: { token: place.token } }],
    contexts: [{ name: 'proxied', context: { cluster: 'c', user: 'u' } }],
  }),
);
afterAll(async () => {
  proxy.reset();
  await ended(start('destroy'));
  proxy.close();
  cluster.close();
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly code: Promise<number | null>;
}

// Not through the program tsx, which kills what does not answer a signal in 30 ms.
function start(...argv: string[]): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', stack, ...argv, '--env', 'proxied'], {
    env: { ...process.env, KUBECONFIG: kubeconfig, CI: 'true', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => void (output[name] += chunk));
  return { child, output, code: new Promise((resolve) => child.on('close', resolve)) };
}

function ended({ code }: Running): Promise<number | null> {
  return code;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

const isApplying = ({ method, path, query }: Seen): boolean =>
  method === 'PATCH' && path.endsWith('/configmaps/first') && !query.has('dryRun');
const isDeleting = ({ method, path }: Seen): boolean => method === 'DELETE' && path.endsWith('/deployments/never');
const first = { apiVersion: 'v1', kind: 'ConfigMap', name: 'first', namespace };

describe('Ctrl-C', () => {
  beforeEach(() => proxy.reset());

  it('once lets the running write end, begins no other, and says what is left', async () => {
    proxy.reset((seen) => (isApplying(seen) ? { kind: 'late', ms: 2_000 } : undefined));
    const run = start('deploy');
    await until(() => proxy.seen.some(isApplying));
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.output.stderr).toMatch(
      /Stopping after the requests that are running[\s\S]*created ConfigMap first[\s\S]*interrupted: [\s\S]*stopped; left:[\s\S]*never[\s\S]*Run it again/,
    );
    expect(await cluster.get(first)).toBeDefined();
  });

  it('twice ends at once, while a write is under way', async () => {
    proxy.reset((seen) => (seen.write ? { kind: 'silent' } : undefined));
    const run = start('deploy');
    await until(() => proxy.seen.some(({ write }) => write));
    run.child.kill('SIGINT');
    await until(() => run.output.stderr.includes('Stopping'));
    // One key press may arrive twice, from the terminal and from a program around this one.
    await sleep(700);
    expect(run.child.exitCode).toBeNull();
    const at = performance.now();
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    expect(performance.now() - at).toBeLessThan(2_000);
  });

  it('tells programs', async () => {
    proxy.reset((seen) => (isApplying(seen) ? { kind: 'late', ms: 1_000 } : undefined));
    const run = start('deploy', '--output', 'jsonl');
    await until(() => run.output.stdout.includes('"waiting"') || proxy.seen.some(isApplying));
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.output.stderr).toBe('');
    const events = run.output.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const event of events) expectDocumented(event);
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['start', 'plan', 'stopping']));
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      verb: 'deploy',
      error: { code: 'Interrupted', message: expect.stringContaining('never') },
    });
  });

  it('stops a destruction in the same way', async () => {
    proxy.reset((seen) => (isDeleting(seen) ? { kind: 'late', ms: 2_000 } : undefined));
    const deploying = start('deploy');
    await until(() => deploying.output.stderr.includes('waits Deployment'));
    deploying.child.kill('SIGINT');
    await deploying.code;
    const run = start('destroy');
    await until(() => proxy.seen.some(isDeleting));
    run.child.kill('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.output.stderr).toMatch(
      /interrupted: [\s\S]*stopped; left:\n(.*\n)*.*delete ConfigMap slow-proxied\/first/,
    );
    expect(await cluster.get(first)).toBeDefined();
  });
});
