import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const folder = 'test/docs-code';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every TypeScript block of a page is a module; a block marked `ts continue` goes on where the one before it ended. */
function modulesOf(page: string): Map<string, string> {
  const modules = new Map<string, string>();
  let last = '';
  for (const match of readFileSync(page, 'utf8').matchAll(/^```ts( continue)?(?: ([\w./-]+))?\n([\s\S]*?)^```/gm)) {
    const [, continues, name, code = ''] = match;
    const file = name ?? `block-${modules.size}.ts`;
    if (continues && modules.has(last)) modules.set(last, `${modules.get(last)}${code}`);
    else modules.set((last = file), code);
  }
  return modules;
}

it('the code of README and docs compiles', { timeout: 120_000 }, () => {
  rmSync(folder, { recursive: true, force: true });
  let count = 0;
  for (const page of ['README.md', ...globSync('docs/*.md')]) {
    for (const [file, code] of modulesOf(page)) {
      const path = join(folder, page.replaceAll(/[/.]/g, '-'), file);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, `${code}\nexport {};\n`);
      count++;
    }
  }
  writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "../../tsconfig.json", "include": ["."], "exclude": [] }');
  const { stdout } = spawnSync('node_modules/.bin/tsc', ['-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(count).toBeGreaterThan(5);
});

it('getting started shows the files that init makes', () => {
  const modules = modulesOf('docs/getting-started.md');
  for (const file of ['stacks/app.ts', 'environments/dev.ts'])
    expect(modules.get(file)).toBe(readFileSync(join('template', file), 'utf8'));
});
