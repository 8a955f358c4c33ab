import { type } from 'arktype';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from '../../src/deploy/deploy.ts';
import { destroy } from '../../src/deploy/destroy.ts';
import { history } from '../../src/deploy/history.ts';
import type { Mode, Plan } from '../../src/deploy/options.ts';
import { plan } from '../../src/deploy/plan.ts';
import { readRecord, writeRecord } from '../../src/deploy/record.ts';
import { rollback } from '../../src/deploy/rollback.ts';
import { startRun } from '../../src/deploy/run.ts';
import type { FieldRules } from '../../src/graph/crd-parts.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core, simple } from '../../src/k8s/index.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { updateCases, updateGraph, valuesBefore } from '../cases/updates.ts';
import { configMap, connectTo, freshName, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

type Options = ReturnType<typeof optionsFor>;
const fresh = (mode: Mode = 'direct'): Options => optionsFor({ cluster, namespace: freshName('updates'), mode });
const withSpec = (options: Options, graph: Graph, spec: object): Options => ({
  ...options,
  instance: { ...options.instance, spec: prepareValues(graph, JSON.parse(JSON.stringify(spec))) },
});

/** The fields that a plan refuses, by what it says. */
function refusedFields({ problems }: Plan): string[] {
  const said = problems.map(({ message }) => message.replaceAll('"', '')).join('\n');
  return [...new Set(said.match(/spec\.[\w.]+(?:\[\w+\])?[\w.]*(?=: )/g))].sort();
}

describe.each(['direct', 'kro'] as const)('rules about updates in mode %s', (mode) => {
  const graph = updateGraph('ruled-updates');
  const options = fresh(mode);
  beforeAll(async () => void (await deploy(graph, withSpec(options, graph, valuesBefore))));
  afterAll(async () => void (await destroy(graph, { ...options, definition: true })));

  it.each(updateCases)('%s', async (_name, change, refused) => {
    const planned = await plan(graph, withSpec(options, graph, { ...valuesBefore, ...change }));
    expect(refusedFields(planned)).toEqual([...refused].sort());
    if (refused.length === 0) expect(planned.problems).toEqual([]);
  });
});

const ruled = (fields: Record<string, FieldRules>, name = 'ruled'): Graph =>
  toResourceGraph(
    {
      name,
      apiVersion: 'updates.example.com/v1',
      kind: 'Ruled',
      spec: type({
        text: 'string',
        'other?': 'string',
        'items?': 'string[]',
        'password?': 'string',
        'breaks?': 'boolean',
      }),
      fields,
    },
    ({ spec }) => ({
      config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { text: spec.text } }),
      login: core.v1.Secret({ metadata: { name: 'login' }, stringData: { password: spec.password.orElse('none') } }),
      // No key has a blank, which a server says only when the object is made.
      broken: core.v1.ConfigMap(
        { metadata: { name: 'broken' }, data: { 'no key': 'x' } },
        { includeWhen: spec.breaks.orElse(false) },
      ),
    }),
  ) as never;
const fixedText = ruled({ text: { immutable: true }, password: { immutable: true } });

