import { afterAll, describe, expect, it } from 'vitest';
import { createEnvironment } from '../../src/expr/environment.ts';
import { celTypeOf } from '../../src/schema/cel-type.ts';
import { difference, ours } from './compare.ts';
import type { JsonSchema } from '../../src/schema/json-schema.ts';
import { Oracle, type OracleAnswer, oracleBinary } from './oracle.ts';
import { lists, schema } from './typed-schemas.ts';

const binary = oracleBinary();

const object = {
  metadata: {
    name: 'n',
    creationTimestamp: '2024-05-01T10:00:00Z',
    labels: { a: '1', 'x-y': '2' },
    'dash-ed': 'D',
    under__score: 3,
  },
  spec: {
    replicas: 3,
    ratio: 2,
    flag: true,
    port: 80,
    wait: '1h',
    day: '2024-05-01',
    tags: ['a', 'b'],
    times: ['2024-05-01T10:00:00+02:00'],
    data: { k: 'YQ==' },
    ratios: { x: 1, y: 2.5 },
    free: { known: 5, other: { z: [1, 2.5] } },
    items: [{ name: 'i1', at: '2024-05-01T10:00:00Z', weight: 1, limits: { cpu: '1', mem: 2 } }, { name: 'i2' }],
  },
};

const paths =
  'r r.spec r.status r["spec"] r.metadata.name r.metadata.namespace r.metadata.creationTimestamp r.metadata.labels r.metadata.labels.a r.metadata.labels["x-y"] r.metadata.labels.nope r.metadata.dash__dash__ed r.metadata.`dash-ed` r.metadata.under__underscores__score r.metadata.under__score r.spec.replicas r.spec.ratio r.spec.flag r.spec.port r.spec.wait r.spec.day r.spec.tags r.spec.tags[0] r.spec.tags[5] r.spec.times r.spec.times[0] r.spec.data r.spec.data.k r.spec.ratios r.spec.ratios.x r.spec.free r.spec.free.known r.spec.free.other r.spec.free.other.z r.spec.free.n r.spec.items r.spec.items[0] r.spec.items[0].at r.spec.items[0].weight r.spec.items[1].at r.spec.items[0].limits.cpu r.spec.nope'.split(
    ' ',
  );
const uses = [
  'E',
  'has(E)',
  'E == E',
  'dyn(E)',
  '[E]',
  'type(E)',
  'string(E)',
  'size(E)',
  'E != null',
  'cel.bind(v, E, [v, v])',
  'E in [E]',
  'json.marshal(E)',
  '"%s".format([E])',
  'dyn(E).foo',
  'E.filter(x, true)',
  'E.all(x, x == x)',
  'E[0]',
  'E["a"]',
  'E < E',
  'E.first()',
  'E.sort()',
  'E.exists(x, dyn(x).name == "i1")',
  'E.filter(x, has(x.at)).map(x, x.at.getHours())',
  'E.getFullYear()',
  'E.merge(E)',
  'E.distinct()',
  'true ? E : E',
  'E || true',
  'optional.ofNonZeroValue(E)',
];

const listObject = {
  map: [
    { name: 'a', v: 1 },
    { name: 'b', v: 2 },
  ],
  reversed: [
    { name: 'b', v: 2 },
    { name: 'a', v: 1 },
    { name: 'b', v: 3 },
  ],
  pairs: [{ name: 'a', v: 1 }, { name: 'b' }],
  atomic: [
    { name: 'b', v: 2 },
    { name: 'a', v: 9 },
  ],
  set: ['x', 'y'],
  other: ['y', 'x'],
  numbers: [1, 2],
  tags: ['a', 'b'],
  ints: [1, 2],
  doubles: [1, 2.5],
  times: ['2024-05-01T10:00:00Z'],
  labels: { a: '1' },
  matrix: [['a'], ['b', 'c']],
  free: { list: [1], map: { a: 1 } },
  ports: [80, 'http'],
  name: 'n',
};

const left =
  'r.map r.reversed r.pairs r.atomic r.set r.other r.numbers r.tags r.ints r.doubles r.times r.matrix r.ports r.free.list'.split(
    ' ',
  );
const right = [
  ...left,
  '[]',
  '["x", "x"]',
  '["y", "x"]',
  '["x", "z"]',
  '[2, 1]',
  '[2.0, 1.0]',
  '[2u, 1u]',
  '[1.0, 2.5]',
  '[{"name": "x"}]',
  '[{"name": "a", "v": 1}, {"name": "b", "v": 2}]',
  '[timestamp("2025-01-01T00:00:00Z")]',
  '[["a"]]',
  '[null]',
];
const encoded = [...left, 'r', 'r.labels', 'r.free', 'r.free.map', 'r.name', 'r.map[0]', 'r.matrix[0]', 'r.labels.a'];
const encodings = [
  'E',
  '[E]',
  '{"a": E}',
  'true ? E : E',
  'cel.bind(v, E, v)',
  'optional.of(E)',
  '[E].map(x, x)',
  'dyn(E)',
  'dyn(r).E',
];

