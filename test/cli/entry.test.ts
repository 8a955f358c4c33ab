import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtures, runNode, runTsx } from './run-command-lines.ts';

const stack = join(fixtures, 'shop/stacks/shop.ts');
const repository = join(import.meta.dirname, '../..');

describe('a stack file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-entry-'));
  beforeAll(() => {
    symlinkSync(stack, join(folder, 'link.ts'));
    writeFileSync(
      join(folder, 'importer.ts'),
      `import { shop } from ${JSON.stringify(stack)};\nconsole.log('imported', shop.name, process.argv.length);\n`,
    );
    // What tsc makes of the fixtures: JavaScript that imports JavaScript.
    for (const path of ['stacks/shop', 'environments/base', 'environments/dev']) {
      const text = stripTypeScriptTypes(readFileSync(join(fixtures, `shop/${path}.ts`), 'utf8'));
      const compiled = text.replaceAll(/'(\.[^']*)\.ts'/g, (_all, target: string) =>
        target.includes('src/') ? JSON.stringify(join(repository, 'src/index.ts')) : `'${target}.js'`,
      );
      mkdirSync(join(folder, 'compiled', path, '..'), { recursive: true });
      writeFileSync(join(folder, 'compiled', `${path}.js`), compiled);
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['by tsx', () => runTsx(stack, ['graph'])],
    ['by its name without an extension', () => runTsx(stack.slice(0, -3), ['graph'])],
    ['through a symbolic link', () => runTsx(join(folder, 'link.ts'), ['graph'])],
    ['by node, which strips the types', () => runNode([stack, 'graph'])],
    ['by node, compiled to JavaScript', () => runNode([join(folder, 'compiled/stacks/shop.js'), 'graph'])],
    ['by the program kubewright', () => runNode([join(repository, 'src/bin.ts'), 'graph', stack])],
  ])('runs when it is started %s', (_how, start) => {
    expect(start()).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^flowchart LR/) });
  });

  it('finds its environments where it really is, and compiled ones beside the compiled stack', () => {
    const out = join(folder, 'dist');
    expect(runTsx(join(folder, 'link.ts'), ['synth', '--env', 'dev', '--out', out])).toMatchObject({ code: 0 });
    expect(runNode([join(folder, 'compiled/stacks/shop.js'), 'synth', '--check', '--out', out])).toMatchObject({
      code: 0,
      stdout: expect.not.stringContaining('prod'),
    });
  });

  it('that is wrong says so as any verb would, and nothing of the library', () => {
    const wrong = join(fixtures, 'shop/stacks/wrong.ts');
    const problems = [
      'simple.ConfigMap labels dat: there is no such property. Did you mean "data"?',
      'simple.ConfigMap labels data: is required',
    ];
    const says = `simple.ConfigMap labels: 2 problems\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
    expect(runTsx(wrong, ['plan', '--env', 'dev'])).toEqual({ code: 1, stdout: '', stderr: `error: ${says}\n` });
    const { code, stdout, stderr } = runNode([wrong, 'plan', '--env', 'dev', '-o', 'json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'UnknownProperty', message: says, problems: [{ path: 'dat' }, { path: 'data' }] },
    });
  });

  it('does nothing when it is imported', () => {
    expect(runTsx(join(folder, 'importer.ts'), ['graph'])).toEqual({
      code: 0,
      stdout: 'imported shop 3\n',
      stderr: '',
    });
  });

  it('may be imported by its own environment', () => {
    const { code, stderr } = runTsx(join(fixtures, 'cycle/stack.ts'), [
      'synth',
      '--env',
      'dev',
      '--out',
      join(folder, 'cycle'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(readFileSync(join(folder, 'cycle/dev/cyclic/config.yaml'), 'utf8')).toContain('text: for cyclic');
  });
});

describe('the library', () => {
  it('loads neither the schema library nor what talks to clusters, files and terminals', () => {
    const hook = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      await import(${JSON.stringify(join(repository, 'src/index.ts'))});
      console.log(JSON.stringify(loaded));`;
    const { stdout, stderr } = runNode(['--input-type=module', '-e', hook]);
    expect(stderr).toBe('');
    const loaded = JSON.parse(stdout) as string[];
    const packages = new Set(loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
    expect([...packages]).toEqual([]);
    const folders = new Set(loaded.flatMap((url) => /\/src\/([\w-]+)\//.exec(url)?.[1] ?? []));
    expect([...folders].sort()).toEqual(['cli', 'cluster', 'expr', 'graph', 'k8s', 'schema']);
    const upper = loaded.filter((url) => /\/src\/(cli|cluster)\//.test(url)).map((url) => url.split('/src/')[1]);
    expect(new Set(upper)).toEqual(
      new Set([
        'cli/display-path.ts',
        'cli/environment.ts',
        'cli/failure.ts',
        'cli/merge.ts',
        'cli/output.ts',
        'cli/stack.ts',
        'cluster/source.ts',
      ]),
    );
  });

  it('says in one line that an old Node.js is too old', () => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.19.0' }); Object.defineProperty(process, 'version', { value: 'v20.19.0' });`;
    for (const entry of ['src/index.ts', 'src/bin.ts']) {
      const { code, stdout, stderr } = runNode([
        '--input-type=module',
        '-e',
        `${pretend} await import(${JSON.stringify(join(repository, entry))});`,
      ]);
      expect({ code, stdout, stderr }).toEqual({
        code: 1,
        stdout: '',
        stderr:
          'kubewright needs Node.js 22 or newer; this is v20.19.0. Install a newer Node.js, or run `npm i -D node@24` and use npx.\n',
      });
    }
  });
});
