import { describe, expect, it } from 'vitest';
import { needsProtobuf, runSpecCase, specCases } from './cel-spec.ts';

const cases = specCases();
const suites = [...new Set(cases.map(({ path }) => path.split('/')[0] ?? ''))];

describe('official CEL suite', () => {
  const skipped: string[] = [];
  for (const suite of suites) {
    it(suite, () => {
      const failures: string[] = [];
      for (const test of cases.filter(({ path }) => path.split('/')[0] === suite)) {
        const reason = needsProtobuf(test);
        if (reason !== undefined) {
          skipped.push(`${test.path}/${test.name}: ${reason}`);
          continue;
        }
        const problem = runSpecCase(test);
        if (problem !== undefined) failures.push(`${test.path}/${test.name}: ${test.expr}\n    ${problem}`);
      }
      expect(failures).toEqual([]);
    });
  }

  it('skips only what needs protobuf', () => {
    const reasons = new Map<string, number>();
    for (const line of skipped) {
      const reason = line.slice(line.lastIndexOf(': ') + 2);
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    const summary = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ');
    console.log(`${cases.length - skipped.length} cases run, ${skipped.length} skipped: ${summary}`);
    if (process.env['CEL_SPEC_SKIPPED']) console.log(skipped.join('\n'));
    expect([...reasons.keys()].sort()).toEqual(['proto extension', 'protobuf message']);
  });
});
