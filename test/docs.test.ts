import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { verbsFor } from '../src/cli/program.ts';
import { rules } from '../src/deploy/readiness/table.ts';

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

/** Every code in the sources: `code: 'A'`, `code: condition ? 'A' : 'B'`, those of CEL, and what a server answered. */
function codesInSource(): ReadonlySet<string> {
  const found = globSync('src/**/*.ts').flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    const union = /(?:type ApiErrorCode|const codes) =([^;]+);/.exec(text)?.[1] ?? '';
    const assigned = [...text.matchAll(/\bcode: ([^,\n]+)/g)].map(([, value = '']) => value);
    return [union, ...assigned].flatMap((value) =>
      [...value.matchAll(/'([A-Z][A-Za-z]+)'/g)].map(([, code = '']) => code),
    );
  });
  return new Set(found);
}

it('every code of an error is explained, and no other', () => {
  const page = readFileSync('docs/errors.md', 'utf8');
  const cells = [...page.matchAll(/^\| (`[A-Z].*?) \|/gm)].map(([, cell = '']) => cell);
  const explained = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, code = '']) => code));
  expect([...explained].sort()).toEqual([...new Set(explained)].sort());
  expect([...explained, 'Unexpected'].sort()).toEqual([...codesInSource()].sort());
});

it('every flag of every verb is explained', () => {
  const page = readFileSync('docs/command-line.md', 'utf8');
  const rows = [...page.matchAll(/^\| (`-.*?) \| (.*?) \|/gm)].map(([, flags = '', verbs = '']) => ({ flags, verbs }));
  const [, local = ''] = page.split('## The local control plane');
  const missing = verbsFor(undefined).flatMap(({ name, options = [], verbs = [] }) => [
    ...options
      .map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? flags)
      .filter(
        (flag) =>
          !rows.some((row) => new RegExp(`${flag}[\\s\`]`).test(row.flags) && row.verbs.includes(`\`${name}\``)),
      )
      .map((flag) => `${name} ${flag}`),
    ...verbs
      .flatMap((verb) => (verb.options ?? []).map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? flags))
      .filter((flag) => !local.includes(`${flag} `))
      .map((flag) => `${name} ${flag}`),
  ]);
  expect(missing).toEqual([]);
});

it('every kind that has a rule of its own for readiness is explained', () => {
  const [, section = ''] = readFileSync('docs/deployment.md', 'utf8').split('\n## When something is ready\n');
  const kinds = Object.keys(rules).map((groupKind) => groupKind.split('.')[0] ?? '');
  expect(kinds.filter((kind) => !new RegExp(`\\b${kind}\\b`).test(section))).toEqual([]);
});