describe('rules about updates in mode direct', () => {
  it('say path, both values, reason and way out; nothing is written', async () => {
    const options = fresh();
    await deploy(fixedText, withSpec(options, fixedText, { text: 'a' }));
    const changed = withSpec(options, fixedText, { text: 'b' });
    await expect(deploy(fixedText, changed)).rejects.toThrow(
      /^ruled \S+ spec\.text: field is immutable: self == oldSelf\. It was "a" and would be "b"\. Keep the value; or destroy/,
    );
    const { namespace } = options.instance;
    expect((await cluster.get({ ...configMap, name: 'config', namespace }))?.['data']).toEqual({ text: 'a' });
    expect((await history(fixedText, options)).revisions).toHaveLength(1);
  });

  it('show no value that is in a Secret', async () => {
    const options = fresh();
    await deploy(fixedText, withSpec(options, fixedText, { text: 'a', password: 'correct-horse' }));
    const { problems } = await plan(fixedText, withSpec(options, fixedText, { text: 'a', password: 'battery-staple' }));
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/spec\.password: field is immutable.* It was \(secret\) and would be \(secret\)/),
    ]);
    expect(JSON.stringify([problems, options.events])).not.toMatch(/correct-horse|battery-staple/);
  });

  it('compare with the newest values, also of a run that changed no object or failed', async () => {
    const growing = ruled({ other: { validations: 'self >= oldSelf' } });
    const options = fresh();
    const of = (other: string, more = {}): Options => withSpec(options, growing, { text: 'a', other, ...more });
    await deploy(growing, of('b'));
    expect((await deploy(growing, of('b'))).writes).toBe(0);
    expect((await deploy(growing, of('d'))).writes).toBeGreaterThan(0);
    expect((await deploy(growing, of('d'))).writes).toBe(0);
    await expect(deploy(growing, of('c'))).rejects.toThrow(/spec\.other/);
    await expect(deploy(growing, of('e', { breaks: true }))).rejects.toThrow(/broken/);
    await expect(deploy(growing, of('d'))).rejects.toThrow(/spec\.other/);
    await deploy(growing, of('e'));
  });

  it('hold from the next write on, for a record that does not know the values before', async () => {
    const options = fresh();
    await deploy(fixedText, withSpec(options, fixedText, { text: 'a' }));
    await forgetValues(fixedText, options);
    expect((await deploy(fixedText, withSpec(options, fixedText, { text: 'a' }))).writes).toBe(0);
    const changed = withSpec(options, fixedText, { text: 'b' });
    expect((await plan(fixedText, changed)).warnings).toEqual([
      'the record does not know the values before, so rules about updates hold from this deployment on: spec.text, spec.password',
    ]);
    await deploy(fixedText, changed);
    expect((await plan(fixedText, changed)).warnings).toEqual([]);
    await expect(deploy(fixedText, withSpec(options, fixedText, { text: 'a' }))).rejects.toThrow(/spec\.text/);
  });

  it('let a rollback pass, and compare with what it restored', async () => {
    const free = ruled({});
    const options = fresh();
    for (const text of ['a', 'b']) await deploy(free, withSpec(options, free, { text }));
    await rollback(fixedText, withSpec(options, fixedText, { text: 'b' }));
    await expect(deploy(fixedText, withSpec(options, fixedText, { text: 'b' }))).rejects.toThrow(
      /It was "a" and would be "b"/,
    );
    expect((await deploy(fixedText, withSpec(options, fixedText, { text: 'a' }))).writes).toBe(0);
    const values = (await history(fixedText, options)).revisions.map((revision) => revision.values);
    expect(values[0]).toBe(values[2]);
  });

  it('compare with the values before a run that was undone', async () => {
    const growing = ruled({ other: { validations: 'self >= oldSelf' } });
    const options = fresh();
    const of = (other: string, more = {}): Options => withSpec(options, growing, { text: 'a', other, ...more });
    await deploy(growing, of('b'));
    const failing = { ...of('e', { text: 'c', breaks: true }), rollbackOnFailure: true };
    await expect(deploy(growing, failing)).rejects.toMatchObject({ code: 'RolledBack' });
    expect((await deploy(growing, of('b'))).writes).toBe(0);
    await deploy(growing, of('c'));
  });

  it('of an included graph compare with the values that its instance had', async () => {
    const inner = ruled({ text: { immutable: true } }, 'inner');
    const outer = toResourceGraph(
      { name: 'outer', apiVersion: 'updates.example.com/v1', kind: 'Outer', spec: type({ text: 'string' }) },
      ({ spec }) => ({ part: inner.instance({ text: spec.text }, { name: 'part' }) }),
    ) as never as Graph;
    const options = fresh();
    await deploy(outer, withSpec(options, outer, { text: 'a' }));
    expect((await deploy(outer, withSpec(options, outer, { text: 'a' }))).writes).toBe(0);
    await expect(deploy(outer, withSpec(options, outer, { text: 'b' }))).rejects.toThrow(
      /part spec text: field is immutable.* Keep the value; or destroy/,
    );
  });

  it('in lists whose items nobody can tell apart are refused, as no API server takes them', async () => {
    const graph = ruled({ 'items[]': { immutable: true } });
    const { problems } = await plan(graph, withSpec(fresh(), graph, { text: 'a' }));
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^graph ruled spec\.items\S*: .*which item .* Give the list `listType: 'map'`/),
    ]);
  });
});

describe('a change of the mode', () => {
  it.each([
    ['direct', 'kro'],
    ['kro', 'direct'],
  ] as const)('from %s to %s keeps the values that rules compare with', async (from, to) => {
    const graph = toResourceGraph(
      {
        name: `moved-to-${to}`,
        apiVersion: 'updates.example.com/v1',
        kind: `MovedTo${to}`,
        spec: type({ text: 'string' }),
        fields: { text: { immutable: true } },
      },
      ({ spec }) => ({ config: simple.ConfigMap({ name: 'config', data: { text: spec.text } }) }),
    ) as never as Graph;
    const options = fresh(from);
    await deploy(graph, withSpec(options, graph, { text: 'a' }));
    const moved = { ...options, mode: to, migrate: true };
    await expect(deploy(graph, withSpec(moved, graph, { text: 'b' }))).rejects.toThrow(/spec\.text: .*immutable/);
    await deploy(graph, withSpec(moved, graph, { text: 'a' }));
    await destroy(graph, { ...options, mode: to, definition: true });
  });
});

/** Makes the record what earlier versions wrote. */
async function forgetValues(graph: Graph, options: Options): Promise<void> {
  const run = startRun(graph, options);
  const stored = await readRecord(run);
  const { values: _values, ...record } = stored.record as NonNullable<typeof stored.record>;
  await writeRecord(run, stored, record);
}
