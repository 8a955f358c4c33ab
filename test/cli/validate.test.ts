import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandResult } from './command-lines.ts';
import { fixtures, runCommandLines } from './run-command-lines.ts';

const misused = 'conditions/stack.ts';
const shop = 'shop/stacks/shop.ts';
const alone = mkdtempSync(join(tmpdir(), 'kubewright-no-linter-'));
const stackAlone = join(alone, 'stack.ts');

interface FileVerdict {
  readonly file: string;
  readonly accepted: boolean;
  readonly errors: readonly { code: string; message: string; resource?: string }[];
  readonly warnings?: readonly { code: string; message: string }[];
}

describe('validate looks for JavaScript conditions on references', () => {
  let results: readonly CommandResult[];
  const nth = (index: number): CommandResult => results[index] as CommandResult;
  const files = (index: number): FileVerdict[] => (JSON.parse(nth(index).stdout) as { files: FileVerdict[] }).files;

  beforeAll(() => {
    const root = join(import.meta.dirname, '../..');
    const arktype = createRequire(import.meta.url).resolve('arktype');
    writeFileSync(join(alone, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      stackAlone,
      `import { type } from '${arktype}';
import { run, simple, toResourceGraph } from '${root}/src/index.ts';
run(import.meta, toResourceGraph({ name: 'alone', apiVersion: 'example.com/v1', kind: 'Alone', spec: type({}) }, () => ({ a: simple.ConfigMap({ name: 'a', data: {} }) })));
`,
    );
    results = runCommandLines([
      { argv: ['validate', misused, shop, '--output', 'json'] },
      { argv: ['validate', misused] },
      { argv: ['validate', stackAlone, '--output', 'json'] },
      { argv: ['validate', stackAlone] },
      { argv: ['validate', 'shop/stacks/throws.ts', shop, '--output', 'json'] },
      { argv: ['validate', 'shop/stacks/invalid.ts', 'shop/stacks/one-mistake.ts', '--output', 'json'] },
      { argv: ['synth', 'shop/stacks/invalid.ts', '--output', 'json'] },
    ]);
  }, 120_000);

  afterAll(() => rmSync(alone, { recursive: true, force: true }));

  it('finds every one of them, and nothing else', () => {
    const marked = readFileSync(join(fixtures, misused), 'utf8')
      .split('\n')
      .flatMap((line, index) => (line.endsWith('// seen') ? [`${misused}:${index + 1}`] : []));
    const [bad, good] = files(0);
    const found = bad?.errors.filter(({ code }) => code === 'ReferenceAsCondition') ?? [];
    expect(found.map(({ resource = '' }) => resource.replace(/:\d+$/, ''))).toEqual(marked);
    expect(bad?.accepted).toBe(false);
    expect(good).toEqual({ file: shop, accepted: true, errors: [] });
    expect(nth(0).code).toBe(1);
  });

  it('tells them to people too, beside what the graph says', () => {
    const { code, stdout } = nth(1);
    expect(code).toBe(1);
    expect(stdout).toContain('its result was used as a JavaScript condition');
    expect(stdout).toMatch(
      /stack\.ts:24:9 !debug: a reference has no value .*\. Use choose, orElse or includeWhen\.$/m,
    );
  });

  it('says in one line how to install the linter when there is none', () => {
    const [verdict] = files(2);
    expect(verdict).toMatchObject({ file: stackAlone, accepted: true, warnings: [{ code: 'NoLinter' }] });
    expect(nth(3)).toMatchObject({ code: 0, stderr: '' });
    expect(nth(3).stdout).toMatch(/^\S*stack\.ts: .*Run `npm install --save-dev oxlint oxlint-tsgolint`\.\n$/m);
  });

  it('tells a stack that cannot be loaded beside the others', () => {
    expect(files(4)).toMatchObject([
      { file: 'shop/stacks/throws.ts', accepted: false, errors: [{ code: 'ModuleFailed' }] },
      { file: shop, accepted: true },
    ]);
    expect(nth(4).code).toBe(1);
  });

  it('tells each mistake of a stack that cannot be loaded with its place', () => {
    const problems = [
      { code: 'ReservedId', message: expect.stringContaining('metadata') as string },
      { code: 'NotReturned', resource: 'uses', source: 'shop/stacks/invalid.ts:10:20', line: 10 },
    ];
    const place = { path: 'spec.replicas', source: 'shop/stacks/one-mistake.ts:7:17', line: 7 };
    expect(files(5)).toMatchObject([
      { errors: [{ resource: 'shop/stacks/invalid.ts', problems }] },
      { errors: [{ resource: 'shop/stacks/one-mistake.ts', ...place, problems: [{ resource: 'web', ...place }] }] },
    ]);
    expect(JSON.parse(nth(6).stdout)).toMatchObject({ error: { resource: 'shop/stacks/invalid.ts', problems } });
  });
});

describe('validate says what kro would say to a stack', () => {
  const stack = 'refused/stacks/keeper.ts';
  let results: readonly CommandResult[];
  const verdict = (index: number): FileVerdict =>
    (JSON.parse((results[index] as CommandResult).stdout) as { files: FileVerdict[] }).files[0] as FileVerdict;

  beforeAll(() => {
    // No environments are near a folder for temporary files.
    const folder = mkdtempSync(join(tmpdir(), 'kubewright-no-environment-'));
    const copy = join(folder, 'stack.ts');
    const text = readFileSync(join(fixtures, stack), 'utf8')
      .replaceAll('../../../../../src', join(import.meta.dirname, '../../src'))
      .replace("'arktype'", `'${createRequire(import.meta.url).resolve('arktype')}'`);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(copy, text);
    const crds = ['--crds', 'refused/gadgets.yaml'];
    results = runCommandLines([
      { argv: ['validate', stack, '--output', 'json', '--env', 'kro', ...crds] },
      { argv: ['validate', stack, '--output', 'json', '--env', 'direct', ...crds] },
      { argv: ['validate', stack, '--env', 'kro', ...crds] },
      { argv: ['validate', copy, '--output', 'json', ...crds] },
    ]);
    rmSync(folder, { recursive: true });
  }, 120_000);

  it('where an environment runs it with kro: what has no form, and what kro refuses, with the line of the stack', () => {
    expect(verdict(0)).toMatchObject({
      accepted: false,
      errors: [
        { graph: 'keeper', environment: 'kro', code: 'KroCannotKeep', resource: 'data', path: 'keep' },
        { graph: 'gadgets', environment: 'kro', code: 'KroRefuses', resource: 'gadget', path: 'template.spec.size' },
      ],
    });
    expect((results[2] as CommandResult).stdout).toMatch(
      /gadget template\.spec\.size: kro refuses it: failed to build resource "gadget": .*expected string type for path spec\.size, got integer \(.*keeper\.ts:\d+:\d+\)/,
    );
    expect((results[2] as CommandResult).code).toBe(1);
  });

  it('not where it is deployed directly', () => {
    expect(verdict(1)).toEqual({ file: stack, accepted: true, errors: [] });
  });

  it('as warnings where no environment says who runs it', () => {
    expect(verdict(3)).toMatchObject({
      accepted: true,
      warnings: [
        {
          code: 'KroCannotKeep',
          message: expect.stringMatching(/^only in mode direct: data keep: kro deletes/) as string,
        },
        { code: 'KroRefuses' },
        { code: 'NoLinter' },
      ],
    });
  });
});
