import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { place } from './place.ts';

const { stateHome } = place;

/** What the README says, on the control plane of this run. */
function npx(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('npx', args, {
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: stateHome, CI: 'true' },
  });
  return { status, stdout, stderr };
}

const health = { 'stacks/app.ts': { health: 'healthy' }, 'stacks/platform.ts': { healthy: true } } as const;

describe.each(['dev', 'staging'])('in environment %s', (environment) => {
  it.each(['stacks/app.ts', 'stacks/platform.ts'] as const)(
    '%s runs, is healthy, writes nothing again and goes',
    { timeout: 180_000 },
    (stack) => {
      const first = npx('tsx', stack, '--env', environment);
      expect(first).toMatchObject({ status: 0 });
      expect(first.stdout + first.stderr).toMatch(/health(y|\s+healthy|y\s+true)/);
      const again = npx('tsx', stack, '--env', environment, '--output', 'json');
      expect(again).toMatchObject({ status: 0 });
      const result = JSON.parse(again.stdout) as { graphs?: { status: object; writes: number }[] };
      expect(JSON.stringify(result)).toContain(JSON.stringify(health[stack]).slice(1, -1));
      expect(JSON.stringify(result)).toContain('"writes":0');
      expect(npx('tsx', stack, 'status', '--env', environment)).toMatchObject({ status: 0 });
      expect(npx('tsx', stack, 'plan', '--env', environment, '--detailed-exitcode')).toMatchObject({ status: 0 });
      expect(npx('tsx', stack, 'destroy', '--env', environment, '--yes')).toMatchObject({ status: 0 });
    },
  );
});

it('dist is what synth writes', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-dist-'));
  try {
    for (const stack of ['stacks/app.ts', 'stacks/platform.ts']) {
      expect(npx('tsx', stack, 'synth', '--check')).toMatchObject({ status: 0 });
      npx('tsx', stack, 'synth', '--out', folder);
    }
    expect(spawnSync('diff', ['-r', 'dist', folder], { encoding: 'utf8' }).stdout).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
