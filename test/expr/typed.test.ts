import { afterAll, describe, expect, it } from 'vitest';
import { createEnvironment } from '../../src/expr/environment.ts';
import { difference, ours } from './compare.ts';
import { Oracle, oracleBinary } from './oracle.ts';
import { schema, schemaType } from './typed-schemas.ts';

const binary = oracleBinary();
const environment = createEnvironment({ functions: 'kro', variables: { r: schemaType(schema, '__type_r') } });

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

describe.skipIf(!binary)('typed objects', () => {
  const oracle = binary ? new Oracle(binary) : undefined;
  afterAll(() => oracle?.close());

  it.each([false, true])('are read as kro reads them (as raw JSON: %s)', { timeout: 120_000 }, async (raw) => {
    const differences: string[] = [];
    const bindings = { r: object };
    for (const expr of paths.flatMap((path) => uses.map((use) => use.replaceAll('E', path)))) {
      const mine = ours(expr, environment, bindings, { unchecked: raw });
      let theirs = await oracle?.ask({ expr, schemas: { r: schema }, bindings, raw });
      let found = theirs && difference(mine, theirs);
      // The order in which Go walks a map is random.
      for (let attempt = 0; found && theirs?.ok && attempt < 12; attempt++) {
        theirs = await oracle?.ask({ expr, schemas: { r: schema }, bindings, raw });
        found = theirs && difference(mine, theirs);
      }
      if (found)
        differences.push(`${found}: ${expr}\n  ours ${JSON.stringify(mine)}\n  kro's ${JSON.stringify(theirs)}`);
    }
    expect(differences).toEqual([]);
  });
});
