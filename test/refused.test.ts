import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** `file:line TScode` of every marked line: `// TS2322 TS2353 (why)`. */
function markedLines(): string[] {
  return globSync('test/refused/*.ts').flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((text, index) =>
        [...(/\/\/ (TS[\d TS,]+)/.exec(text)?.[1] ?? '').matchAll(/TS\d+/g)].map(
          ([code]) => `${file}:${index + 1} ${code}`,
        ),
      ),
  );
}

it('programs that look at a reference instead of its value do not compile', { timeout: 120_000 }, () => {
  const { stdout } = spawnSync('node_modules/.bin/tsc', ['-p', 'test/refused', '--pretty', 'false'], {
    encoding: 'utf8',
  });
  const errors = [...stdout.matchAll(/^(\S+)\((\d+),\d+\): error (TS\d+)/gm)].map(
    ([, file = '', line, code]) => `${file}:${line} ${code}`,
  );
  expect([...new Set(errors)].sort()).toEqual(markedLines().sort());
});
