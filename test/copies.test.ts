import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type } from 'arktype';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as ours from '../src/index.ts';
import { toDefinition, toGraphObject, validateGraph, withDefinition } from '../src/kro/index.ts';
import { simulate } from '../src/testing/index.ts';
import { synthesize } from '../src/gitops/index.ts';
import { runTsx, runNode } from './cli/run-command-lines.ts';

type Library = typeof ours;

const repository = join(import.meta.dirname, '..');
const project = mkdtempSync(join(realpathSync(tmpdir()), 'kubewright-copies-'));
const copy = join(project, 'node_modules/kubewright');

/** A stack of the library that it is given. */
function stackOf({ toResourceGraph, simple }: Library) {
  return toResourceGraph(
    {
      name: 'web',
      apiVersion: 'example.com/v1',
      kind: 'Web',
      spec: type({ image: 'string' }),
      status: type({ ready: 'boolean' }),
    },
    (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image }) }),
    (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
  );
}

const stack = `
import { type } from 'arktype';
import { run, simple, toResourceGraph } from 'kubewright';
export const web = toResourceGraph(
  { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec: type({ image: 'string' }) },
  (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image }) }),
);
run(import.meta, web);
`;
const environment = `
import { defineEnvironment, local } from 'kubewright';
export default defineEnvironment({ cluster: local(), values: { web: { image: 'nginx' } } });
`;

let theirs: Library;

beforeAll(async () => {
  for (const part of ['lib', 'package.json']) cpSync(join(repository, part), join(copy, part), { recursive: true });
  // What the library itself imports is the same for both.
  for (const name of ['@ark', 'arktype', 'commander', 'js-yaml', 'picocolors', 're2js', 'tsx'])
    symlinkSync(join(repository, 'node_modules', name), join(project, 'node_modules', name));
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  mkdirSync(join(project, 'environments'));
  writeFileSync(join(project, 'environments/dev.ts'), environment);
  writeFileSync(join(project, 'stack.ts'), stack);
  theirs = (await import(pathToFileURL(join(copy, 'lib/index.js')).href)) as Library;
});

afterAll(() => rmSync(project, { recursive: true }));

const instance = { name: 'web', namespace: 'dev', spec: { image: 'nginx' } };
const inside = (make: (schema: never) => never): unknown =>
  ours.toResourceGraph(
    { name: 'all', apiVersion: 'example.com/v1', kind: 'All', spec: type({ image: 'string' }) },
    make as never,
  );

describe('what another copy of the library made is refused', () => {
  it.each<[title: string, work: () => unknown, about: RegExp]>([
    ['a graph, to deploy', () => ours.factory('direct').deploy(stackOf(theirs), { image: 'a' }), /^graph web: /],
    ['its objects', () => ours.factory('direct').toManifests(stackOf(theirs), { image: 'a' }), /^graph web: /],
    ['its definitions', () => ours.factory('kro').toDefinitions(stackOf(theirs)), /^graph web: /],
    ['its definition', () => toDefinition(stackOf(theirs)), /^graph web: /],
    ['a definition of its own', () => withDefinition(stackOf(theirs), {}), /^graph web: /],
    ['a verdict', () => validateGraph(stackOf(theirs)), /^graph web: /],
    ['a kind Graph', () => toGraphObject(stackOf(theirs), instance, { experimental: true }), /^graph web: /],
    [
      'its files',
      () => synthesize(stackOf(theirs), { mode: 'direct', instance, writesSecret: () => true }),
      /^graph web: /,
    ],
    ['a simulation', () => simulate(stackOf(theirs), { image: 'a' }), /^graph web: /],
    ['a program', () => ours.run(import.meta, stackOf(theirs)), /^graph web: /],
    ['a resource', () => inside(() => ({ web: theirs.simple.ConfigMap({ name: 'a', data: {} }) }) as never), /^Ref\(/],
    ['a group', () => inside(() => ({ web: stackOf(theirs).include({ image: 'a' }) }) as never), /^comes from/],
    [
      'an instance',
      () => inside(() => ({ web: stackOf(theirs).instance({ image: 'a' }, { name: 'a' }) }) as never),
      /^Ref\(/,
    ],
    [
      'an expression in a text',
      () =>
        inside(() => ({ a: ours.simple.ConfigMap({ name: 'a', data: { a: theirs.Cel.expr<string>`'a'` } }) }) as never),
      /^a: Ref\(/,
    ],
    ['an expression in an expression', () => ours.Cel.template`x-${theirs.Cel.expr<string>`'a'`}`, /^Ref\(/],
    ['a sensitive value', () => ours.Cel.expr`${theirs.fromEnv('A')}`, /^comes from/],
    [
      'a source of a Secret',
      () => {
        const graph = inside((() => ({ db: ours.simple.Secret({ name: 'db', stringData: { key: 'a' } }) })) as never);
        const secrets = { db: { key: theirs.fromEnv('A') } } as never;
        return ours.factory('direct', { secrets }).toManifests(graph as never, { image: 'a' } as never);
      },
      /^comes from/,
    ],
    ['a collection', () => ours.forEach(['a'], () => theirs.simple.ConfigMap({ name: 'a', data: {} })), /^Ref\(/],
  ])('%s', async (_title, work, about) => {
    const error = (await (async () => work())().catch((thrown: unknown) => thrown)) as ours.KubewrightError;
    expect(error).toMatchObject({ code: 'OtherCopy' });
    expect(error.message).toMatch(about);
    expect(error.message).toContain(
      `another copy of kubewright: ${copy}, and this one is ${repository}. Import all of it`,
    );
  });

  it('by that copy too', () => {
    const mixed = (): unknown =>
      inside(((schema: { spec: { image: never } }) => ({
        web: stackOf(theirs).include({ image: schema.spec.image }),
      })) as never);
    expect(mixed).toThrow(
      `Ref(schema.spec.image): comes from another copy of kubewright: ${repository}, and this one is ${copy}`,
    );
  });

  it('by the command line, which says how it is run with its own copy', () => {
    const { code, stdout, stderr } = runNode(
      ['--import', 'tsx', join(repository, 'src/bin.ts'), 'synth', 'stack.ts', '--env', 'dev'],
      { cwd: project },
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      `graph web: comes from another copy of kubewright: ${copy}, and this one is ${repository}`,
    );
    expect(stderr).toContain('npx tsx stack.ts <verb>');
  });
});

describe('one copy works', () => {
  it.each([
    ['as a program', () => runTsx('stack.ts', ['synth', '--env', 'dev'], { cwd: project })],
    [
      'by its own command line',
      () => runTsx(join(copy, 'lib/bin.js'), ['synth', 'stack.ts', '--env', 'dev'], { cwd: project }),
    ],
  ])('%s', (_title, start) => {
    expect(start()).toMatchObject({ code: 0 });
  });
});
