import { readFileSync, writeFileSync } from 'node:fs';
import { type } from 'arktype';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { combinators } from '../../src/expr/combinators.ts';
import { check } from '../../src/expr/check.ts';
import { runtime } from '../../src/expr/condition.ts';
import { createEnvironment, type Environment } from '../../src/expr/environment.ts';
import { compile } from '../../src/expr/evaluate.ts';
import type { BoolExpr, ListExpr, NumberExpr, Ref, StringExpr } from '../../src/expr/expression.ts';
import { kroFunctions } from '../../src/expr/library/tables.ts';
import { identifier, toNode } from '../../src/expr/nodes.ts';
import type { BytesExpr, IpExpr, OptionalExpr, QuantityExpr, TimestampExpr } from '../../src/expr/opaque.ts';
import { parse } from '../../src/expr/parse.ts';
import { print } from '../../src/expr/print.ts';
import { makeRef } from '../../src/expr/ref.ts';
import type { Expression } from '../../src/expr/value.ts';
import { bindHandles } from '../../src/graph/bind.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { lower } from '../../src/graph/lower.ts';
import { celTypeOf } from '../../src/schema/cel-type.ts';
import { data, type Example, examples, schema } from './builder-examples.ts';
import { Oracle, oracleBinary } from './oracle.ts';

const page = 'docs/expressions.md';
const source = 'test/expr/builder-examples.ts';
const begin = '<!-- The tables: UPDATE=1 npx vitest run --project unit test/expr/builders.test.ts -->';

const environment: Environment = createEnvironment({
  functions: 'kro',
  variables: { app: celTypeOf(schema, '__type_app') },
  runtime: true,
});

/** The text of an example, as a graph would hold it. */
function celOf(built: unknown): string {
  const bound = bindHandles(toNode(built), { ids: new Map(), taken: new Set(), variables: new Map() });
  return print(lower(bound, environment));
}

function evaluate(text: string): unknown {
  return compile(check(parse(text), environment)).evaluate({ app: data, runtime });
}

const rows = Object.values(examples).flat();
const spellings = [...readFileSync(source, 'utf8').matchAll(/^ {4}\['\S+', .+?, \(\) => (.+)\],$/gm)].map(
  ([, text = '']) => text,
);

describe('every builder', () => {
  it.each(rows.map((row, index) => [spellings[index], row] as const))('%s', (_spelling, [name, value, build]) => {
    const text = celOf(build());
    expect(evaluate(text)).toEqual(value);
    expect(text).toContain(name === 'has' ? 'hasValue' : written(name).replace(/ .*|\]/, ''));
  });

  it('is there for every function and macro of kro', () => {
    const macros = ['has', 'all', 'exists', 'exists_one', 'existsOne', 'map', 'filter', 'sortBy', 'transformList'];
    const others = ['transformMap', 'transformMapEntry', 'optMap', 'optFlatMap', 'cel.bind'];
    const renamed = new Map([['newCondition', 'runtime.newCondition'], ['condition', 'runtime.condition']]); // biome-ignore format: pairs
    const functions = (kroFunctions().names?.() ?? []).filter((name) => !name.startsWith('@') || name === '@in');
    const wanted = [...functions.map((name) => renamed.get(name) ?? name), ...macros, ...others];
    expect([...new Set(rows.map(([name]) => name))].sort()).toEqual([...new Set(wanted)].sort());
  });

  it('has an example', () => {
    const used = spellings.join('\n');
    const paths = Object.entries(Cel).flatMap(([name, member]) =>
      typeof member === 'function' ? [name] : Object.keys(member as object).map((key) => `${name}.${key}`),
    );
    // The page's text is about the first; the others are combinators too, for fields of any name.
    const text = ['expr', 'template', 'object', 'call', 'field'];
    const aliases = ['has', 'eq', 'ne', 'not', 'and', 'or', 'choose', 'orElse', 'map', 'filter'];
    const known = new Set([...text, ...aliases]);
    const missing = paths.filter((path) => !known.has(path) && !new RegExp(`Cel\\.${path}[(<]`).test(used));
    const unused = Object.keys(combinators).filter((name) => !used.includes(`.${name}(`));
    expect([...missing, ...unused]).toEqual([]);
  });

  it('refuses what is no function', () => {
    const items = makeRef<string[]>(identifier('items'));
    expect(() => items.all('x' as never)).toThrow('.all(): takes a function of the item');
    expect(() => Cel.bind(1, 2 as never)).toThrow('.bind(): takes a value and a function of it');
    expect(() => Cel.transformMapEntry(items, () => [1] as never)).toThrow('returns [key, value]');
  });
});

const binary = oracleBinary();

it.skipIf(!binary)('has the same value in kro', async () => {
  const oracle = new Oracle(binary as string);
  // kro has `runtime` in conditions only, and no value for what is left out.
  const asked = rows.filter(([name]) => !name.startsWith('runtime.'));
  const answers = await Promise.all(
    asked.map(async ([, value, build]) => {
      const expr = celOf(build());
      const answer = await oracle.ask({ expr, schemas: { app: schema }, bindings: { app: data }, native: true });
      return { expr, value: answer.native?.value ?? answer.err ?? answer.nativeErr, wanted: value };
    }),
  );
  oracle.close();
  const texts = answers.map(({ expr }) => expr);
  expect(answers.map(({ value }, index) => [texts[index], value])).toEqual(
    answers.map(({ wanted }, index) => [texts[index], wanted]),
  );
});

