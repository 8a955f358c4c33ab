import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInKinds } from '../../src/schema/kubernetes-schema.ts';
import { type GraphAnswer, kroCrds, Oracle, oracleBinary, type ResolveAnswer } from '../expr/oracle.ts';
import { corpus } from './corpus.ts';
import { admissionDifference } from './differential/admissions.ts';
import { instanceOf, observedOf, Values } from './differential/instances.ts';
import { kindOf } from './differential/kinds.ts';
import { Random } from './differential/random.ts';
import { ourRendering, renderingDifference } from './differential/renderings.ts';
import { Samples } from './differential/sample.ts';
import type { Fields } from './differential/tree.ts';
import { randomInstance } from './differential/values.ts';
import { ourVerdict, verdictDifference } from './differential/verdicts.ts';

/** `KRO_DIFFERENTIAL=50000 npx vitest run test/kro/differential.test.ts`; 2,000 in CI, 200 elsewhere. `KRO_SEED` is the first one. */
const runs = Number(process.env['KRO_DIFFERENTIAL'] ?? (process.env['CI'] ? 2_000 : 200));
const seed = Number(process.env['KRO_SEED'] ?? 1);
/** The order of Go's maps decides what kro says first: an answer that varies is right when it can be ours. */
const attempts = 100;
const binary = oracleBinary();
if (!binary) console.log('The comparison of definitions with kro is skipped: Go is not installed.');
else if (!existsSync(corpus)) console.log('../shared is absent: only graphs of test/cases are compared with kro.');

describe.skipIf(!binary)('changed definitions', () => {
  let oracle: Oracle;
  let samples: Samples;
  beforeAll(async () => {
    oracle = new Oracle(binary as string);
    samples = new Samples();
    expect(await oracle.cluster(builtInKinds(), kroCrds())).toEqual({ ok: true });
  });
  afterAll(() => oracle.close());

  async function find(name: string, compare: () => Promise<string | undefined>): Promise<string | undefined> {
    let found: string | undefined;
    for (let attempt = 0; attempt < attempts; attempt++) {
      found = await compare();
      if (!found) return undefined;
    }
    return `${name}\n${found}`;
  }

  /** All of them, until there are too many differences to read. */
  async function differences(
    count: number,
    one: (number: number) => Promise<string | undefined>,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (let done = 0; done < count && found.length < 20; done++) {
      const text = await one(seed + done);
      if (text) found.push(text);
    }
    return found;
  }

  const patience = { timeout: 300_000 + runs * 100 };

  it(`are judged as kro judges them, ${runs} times`, patience, async () => {
    const found = await differences(runs, async (number) => {
      const { subject, gates, name } = samples.at(number, 1);
      const ours = ourVerdict(subject, gates);
      const request = { definition: subject.definition, crds: subject.crds, featureGates: gates };
      return find(name, async () => verdictDifference(ours, await oracle.graph(request)));
    });
    expect(found).toEqual([]);
  });

  const kinds = Math.ceil(runs / 2);

  it(`serve the kinds and take the instances that the API server takes, ${kinds} times`, patience, async () => {
    const found = await differences(kinds, async (number) => {
      const random = new Random(number);
      const subject = { definition: kindOf(random, () => samples.at(number, 0.8).subject.definition), crds: [] };
      const { definition } = subject;
      const ours = ourVerdict(subject, []);
      let answer: GraphAnswer = { ok: false };
      const name = `KRO_SEED=${number} ${JSON.stringify(definition)}`;
      const text = await find(name, async () => verdictDifference(ours, (answer = await oracle.graph({ definition }))));
      if (text || !answer.ok || ours.admission) return text;
      const instances = Array.from({ length: 6 }, () => randomInstance(definition, answer, random));
      const theirs = await oracle.admit({ definition, instances });
      const difference = admissionDifference(definition, instances, theirs);
      return difference && `${name}\n${difference}`;
    });
    expect(found).toEqual([]);
  });

  const resolved = Math.ceil(runs / 4);

  it(`make what kro makes, ${resolved} times`, patience, async () => {
    const found = await differences(resolved, async (number) => {
      const { subject, random, name } = samples.at(number, 0.7);
      const question = { definition: subject.definition, crds: subject.crds, featureGates: ['CELOmitFunction'] };
      const answer = await oracle.graph(question);
      if (!answer.ok || ourVerdict(subject, question.featureGates).admission) return undefined;
      const values = new Values(subject, random);
      const instance = instanceOf(subject, answer, { values, random });
      let observed: Fields[] = [];
      // First nothing exists, then some of what was made.
      for (let round = 0; round < 3; round++) {
        const ours = ourRendering(subject, instance, observed);
        const request = { ...question, instance, observed };
        let theirs: ResolveAnswer = { ok: false };
        const text = await find(name, async () => {
          theirs = await oracle.resolve(request);
          return renderingDifference(ours, theirs);
        });
        if (text) return `${text}\n${JSON.stringify({ instance, observed })}`;
        if (!theirs.ok) return undefined;
        observed = observedOf(subject, theirs, { values, random });
      }
      return undefined;
    });
    expect(found).toEqual([]);
  });
});
