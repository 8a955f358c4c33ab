import { cpSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandResult } from './command-lines.ts';
import { runCommandLines } from './run-command-lines.ts';

const stack = 'shop/stacks/shop.ts';

describe('synth', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kubewright-synth-')));
  const out = join(folder, 'dist');
  let results: readonly CommandResult[];
  const nth = (index: number): CommandResult => results[index] as CommandResult;

  beforeAll(() => {
    const synth = (...flags: string[]) => ({ stack, argv: ['synth', '--out', out, ...flags] });
    const first = runCommandLines([
      synth('--check'),
      synth(),
      synth(),
      synth('--check'),
      synth('--check', '--output', 'json'),
    ]);
    cpSync(out, join(folder, 'first'), { recursive: true });
    writeFileSync(join(out, 'dev/shop/settings.yaml'), 'edited: true\n');
    writeFileSync(join(out, 'dev/shop/gone.yaml'), 'stale: true\n');
    writeFileSync(join(out, 'dev/notes.md'), 'not ours');
    rmSync(join(out, 'prod/queue/instance.yaml'));
    const second = runCommandLines([
      synth('--check'),
      synth('--check', '--output', 'json'),
      synth('--env', 'dev', '--check'),
      synth(),
      synth('--check'),
    ]);
    results = [...first, ...second];
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('checks a folder that is not there, without making it', () => {
    expect(nth(0).code).toBe(1);
    expect(nth(0).stdout).toContain(`${out}/dev/shop/kustomization.yaml is missing`);
  });

  it('writes all environments, and nothing the second time', () => {
    expect(nth(1).stdout).toMatch(/dist\/dev\/shop {2}5 files: 5 new/);
    expect(nth(1).stdout).toMatch(/dist\/prod\/queue {2}4 files: 4 new/);
    expect(nth(1).stdout).toContain('Secret shop-credentials is left out: it has to be in the cluster');
    expect(nth(2).stdout).toMatch(/dist\/dev\/shop {2}5 files, unchanged/);
    expect(nth(3).code).toBe(0);
    expect(JSON.parse(nth(4).stdout)).toMatchObject({
      verb: 'synth',
      check: true,
      changed: false,
      graphs: [{ environment: 'dev', graph: 'shop' }, {}, {}, {}],
    });
  });

  it('finds files that were edited, are missing or stale', () => {
    const { code, stdout } = nth(5);
    expect(code).toBe(1);
    expect(stdout).toContain(`${out}/dev/shop/settings.yaml differs`);
    expect(stdout).toContain(`${out}/dev/shop/gone.yaml is stale`);
    expect(stdout).toContain(`${out}/prod/queue/instance.yaml is missing`);
    expect(stdout).toContain('Run synth without --check and commit them.');
    expect(JSON.parse(nth(6).stdout)).toMatchObject({
      changed: true,
      graphs: [{ difference: { missing: [], changed: ['settings.yaml'], stale: ['gone.yaml'] } }, {}, {}, {}],
    });
    expect(nth(7).stdout).not.toContain('prod');
  });

  it('puts them right and leaves alone what it does not own', () => {
    expect(nth(9).code).toBe(0);
    expect(readFileSync(join(out, 'dev/notes.md'), 'utf8')).toBe('not ours');
    rmSync(join(out, 'dev/notes.md'));
    const list = (root: string): string[] => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
    expect(list(out)).toEqual(list(join(folder, 'first')));
  });

  it('writes what the environment says', () => {
    const read = (path: string): string => readFileSync(join(out, path), 'utf8');
    expect(read('dev/shop/web.yaml')).toMatch(/namespace: shop-dev[\s\S]*replicas: 2[\s\S]*image: shop:dev/);
    expect(read('dev/shop/settings.yaml')).toContain("'on': 'yes'");
    expect(read('prod/shop/definition.yaml')).toMatch(/name: shop-prod[\s\S]*kind: ProdShop/);
    expect(read('prod/shop/instance.yaml')).toMatch(
      /kind: ProdShop\nmetadata:\n {2}name: shop\n {2}namespace: shop\nspec:\n/,
    );
  });
});
