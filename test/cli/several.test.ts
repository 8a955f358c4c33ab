import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandResult } from './command-lines.ts';
import { fixtures, runCommandLines } from './run-command-lines.ts';

const mine = 'several/stacks/mine.ts';
const lost = 'several/stacks/lost.ts';
const missing = 'several/environments/dev.ts values["mine"]: is missing';

describe('several stacks with environments of their own', () => {
  const out = realpathSync(mkdtempSync(join(tmpdir(), 'kubewright-several-')));
  // A copy inside of the fixtures, so that its imports hold: an environment that does not load.
  const copy = join(fixtures, 'several-broken');
  let results: readonly CommandResult[];
  const nth = (index: number): CommandResult => results[index] as CommandResult;

  beforeAll(() => {
    cpSync(join(fixtures, 'several'), copy, { recursive: true });
    writeFileSync(join(copy, 'environments/torn.ts'), "throw new Error('no such region');\n");
    const synth = (stack: string, ...flags: string[]) => ({ stack, argv: ['synth', '--out', out, ...flags] });
    const first = runCommandLines([
      synth(mine),
      synth(mine, '--check', '--output', 'json'),
      synth(mine, '--env', 'dev'),
      synth(lost),
      { argv: ['validate', mine] },
      { argv: ['validate', mine, '--output', 'json'] },
      { argv: ['validate', mine, '--env', 'dev'] },
      { argv: ['validate', lost] },
      { argv: ['validate', 'several-broken/stacks/mine.ts'] },
    ]);
    mkdirSync(join(out, 'dev/mine'), { recursive: true });
    writeFileSync(join(out, 'dev/mine/web.yaml'), 'deployed: true\n');
    results = [...first, ...runCommandLines([synth(mine, '--check'), synth(mine)])];
  }, 120_000);

  afterAll(() => {
    rmSync(out, { recursive: true, force: true });
    rmSync(copy, { recursive: true, force: true });
  });

  it('synth writes those that have values for the stack, and says which have none', () => {
    expect(nth(0)).toMatchObject({ code: 0, stderr: '' });
    expect(nth(0).stdout).toMatch(/mine\/mine {2}\d files: /);
    expect(nth(0).stdout).toContain(`\n- mine for dev is skipped: ${missing}`);
    expect(JSON.parse(nth(1).stdout)).toMatchObject({
      changed: false,
      graphs: [{ environment: 'mine', graph: 'mine' }],
      skipped: [{ environment: 'dev', graph: 'mine', reason: expect.stringContaining(missing) as string }],
    });
  });

  it('one that is named has to have values, and one of all', () => {
    expect(nth(2)).toMatchObject({ code: 1, stderr: expect.stringContaining(missing) as string });
    expect(nth(3)).toMatchObject({ code: 1, stdout: '' });
    expect(nth(3).stderr).toMatch(/dev\.ts values\["lost"\]: is missing[^]*mine\.ts values\["lost"\]: is missing/);
  });

  it('files of an environment that lost its values are an error, and stay', () => {
    for (const result of [nth(9), nth(10)]) {
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(`${missing}, and ${out}/dev/mine has files for it: they are stale.`);
    }
    expect(readdirSync(join(out, 'dev/mine'))).toEqual(['web.yaml']);
  });

  it('validate skips what synth skips', () => {
    expect(nth(4)).toMatchObject({ code: 0, stderr: '' });
    expect(nth(4).stdout).toContain(`- ${mine} mine for dev is skipped: ${missing}`);
    expect(nth(4).stdout).toContain(`✓ ${mine} mine for mine`);
    expect(JSON.parse(nth(5).stdout)).toMatchObject({
      files: [{ accepted: true, errors: [], skipped: [{ environment: 'dev', graph: 'mine' }] }],
    });
    expect(nth(6)).toMatchObject({ code: 1, stdout: expect.stringContaining(missing) as string });
    expect(nth(7)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/✗ .*for dev\n[^]*✗ .*for mine\n/) as string,
    });
  });

  it('validate tells an environment that does not load beside the others', () => {
    const { code, stdout, stderr } = nth(8);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain('✓ several-broken/stacks/mine.ts mine for mine\n');
    expect(stdout).toMatch(/✗ several-broken\/environments\/torn\.ts\n {4}.*no such region/);
  });
});
