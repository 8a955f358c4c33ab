import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { nativePattern } from '../../src/expr/library/regex-native.ts';

describe('patterns for the native engine', () => {
  it.each(['^[a-z]+:[0-9.]+$', '^v[0-9]+$', '^abc', '^[a-z]+-[0-9]*$', '^\\d+\\.\\d+$'])('%s is one', (pattern) => {
    expect(nativePattern(pattern)).toBeInstanceOf(RegExp);
  });

  it.each([
    'a+',
    '^a+a',
    '^(a+)+$',
    '^a*b*a',
    '^[^a]+$',
    '^.*$',
    '^a|b',
    '^\\w+$',
    '^(?i)a',
    '^a{2}',
    '^ä',
    '^[z-a]',
    '^a**',
    '^a+?',
    '^[a-z]+[a-z]$',
    '^a?a$',
  ])('%s is none', (pattern) => {
    expect(nativePattern(pattern)).toBeUndefined();
  });

  it('means what RE2 means', () => {
    const piece = fc.constantFrom('a', 'b', '[a-c]', '[0-9]', '\\.', '\\d', '-', '[a-c.]', '[x-]', ' ');
    const pattern = fc
      .array(fc.tuple(piece, fc.constantFrom('', '+', '*', '?')), { maxLength: 5 })
      .map((parts) => parts.flat().join(''));
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', 'c', '1', '.', '-', 'x', ' ', '\n', 'ä', '😀'),
      maxLength: 8,
    });
    fc.assert(
      fc.property(pattern, fc.boolean(), text, (body, end, value) => {
        const whole = `^${body}${end ? '$' : ''}`;
        const native = nativePattern(whole);
        if (native) expect([whole, native.test(value)]).toEqual([whole, RE2JS.compile(whole).test(value)]);
      }),
      { numRuns: 3000, seed: 5 },
    );
  });
});
