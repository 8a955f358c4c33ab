import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../../src/expr/environment.ts';
import type { CelType } from '../../src/expr/types.ts';
import { ours, stable } from './compare.ts';

const file = fileURLToPath(new URL('../../../shared/cel/cases.json', import.meta.url));
const there = existsSync(file);
if (!there) console.log(`The shared cases are skipped: ${file} is not there.`);

interface Case {
  readonly group: string;
  readonly expr: string;
  readonly expected: {
    readonly ok: boolean;
    readonly type?: string;
    readonly val?: unknown;
    readonly phase?: string;
    readonly err?: string;
  };
}

describe.skipIf(!there)('expressions that people write', () => {
  const { vars, cases } = there
    ? (JSON.parse(readFileSync(file, 'utf8')) as { vars: Record<string, unknown>; cases: Case[] })
    : { vars: {}, cases: [] };
  const any: CelType = { kind: 'dyn' };
  const environment = createEnvironment({
    functions: 'kro',
    variables: (name) =>
      Object.hasOwn(vars, name) ? (Array.isArray(vars[name]) ? { kind: 'list', element: any } : any) : undefined,
  });

  it('has 200 of them', () => {
    expect(cases.length).toBe(200);
  });

  it.each(cases)('$group: $expr', ({ expr, expected }) => {
    const mine = ours(expr, environment, vars);
    expect(mine.ok).toBe(expected.ok);
    if (expected.type !== undefined) expect(mine.type).toBe(expected.type);
    if (expected.ok) {
      expect(stable(seconds(mine.val))).toBe(stable(seconds(expected.val)));
      return;
    }
    expect(mine.phase).toBe(expected.phase === 'eval' ? 'evaluate' : expected.phase);
    expect(mine.err).toBe(expected.err);
  });
});

/** The file writes durations in seconds, and doubles as JavaScript does. */
function seconds(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (key === 'duration' && typeof inner === 'string')
        return Number(inner.replace(/s$/, '')) / (inner.endsWith('s') ? 1 : 1e9);
      if (key === 'double' && typeof inner === 'string') return inner.replace('+Inf', 'Infinity');
      return inner;
    }),
  );
}
