import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandResult } from './command-lines.ts';
import { runCommandLines } from './run-command-lines.ts';

const definition = (leaf: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1, kind: App, spec: { text: string } }
  resources:
    - id: config
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: config }, data: { a: '${leaf}' } }
    - id: widget
      includeWhen: ['\${schema.spec.text == "w"}']
      template: { apiVersion: example.com/v1, kind: Widget, metadata: { name: w }, spec: { size: 3 } }
`;
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  spec: {
    group: 'example.com',
    names: { kind: 'Widget' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};

describe('definitions on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-'));
  const at = (name: string): string => join(folder, name);
  let results: readonly CommandResult[];
  beforeAll(() => {
    writeFileSync(at('good.yaml'), definition('${schema.spec.text}'));
    writeFileSync(at('bad.yaml'), definition('${schema.spec.txt}'));
    writeFileSync(at('crd.json'), JSON.stringify(crd));
    writeFileSync(
      at('app.yaml'),
      'apiVersion: kro.run/v1\nkind: App\nmetadata: { name: a, namespace: ns }\nspec: { text: hi }\n',
    );
    writeFileSync(at('broken.yaml'), 'a: [1\nb: }');
    mkdirSync(at('both'));
    writeFileSync(at('both/rgd.yaml'), definition('${schema.spec.text}'));
    writeFileSync(at('both/app.yaml'), 'apiVersion: kro.run/v1\nkind: App\nmetadata: { name: a }\n');
    mkdirSync(at('none'));
    writeFileSync(at('none/app.yaml'), 'apiVersion: kro.run/v1\nkind: App\nmetadata: { name: a }\n');
    results = runCommandLines([
      { argv: ['validate', at('good.yaml'), at('bad.yaml'), '--crds', at('crd.json'), '-o', 'json'] },
      { argv: ['validate', at('good.yaml')] },
      { argv: ['render', at('good.yaml'), '--instance', at('app.yaml'), '--crds', at('crd.json'), '--output', 'json'] },
      { argv: ['render', at('good.yaml'), '--instance', at('app.yaml'), '--crds', at('crd.json')] },
      { argv: ['render', at('good.yaml')] },
      { argv: ['validate', at('broken.yaml'), at('none.yaml')] },
      { argv: ['validate', at('broken.yaml'), '-o', 'json'] },
      { argv: ['import', at('good.yaml'), '--crds', at('crd.json')] },
      { argv: ['import', at('good.yaml'), '--crds', at('crd.json'), '--out', at('stacks'), '-o', 'json'] },
      { argv: ['import', at('good.yaml'), '--crds', at('crd.json'), '--out', at('stacks')] },
      { argv: ['import', at('bad.yaml'), '--crds', at('crd.json')] },
      { argv: ['validate', at('both'), '--crds', at('crd.json'), '-o', 'json'] },
      { argv: ['validate', at('both'), '--crds', at('crd.json')] },
      { argv: ['validate', at('both/app.yaml')] },
      { argv: ['validate', at('none')] },
    ]);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));
  const nth = (index: number): CommandResult => results[index] as CommandResult;

  it('says what kro says to each file, with line and path', () => {
    expect(nth(0).code).toBe(1);
    expect(JSON.parse(nth(0).stdout)).toEqual({
      verb: 'validate',
      files: [
        { file: at('good.yaml'), accepted: true, errors: [] },
        {
          file: at('bad.yaml'),
          accepted: false,
          errors: [
            {
              code: 'CelType',
              message: expect.stringContaining("undefined field 'txt'"),
              path: 'spec.resources[0].template.data.a',
              line: 8,
            },
          ],
        },
      ],
    });
  });

  it('skips what lies in a folder beside definitions, and nothing else', () => {
    const reason = 'there is no ResourceGraphDefinition in this file';
    expect(nth(11).code).toBe(0);
    expect(JSON.parse(nth(11).stdout)).toMatchObject({
      files: [
        { file: at('both/app.yaml'), accepted: true, errors: [], skipped: [{ reason }] },
        { file: at('both/rgd.yaml'), accepted: true, errors: [] },
      ],
    });
    expect(nth(12).stdout).toBe(`- ${at('both/app.yaml')}: ${reason}\n✓ ${at('both/rgd.yaml')}\n`);
    for (const refused of [nth(13), nth(14)])
      expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining(reason) });
  });

  it('refuses a kind that nobody defines', () => {
    expect(nth(1)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('cannot resolve group version "example.com/v1": schema not found'),
    });
  });

  it('renders an instance', () => {
    expect(nth(2)).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(nth(2).stdout)).toEqual({
      verb: 'render',
      objects: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config', namespace: 'ns' }, data: { a: 'hi' } },
      ],
      status: {},
      state: 'ACTIVE',
      pending: [],
      skipped: ['widget'],
    });
    expect(nth(3).stdout).toContain('kind: ConfigMap');
    expect(nth(3).stdout).toContain('# skipped widget');
    expect(nth(4)).toMatchObject({ code: 1, stderr: expect.stringContaining('--instance is missing') });
  });

  it('writes a stack file for a definition', () => {
    expect(nth(7)).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(
        "config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { a: Cel.expr<string>('schema.spec.text') } })",
      ),
    });
    expect(JSON.parse(nth(8).stdout)).toEqual({ verb: 'import', stacks: [{ name: 'app', path: at('stacks/app.ts') }] });
    expect(readFileSync(at('stacks/app.ts'), 'utf8')).toBe(nth(7).stdout);
    expect(nth(9)).toMatchObject({ code: 1, stderr: expect.stringContaining('is already there. Add --force') });
    expect(nth(10)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('bad.yaml:8 spec.resources[0].template.data.a: failed to validate resource'),
    });
  });

  it('says where a file is broken', () => {
    expect(nth(5)).toMatchObject({ code: 1, stderr: expect.stringContaining('none.yaml: does not exist') });
    expect(JSON.parse(nth(6).stdout)).toMatchObject({
      files: [{ accepted: false, errors: [{ code: 'InvalidYaml', line: 2 }] }],
    });
  });
});
