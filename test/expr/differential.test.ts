import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { difference, kroEnvironment, ours } from './compare.ts';
import { type Sample, samples, variables } from './generator.ts';
import { Oracle, oracleBinary } from './oracle.ts';

/** `CEL_DIFFERENTIAL=1000000 npx vitest run test/expr/differential.test.ts`; 20,000 in CI, 2,000 elsewhere. */
const runs = Number(process.env['CEL_DIFFERENTIAL'] ?? (process.env['CI'] ? 20_000 : 2_000));
const seed = Number(process.env['CEL_SEED'] ?? 20_000);
const batch = 1_000;
const binary = oracleBinary();
if (!binary) console.log('The comparison with kro is skipped: Go is not installed.');

describe.skipIf(!binary)('random expressions', () => {
  const oracle = binary ? new Oracle(binary) : undefined;
  const environment = kroEnvironment(variables);
  afterAll(() => oracle?.close());

  async function compare(sample: Sample): Promise<string | undefined> {
    const { expr, bindings } = sample;
    const mine = ours(expr, environment, bindings);
    let found: string | undefined;
    // The order in which Go walks a map is random: an answer that varies is right when it can be ours.
    for (let attempt = 0; attempt < 12; attempt++) {
      const theirs = await oracle?.ask({ expr, variables, bindings });
      found = theirs && difference(mine, theirs);
      if (!found) return undefined;
      found = `${found}: ${expr} ${JSON.stringify(bindings)}\n  ours ${JSON.stringify(mine)}\n  kro's ${JSON.stringify(theirs)}`;
    }
    return found;
  }

  it(`means what kro means, ${runs} times`, { timeout: 600_000 + runs * 10 }, async () => {
    const differences: string[] = [];
    for (let done = 0; done < runs && differences.length < 20; done += batch) {
      const some = fc.sample(samples(), { numRuns: Math.min(batch, runs - done), seed: seed + done });
      const found = await Promise.all(some.map(compare));
      differences.push(...found.filter((text) => text !== undefined));
    }
    expect(differences).toEqual([]);
  });
});
