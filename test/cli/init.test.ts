import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandResult } from './command-lines.ts';
import { runCommandLines } from './run-command-lines.ts';

const files = [
  'package.json',
  'tsconfig.json',
  '.oxlintrc.json',
  '.gitignore',
  'README.md',
  'stacks/app.ts',
  'environments/dev.ts',
];

/** That the project runs is part of test/package.test.ts: it needs the installed package. */
describe('init', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-init-'));
  let results: readonly CommandResult[];
  const nth = (index: number): CommandResult => results[index] as CommandResult;

  beforeAll(() => {
    mkdirSync(join(folder, 'taken/stacks'), { recursive: true });
    mkdirSync(join(folder, 'here'));
    writeFileSync(join(folder, 'taken/README.md'), 'mine');
    writeFileSync(join(folder, 'taken/stacks/app.ts'), 'mine');
    results = runCommandLines([
      { argv: ['init', 'My Shop'], cwd: folder },
      { argv: ['init', '--output', 'json'], cwd: join(folder, 'here') },
      { argv: ['init', 'taken'], cwd: folder },
      { argv: ['init', 'taken/README.md'], cwd: folder },
      { argv: ['init', 'a', 'b'], cwd: folder },
    ]);
  }, 60_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes a project and says what comes next', () => {
    expect(nth(0)).toMatchObject({ code: 0, stderr: '' });
    expect(nth(0).stdout).toContain('+ My Shop/stacks/app.ts\n');
    expect(nth(0).stdout).toMatch(/Next:\n {2}cd "My Shop"\n {2}npm install\n {2}npm run deploy\n$/);
    const written = JSON.parse(readFileSync(join(folder, 'My Shop/package.json'), 'utf8')) as {
      name: string;
      dependencies: object;
    };
    expect(written).toMatchObject({ name: 'my-shop', type: 'module' });
    expect(Object.keys(written.dependencies)).toEqual(['arktype', 'kubewright']);
  });

  it('takes the current folder when none is named', () => {
    const document = JSON.parse(nth(1).stdout) as { verb: string; files: string[] };
    expect(document).toMatchObject({ verb: 'init', folder: expect.stringMatching(/here$/) });
    expect(document.files).toEqual(files);
    for (const file of files) expect(readFileSync(join(folder, 'here', file), 'utf8')).not.toBe('');
  });

  it('writes nothing where it would overwrite something, and lists it', () => {
    expect(nth(2).code).toBe(1);
    expect(nth(2).stderr).toBe(
      'error: taken: has files that would be overwritten: README.md, stacks/app.ts. Name another folder, or remove them.\n',
    );
    expect(readdirSync(join(folder, 'taken')).sort()).toEqual(['README.md', 'stacks']);
  });

  it('refuses what is no folder, and two of them', () => {
    expect(nth(3)).toMatchObject({ code: 1, stderr: expect.stringContaining('taken/README.md: is a file') });
    expect(nth(4)).toMatchObject({ code: 1, stderr: expect.stringContaining('too many arguments') });
  });
});
