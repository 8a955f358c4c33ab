import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { check } from '../../src/expr/check.ts';
import { estimateCost } from '../../src/expr/cost/estimate.ts';
import { CelError } from '../../src/expr/error.ts';
import { parse } from '../../src/expr/parse.ts';
import { difference, ours, ruleEnvironment } from './compare.ts';
import { type Sample, samples, variables } from './generator.ts';
import { texts } from './generator-texts.ts';
import { programProblem } from '../../src/expr/rule-program.ts';
import { Oracle, type OracleAnswer, oracleBinary } from './oracle.ts';

/** `CEL_RULES=100000 npx vitest run test/expr/rules.test.ts`. */
const runs = Number(process.env['CEL_RULES'] ?? 1_000);
const seed = Number(process.env['CEL_SEED'] ?? 1);
const binary = oracleBinary();
if (!binary) console.log('The comparison with rules of the API server is skipped: Go is not installed.');

const environment = ruleEnvironment(variables);

function judged(expr: string): { readonly problem?: string | undefined; readonly cost?: number } {
  try {
    const checked = check(parse(expr), environment);
    return { problem: programProblem(checked.tree, environment), cost: estimateCost(checked, () => undefined) };
  } catch (error) {
    if (error instanceof CelError) return {};
    throw error;
  }
}

const names = [
  'a',
  'a-b',
  '-a',
  'a.b',
  'A',
  'a'.repeat(63),
  'a'.repeat(64),
  `${'a'.repeat(60)}.${'b'.repeat(200)}`,
  'a-',
  'a/b',
  'a/b/c',
  '/b',
  'example.com/MyName',
  '1a',
  'a_b',
  '01234567-89ab-cdef-0123-456789abcdef',
  '0123456789ABCDEF0123456789abcdef',
  '2024-02-29',
  '2023-02-29',
  '2024-05-01t10:00:00.5z',
  'ü',
];
const formats = [
  'dns1123Label',
  'dns1123Subdomain',
  'dns1035Label',
  'qualifiedName',
  'labelValue',
  'uri',
  'uuid',
  'byte',
  'date',
  'datetime',
  'dns1123LabelPrefix',
  'dns1123SubdomainPrefix',
  'dns1035LabelPrefix',
];
const inputs = [...names, ...texts.any, ...texts.timestamp, ...texts.url, 'YQ==', 'YWI=', 'YQ'];
const lists = ['[]', '[1]', '[1, 1]', '[2, 1]', 'li', 'dyn([1.0])', '[[1]]', 'ls', '["a"]'];

/** Functions that kro does not have. */
const table: readonly string[] = [
  ...formats.flatMap((name) => inputs.map((text) => `format.${name}().validate(${JSON.stringify(text)})`)),
  ...['uuid', 'nothing', ''].map((name) => `format.named("${name}").hasValue()`),
  'format.uuid() == format.uuid()',
  'format.uuid() == format.date()',
  ...['contains', 'equivalent', 'intersects'].flatMap((name) =>
    lists.flatMap((left) => lists.map((right) => `sets.${name}(${left}, ${right})`)),
  ),
  ...[...texts.semver, 'v1', '1.2', 'v01.02.03', '1.2-a', '1.2+b', '00', '1.2.3.4', 'vv1'].flatMap((text) => [
    `isSemver("${text}", true)`,
    `isSemver("${text}", false)`,
    `semver("${text}", true).minor()`,
  ]),
  '1 < 1.5 && 2u > 1 && 1.0 <= 1u',
  '[1, "a"].size()',
  '{"a": 1, "b": "c"}.size()',
  '"%s %d".format(["a", 1])',
  'duration("1x")',
  'timestamp("today")',
  '"a".matches("[")',
  '"ab".reverse()',
  'cel.bind(x, 1, x + 1)',
  'json.marshal(1)',
  'math.greatest(1, 2)',
  'omit()',
];

describe.skipIf(!binary)('rules', () => {
  const oracle = binary ? new Oracle(binary) : undefined;
  afterAll(() => oracle?.close());

  async function compare({ expr, bindings }: Sample): Promise<string | undefined> {
    const { problem, cost } = judged(expr);
    const mine =
      problem === undefined ? ours(expr, environment, bindings) : { ok: false, phase: 'check', err: problem };
    let found: string | undefined;
    // The order in which Go walks a map is random: an answer that varies is right when it can be ours.
    for (let attempt = 0; attempt < 12; attempt++) {
      const theirs = await oracle?.ask({ expr, variables, bindings, rules: true });
      found = theirs && (differs(mine, theirs) ?? (sameCost(cost, theirs.cost) ? undefined : `cost ${cost}`));
      if (!found) return undefined;
      found = `${found}: ${expr} ${JSON.stringify(bindings)}\n  ours ${JSON.stringify(mine)}\n  theirs ${JSON.stringify(theirs)}`;
    }
    return found;
  }

  it(`mean and cost what the API server says, ${runs} times`, { timeout: 600_000 + runs * 10 }, async () => {
    const found = await Promise.all(fc.sample(samples(), { numRuns: runs, seed }).map(compare));
    expect(found.filter((text) => text !== undefined).slice(0, 20)).toEqual([]);
  });

  it('have functions that kro has not, and not those of kro', { timeout: 60_000 }, async () => {
    const found = await Promise.all(table.map((expr) => compare({ expr, bindings: { li: [1, 2], ls: ['a'] } })));
    expect(found.filter((text) => text !== undefined).slice(0, 20)).toEqual([]);
  });
});

/** What is not there yet is no notion of rules, and the words of Go's parser of addresses are not all known. */
function differs(mine: OracleAnswer, theirs: OracleAnswer): string | undefined {
  const found = difference(mine, theirs);
  return found === 'missing' || (found === 'value' && JSON.stringify(theirs.val).includes('"parse \\"'))
    ? undefined
    : found;
}

/** Beyond 2^53 our numbers are not exact. */
function sameCost(ours: number | undefined, theirs: number | undefined): boolean {
  if (ours === undefined || theirs === undefined) return true;
  return Math.abs(ours - theirs) <= theirs * 1e-9;
}
