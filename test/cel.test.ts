import { describe, expect, it } from 'vitest';
import { CelError, celDouble, CelOptional, CelUint, compileCel, Duration, Timestamp, toJson } from '../src/cel.ts';

function run(source: string, bindings: Record<string, unknown> = {}, variables: Record<string, string> = {}): unknown {
  return compileCel(source, { functions: 'kro', variables }).evaluate(bindings);
}

describe('compileCel', () => {
  it('tells the type and prints the expression', () => {
    const ready = compileCel("replicas>0 && name!=''", {
      functions: 'kro',
      variables: { replicas: 'int', name: 'string' },
    });
    expect(ready.type).toBe('bool');
    expect(String(ready)).toBe('replicas > 0 && name != ""');
    expect(ready.evaluate({ replicas: 3, name: 'a' })).toBe(true);
  });

  it('gives plain JavaScript', () => {
    expect(run('1 + 2')).toBe(3);
    expect(run('9007199254740991 + 2')).toBe(9007199254740993n);
    expect(run('1.0 + 1.0')).toBe(2);
    expect(run('5u')).toEqual(new CelUint(5n));
    expect(run('b"ab"')).toEqual(Uint8Array.of(97, 98));
    expect(run('{"a": [1, null]}')).toEqual({ a: [1, null] });
    expect(run('{1: 2}')).toEqual(new Map([[1, 2]]));
    expect(run('timestamp("2024-05-01T10:00:00.123456789Z")')).toEqual(
      Timestamp.parse('2024-05-01T10:00:00.123456789Z'),
    );
    expect(run('duration("90m")')).toEqual(new Duration(5_400_000_000_000n));
    expect(run('optional.of(1)')).toEqual(new CelOptional(1));
  });

  it('takes integral numbers for ints unless they are marked', () => {
    expect(run('type(x) == int', { x: 1 }, { x: 'dyn' })).toBe(true);
    expect(run('type(x) == double', { x: celDouble(1) }, { x: 'dyn' })).toBe(true);
    expect(run('type(x) == double', { x: 1.5 }, { x: 'dyn' })).toBe(true);
    expect(run('x + 1.0', { x: 1 }, { x: 'double' })).toBe(2);
    expect(run('type(x)', { x: 10n ** 18n }, { x: 'dyn' })).toMatchObject({ name: 'int' });
  });

  it('knows what belongs to kro and what to the specification', () => {
    expect(() => compileCel('math.greatest(1, 2)', { functions: 'kro' })).toThrow(CelError);
    expect(compileCel('math.greatest(1, 2)', { functions: 'standard' }).evaluate()).toBe(2);
    expect(() => compileCel('1 < 2.0', { functions: 'kro' })).toThrow(CelError);
    expect(compileCel('1 < 2.0', { functions: 'standard' }).evaluate()).toBe(true);
    expect(() => compileCel('quantity("1")', { functions: 'standard' })).toThrow(CelError);
  });

  it('refuses a type that it does not know', () => {
    expect(() => compileCel('x', { functions: 'kro', variables: { x: 'integer' } })).toThrow(
      '"integer" is not a CEL type',
    );
  });

  it('writes what kro writes into objects', () => {
    expect(
      toJson(run('[timestamp("2024-05-01T12:00:00.5+02:00"), duration("90m"), 3u, optional.none(), {"a": 1.5}]')),
    ).toEqual(['2024-05-01T10:00:00Z', '1h30m0s', 3, null, { a: 1.5 }]);
    expect(() => toJson(run('b"x"'))).toThrow(
      'unsupported type: bytes value cannot be used directly in a resource template or status field',
    );
    expect(() => toJson(run('{1: 2}'))).toThrow('map key must be string, got int64');
    expect(() => toJson(run('18446744073709551615u'))).toThrow('overflows int64');
  });
});
