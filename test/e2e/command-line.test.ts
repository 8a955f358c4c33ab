import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { connect } from '../../src/cluster/connect.ts';
import { fixtures, runTsx } from '../cli/run-command-lines.ts';
import type { CommandResult } from '../cli/command-lines.ts';
import { place } from './place.ts';

const stack = join(fixtures, 'shop/stacks/shop.ts');
const restored = join(fixtures, 'restored/stack.ts');
const slow = join(fixtures, 'slow/stack.ts');
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop-web', namespace: 'shop-dev' };

describe('the command line on a cluster', () => {
  let cluster: Cluster;
  const env = (): Record<string, string> => ({ XDG_STATE_HOME: place.stateHome });
  const run = (...argv: string[]): CommandResult => runTsx(stack, argv, { env: env() });

  beforeAll(async () => {
    cluster = await connect({
      kind: 'local',
      directory: join(place.stateHome, 'kubewright', 'default'),
    });
  });
  afterAll(() => {
    runTsx(slow, ['destroy', '--env', 'dev'], { env: env() });
    run('destroy', '--env', 'dev');
    cluster.close();
  });

  it('plans, deploys, shows and destroys', async () => {
    const planned = run('plan', '--env', 'dev', '--detailed-exitcode');
    expect(planned.code).toBe(2);
    expect(planned.stdout).toMatch(
      /shop in dev: direct, namespace shop-dev, local control plane\n {2}\+ Namespace shop-dev\n[\s\S]*\+ Deployment shop-dev\/shop-web +web\n[\s\S]*3 to create, and Namespace shop-dev/,
    );
    expect(await cluster.get({ apiVersion: 'v1', kind: 'Namespace', name: 'shop-dev' })).toBeUndefined();

    const deployed = run('--env', 'dev');
    expect(deployed.code).toBe(0);
    expect(deployed.stdout).toMatch(
      /✓ shop: 3 created, and Namespace shop-dev, [\d.]+ s\n {2}url {4}shop\.example\.com\n {2}ready {2}true\n/,
    );
    expect(deployed.stderr).toMatch(/created Deployment shop-web\n/);
    expect(deployed.stdout + deployed.stderr).not.toMatch(/not for production/);

    const again = run('--env', 'dev', '--output', 'json');
    expect(JSON.parse(again.stdout)).toMatchObject({
      verb: 'deploy',
      environment: 'dev',
      graphs: [
        { graph: 'shop', writes: 0, status: { ready: true } },
        { graph: 'queue', writes: 0 },
      ],
    });
    expect(run('plan', '--env', 'dev', '--detailed-exitcode')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no changes (3 unchanged)'),
    });
    expect(run('status', '--env', 'dev').stdout).toMatch(
      /3 of 3 objects ready\n {2}url {4}shop\.example\.com\n {2}ready {2}true\n/,
    );

    const told = run('history', '--env', 'dev');
    expect(told.stdout).toMatch(
      /shop in dev: .*\n {4}# +when +result +who +commit +values\n {2}\* 1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +deployed +\S+@\S+ \(.+\) +\S+ +\S{8}\n +3 created: .*web/,
    );
    expect(JSON.parse(run('history', '--env', 'dev', '--output', 'json').stdout)).toMatchObject({
      graphs: [{ graph: 'shop', deployed: true, revisions: [{ number: 1, current: true }] }, { graph: 'queue' }],
    });
    expect(run('rollback', '--env', 'dev', '--graph', 'shop', '--to', '1').stdout).toMatch(
      /✓ shop is as in revision 1: no changes \(3 unchanged\)/,
    );
    expect(run('rollback', '--env', 'dev')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no good revision/),
    });
    expect(run('rollback', '--env', 'dev', '--to', '1').stderr).toMatch(/Say which one with --graph: shop, queue/);
    expect(told.stdout + told.stderr).not.toMatch(/not for production/);

    expect(run('destroy', '--env', 'dev').stdout).toMatch(
      /✓ queue: 1 deleted[\s\S]*✓ shop: 3 deleted, and Namespace shop-dev/,
    );
    expect(await cluster.get(deployment)).toBeUndefined();
    expect(run('status', '--env', 'dev', '--detailed-exitcode')).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('is not deployed'),
    });
  }, 120_000);

  it('rolls back, undoes and tells it in mode kro too', async () => {
    const inKro = (...argv: string[]): CommandResult => runTsx(restored, argv, { env: env() });
    const text = async (): Promise<unknown> =>
      (await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'settings', namespace: 'restored' }))?.['data'];
    for (const environment of ['one', 'two']) expect(inKro('--env', environment).code).toBe(0);
    const back = inKro('rollback', '--env', 'two');
    expect([back.code, back.stdout, back.stderr]).toEqual([
      0,
      expect.stringMatching(/✓ restored is as in revision 1: 1 updated, 1 unchanged; 1 made by kro/),
      expect.stringMatching(/~ Restored restored\/restored +instance restored\n +spec\.text: "two" → "one"/),
    ]);
    expect(await text()).toEqual({ text: 'one' });
    const failed = inKro('--env', 'failing', '--rollback-on-failure');
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/pod: Pod[\s\S]*what was there before is restored \(revision 3\)/),
    });
    expect(await text()).toEqual({ text: 'one' });
    expect(inKro('history', '--env', 'one').stdout).toMatch(
      /4 .*failed, undone[\s\S]*3 .*deployed \(rollback to 1\)[\s\S]*2 .*deployed[\s\S]*1 .*deployed/,
    );
    expect(inKro('destroy', '--env', 'one', '--definition').code).toBe(0);
  }, 120_000);

  it('does not take over what is not its own unless it is told to', async () => {
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-dev' } },
      { fieldManager: 'somebody' },
    );
    await cluster.apply(
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace: 'shop-dev' },
        data: { mine: 'yes' },
      },
      { fieldManager: 'somebody' },
    );
    const refused = run('--env', 'dev');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/settings[\s\S]*adopt/) });
    expect(await cluster.get(deployment)).toBeUndefined();
    expect(run('--env', 'dev', '--adopt').code).toBe(0);
  });

  it('tells by its exit code whether all is well', async () => {
    const asked = ['status', '--env', 'dev', '--drift', '--detailed-exitcode', '--output', 'json'];
    expect(run(...asked).code).toBe(0);
    const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop-dev' } };
    await cluster.apply({ ...settings, data: { on: 'no' } }, { fieldManager: 'somebody', force: true });
    const drifted = run(...asked);
    expect([drifted.code, JSON.parse(drifted.stdout)]).toMatchObject([
      2,
      {
        healthy: false,
        graphs: [
          { graph: 'shop', healthy: false },
          { graph: 'queue', healthy: true },
        ],
      },
    ]);
    expect(run('status', '--env', 'dev', '--drift').code).toBe(0);
  });

  it('deploys a plan that was saved, and refuses it once something moved', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'kubewright-plan-')), 'dev.plan');
    expect(run('destroy', '--env', 'dev').code).toBe(0);
    const planned = run('plan', '--env', 'dev', '--adopt', '--out', file, '--detailed-exitcode');
    expect(planned).toMatchObject({ code: 2, stdout: expect.stringContaining(`Saved: deploy it with --plan ${file}`) });
    expect(readFileSync(file, 'utf8')).not.toMatch(/not for production/);
    expect(run('deploy', '--env', 'dev', '--plan', file, '--adopt').stderr).toContain(
      '--plan and --adopt exclude each other',
    );
    expect(run('deploy', '--env', 'dev', '--plan', file).code).toBe(0);
    expect(run('deploy', '--env', 'dev', '--plan', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the plan is not true any more: another deployment was made/),
    });
    expect(run('deploy', '--env', 'dev', '--plan', '/nowhere.plan').stderr).toMatch(
      /\/nowhere\.plan: cannot be read \(ENOENT\)/,
    );
  });

  it('says what stays when it fails', async () => {
    expect(run('destroy', '--env', 'dev').code).toBe(0);
    const namespace = 'shop-dev';
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      { fieldManager: 'somebody' },
    );
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace } };
    await cluster.apply({ ...quota, spec: { hard: { 'count/deployments.apps': '0' } } }, { fieldManager: 'somebody' });
    expect(run('--env', 'dev')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /\n {2}2 created, then it failed: what was done stays[^\n]*\nerror: web: .*exceeded quota/,
      ),
    });
    await cluster.delete({ apiVersion: 'v1', kind: 'ResourceQuota', name: 'none', namespace });
  });

  it('prints permissions that kubectl takes', () => {
    const { code, stdout } = run('rbac', '--env', 'dev', '--for', 'plan', '--service-account', 'ci/planner');
    expect(code).toBe(0);
    const kinds = [...stdout.matchAll(/^kind: (\w+)$/gm)].map((match) => match[1]);
    expect(kinds).toEqual(['Role', 'RoleBinding', 'Role', 'RoleBinding']);
    expect(stdout).not.toMatch(/- (delete|watch|update)$/m);
    expect(run('rbac', '--env', 'dev', '--for', 'everything').stderr).toMatch(/--for takes plan, deploy, destroy/);
    const json = JSON.parse(run('rbac', '--env', 'dev', '--output', 'json').stdout) as {
      graphs: { required: { kind: string }[] }[];
    };
    expect(json.graphs.map(({ required }) => required.map(({ kind }) => kind))).toEqual([['Role'], ['Role']]);
  });

  it('stops cleanly on Ctrl-C and says what is left', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', slow, '--env', 'dev'], {
      env: { ...process.env, ...env(), CI: 'true', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      // The second Ctrl-C would end it at once: one is sent when it waits. Not through the program tsx, which kills
      // what does not answer a signal in 30 ms.
      if (!stderr.includes('waits ') && (stderr + chunk).includes('waits ')) child.kill('SIGINT');
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toMatch(
      /Stopping after the requests that are running[\s\S]*interrupted: slow slow\/slow: stopped; left:\n[\s\S]*never[\s\S]*Run it again to continue; what was done stays\./,
    );
    expect(code).toBe(130);
    // The first line of a reason may name no cause.
    expect(runTsx(slow, ['history', '--env', 'dev'], { env: env() }).stdout).toMatch(
      /1 .* interrupted .*\n +2 created: .*\n +slow slow\/slow: stopped; left:\n +- never: 0 of 1 replicas are ready\n/,
    );
  });
});