/** An operator's name as it is written, without its operands; a function's as it is. */
function written(name: string): string {
  return /^[^a-z]+$|^@in$/.test(name) ? name.replace('@', '').replaceAll('_', ' ').replace(' ]', ']').trim() : name;
}

function cell(code: string): string {
  return `\`${code.replaceAll('|', '\\|')}\``;
}

function table(heading: string, group: readonly Example[], texts: string[]): string {
  const lines = group.map(([name, value, build]) => {
    const cells = [written(name), texts.shift() as string, celOf(build()), JSON.stringify(value)];
    return `| ${cells.map(cell).join(' | ')} |`;
  });
  return [`### ${heading}`, '', '| CEL | TypeScript | builds | value |', '|---|---|---|---|', ...lines, ''].join('\n');
}

it('docs/expressions.md is up to date', () => {
  expect(spellings).toHaveLength(rows.length);
  const texts = [...spellings];
  const tables = Object.entries(examples).map(([heading, group]) => table(heading, group, texts));
  const values = Object.entries(data).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const object = ['```json', '{', values.join(',\n'), '}', '```', ''];
  const made = [begin, '', 'The examples are evaluated with this object as `app`:', '', ...object, ...tables].join(
    '\n',
  );
  const text = readFileSync(page, 'utf8');
  const wanted = text.slice(0, text.indexOf(begin)) + made.trimEnd() + '\n';
  if (process.env['UPDATE']) writeFileSync(page, wanted);
  else expect(text).toBe(wanted);
});

it('is checked and written as a part of a graph', () => {
  const spec = type({ hosts: 'string[]', labels: { '[string]': 'string' }, memory: 'string' });
  const status = type({ hosts: 'string[]', total: 'number', large: 'boolean', twice: 'string' });
  const graph = toResourceGraph(
    { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec, status },
    () => ({}),
    (schema) => ({
      hosts: Cel.transformList(schema.spec.labels, (value, key) => Cel.template`${key}=${value}`).sort(),
      total: schema.spec.hosts.transformList((host, index) => host.size().plus(index)).sum(),
      large: Cel.quantity(schema.spec.memory).isGreaterThan(Cel.quantity('1Gi')),
      twice: Cel.bind(schema.spec.hosts.first().orElse('none'), (host) => Cel.template`${host},${host}`),
    }),
  );
  const written = Object.entries(graph.status ?? {}).map(([name, leaf]) => [name, print((leaf as Expression).node)]);
  expect(Object.fromEntries(written)).toEqual({
    hosts: 'schema.spec.labels.transformList(key, value, key + "=" + value).sort()',
    total: 'double(schema.spec.hosts.transformList(index, item, size(item) + index).sum())',
    large: 'quantity(schema.spec.memory).isGreaterThan(quantity("1Gi"))',
    twice: 'cel.bind(bound, schema.spec.hosts.first().orValue("none"), bound + "," + bound)',
  });
});

it('results have the types of CEL', () => {
  const text = Cel.value('a');
  const list = Cel.value([3, 1]);
  expectTypeOf(text.charAt(0)).toEqualTypeOf<StringExpr>();
  expectTypeOf(text.findAll('a')).toEqualTypeOf<ListExpr<string>>();
  expectTypeOf(Cel.quantity(text).isGreaterThan(Cel.quantity('1'))).toEqualTypeOf<BoolExpr>();
  expectTypeOf(Cel.quantity(text).add(1)).toEqualTypeOf<QuantityExpr>();
  expectTypeOf(Cel.cidr(text).ip()).toEqualTypeOf<IpExpr>();
  expectTypeOf(Cel.timestamp(text).getHours()).toEqualTypeOf<NumberExpr>();
  expectTypeOf(Cel.timestamp(text).minus(Cel.duration('1h'))).toEqualTypeOf<TimestampExpr>();
  expectTypeOf(Cel.hash.md5(text)).toEqualTypeOf<BytesExpr>();
  expectTypeOf(list.sort()).toEqualTypeOf<ListExpr<number>>();
  expectTypeOf(list.max()).toEqualTypeOf<NumberExpr>();
  expectTypeOf(list.first()).toEqualTypeOf<OptionalExpr<number>>();
  expectTypeOf(list.first().orElse(0)).toEqualTypeOf<NumberExpr>();
  expectTypeOf(Cel.value([['a']]).flatten()).toEqualTypeOf<ListExpr<string>>();
  expectTypeOf(list.map((item) => item.toText())).toEqualTypeOf<ListExpr<string>>();
  expectTypeOf(Cel.value([Cel.quantity('1')])[0]!).toEqualTypeOf<QuantityExpr>();
  expectTypeOf(Cel.bind(list, (items) => items.size())).toEqualTypeOf<NumberExpr>();
  expectTypeOf(Cel.merge({ a: 1 }, { b: 'x' }).b).toEqualTypeOf<StringExpr>();
  expectTypeOf(Cel.json.unmarshal<{ a: string[] }>(text).a).toEqualTypeOf<ListExpr<string>>();
  expectTypeOf(Cel.transformMap(Cel.value({ a: 1 }), (value) => value.gt(0))).toEqualTypeOf<
    Ref<Readonly<Record<string, boolean>>>
  >();
  // @ts-expect-error a quantity is not compared with a version
  void (() => Cel.quantity('1').isGreaterThan(Cel.semver('1.0.0')));
  // @ts-expect-error a duration is no timestamp
  void (() => Cel.timestamp(0).gt(Cel.duration('1h')));
  // @ts-expect-error an optional is not its value
  void (() => list.first().plus(1));
  // @ts-expect-error a reference is not its value
  void (() => list.sum() > 3);
});