/** Lists of a Kubernetes object know their schema: what is done with them differs from what is done with other lists. */
const listExprs = [
  ...left.flatMap((a) =>
    right.flatMap((b) => [
      `dyn(${a}) == dyn(${b})`,
      `dyn(${b}) == dyn(${a})`,
      `dyn(${a}) + dyn(${b})`,
      `dyn(${b}) + dyn(${a})`,
      `dyn(${a}) in [dyn(${b})]`,
    ]),
  ),
  ...left.flatMap((a) => [
    `${a} + ${a}`,
    `${a} == ${a}`,
    `(${a} + ${a}) == ${a}`,
    `(${a} + ${a})[0]`,
    `json.encode(${a} + ${a})`,
    `json.encode([] + ${a})`,
    `json.encode(${a}.map(x, x))`,
    `json.encode(${a}.filter(x, true))`,
    `json.encode(${a}.slice(0, 1))`,
    `[${a}] == [${a}]`,
    `{"a": ${a}} == {"a": ${a}}`,
    `${a}.filter(x, true) == ${a}`,
    `${a} == ${a}.filter(x, true)`,
  ]),
  ...encoded.flatMap((value) =>
    encodings.map((use) => `json.encode(${use.replace('r).E', `r)${value.slice(1)}`).replaceAll('E', value)})`),
  ),
  ...[...left, 'r', 'r.labels', 'r.free', 'r.name', 'r.ports[0]'].flatMap((a) =>
    ['1', '80', '"n"', 'null', 'true', '1.5', 'r.name'].flatMap((b) => [
      `dyn(${a}) == ${b}`,
      `${b} == dyn(${a})`,
      `dyn(${a}) != ${b}`,
      `dyn(${a}) in [dyn(${b})]`,
      `dyn(${b}) in [dyn(${a})]`,
      `dyn(${b}) in dyn(${a})`,
    ]),
  ),
  'r.set.distinct() == r.other',
  'r.set == r.other.distinct()',
  'r.set.sort() == ["y", "x"]',
  'json.encode(r.labels.merge({"b": "2"}))',
  'json.marshal(r.set + ["x", "z"])',
  'json.encode([[1]].map(x, x))',
  'json.encode(r.tags.map(t, t))',
  'json.encode(["z"] + r.tags)',
  '(r.set + ["z"]) == ["z", "y", "x"]',
];

/** kro refuses the element that does not fit when it is read; we refuse the list. */
const wholeRefused: ReadonlySet<string> = new Set(['(r.times + r.times) == r.times', '(r.times + r.times)[0]']);

/** An element that is an error is refused wherever the list goes: we refuse the list. */
function asRefusal(theirs: OracleAnswer): OracleAnswer {
  return theirs.ok && JSON.stringify(theirs.val).includes('{"error":')
    ? { ...theirs, ok: false, phase: 'evaluate' }
    : theirs;
}

describe.skipIf(!binary)('typed objects', () => {
  const oracle = binary ? new Oracle(binary) : undefined;
  afterAll(() => oracle?.close());

  async function differences(
    exprs: readonly string[],
    schemas: Readonly<Record<string, JsonSchema>>,
    bindings: Readonly<Record<string, unknown>>,
    raw = false,
  ): Promise<string[]> {
    const variables = Object.fromEntries(
      Object.entries(schemas).map(([name, one]) => [name, celTypeOf(one, `__type_${name}`)]),
    );
    const environment = createEnvironment({ functions: 'kro', variables });
    const found: string[] = [];
    for (const expr of exprs) {
      if (wholeRefused.has(expr)) continue;
      const mine = ours(expr, environment, bindings, { unchecked: raw });
      let theirs = await oracle?.ask({ expr, schemas, bindings, raw });
      let differs = theirs && difference(mine, asRefusal(theirs));
      // The order in which Go walks a map is random.
      for (let attempt = 0; differs && theirs?.ok && attempt < 12; attempt++) {
        theirs = await oracle?.ask({ expr, schemas, bindings, raw });
        differs = theirs && difference(mine, asRefusal(theirs));
      }
      if (differs) found.push(`${differs}: ${expr}\n  ours ${JSON.stringify(mine)}\n  kro's ${JSON.stringify(theirs)}`);
    }
    return found;
  }

  it.each([false, true])('are read as kro reads them (as raw JSON: %s)', { timeout: 120_000 }, async (raw) => {
    const exprs = paths.flatMap((path) => uses.map((use) => use.replaceAll('E', path)));
    expect(await differences(exprs, { r: schema }, { r: object }, raw)).toEqual([]);
  });

  it('have lists that are equal, are added to and become JSON as in kro', { timeout: 120_000 }, async () => {
    expect(await differences(listExprs, { r: lists }, { r: listObject })).toEqual([]);
  });
});
