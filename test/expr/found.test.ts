import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { difference, kroEnvironment, ours } from './compare.ts';
import type { OracleAnswer } from './oracle.ts';

const { variables, bindings, cases } = JSON.parse(
  readFileSync(new URL('../cases/cel-kro.json', import.meta.url), 'utf8'),
) as {
  variables: Record<string, string>;
  bindings: Record<string, unknown>;
  cases: (OracleAnswer & { expr: string })[];
};

describe('what kro answers', () => {
  const environment = kroEnvironment(variables);

  it.each(cases)('$expr', (theirs) => {
    const mine = ours(theirs.expr, environment, bindings);
    expect({ difference: difference(mine, theirs), mine, theirs }).toMatchObject({ difference: undefined });
  });
});
