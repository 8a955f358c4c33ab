import { RE2JS } from 're2js';
import { expect, test } from 'vitest';
import { toRe2 } from '../../src/schema/re2-pattern.ts';

test.each<[pattern: string, matching: string[], others: string[]]>([
  ['^\\u0041\\x42$', ['AB'], ['ab', 'u0041B']],
  ['^\\u{1F600}$', ['😀'], ['a']],
  ['^[[:a]+$', ['[:a'], ['b', ']']],
  ['^[\\]a]$', [']', 'a'], ['b']],
  ['^a[^]b$', ['a\nb', 'axb'], ['ab']],
  ['^\\e\\z$', ['ez'], ['e', '\\z']],
  ['^\\/\\-\\_$', ['/-_'], ['x']],
  ['^\\cA\\0$', ['\u0001\0'], ['cA0']],
  ['^[\\b]$', ['\b'], ['b']],
  ['^(?<year>\\d{4})-(?:a|b)?$', ['2026-a', '2026-'], ['26-a']],
  ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
  ['^[\\w.-]+@[^\\s@]+$', ['a.b-c@d'], ['a b@c', '@']],
  ['^.$', ['x'], ['\n', 'xy']],
])('%s means the same in RE2', (pattern, matching, others) => {
  const converted = toRe2(pattern);
  if (!('pattern' in converted)) throw new Error(converted.refused);
  const re2 = RE2JS.compile(converted.pattern);
  const javascript = new RegExp(pattern, /\\u\{/.test(pattern) ? 'u' : '');
  for (const [texts, expected] of [
    [matching, true],
    [others, false],
  ] as const) {
    for (const text of texts)
      expect([text, javascript.test(text), re2.matcher(text).find()]).toEqual([text, expected, expected]);
  }
});

test.each([
  ['(?=a)', 'look-around'],
  ['(?!a)', 'look-around'],
  ['(?<=a)', 'look-around'],
  ['(?<!a)', 'look-around'],
  ['(a)\\1', 'back-references'],
  ['(?<x>a)\\k<x>', 'back-references'],
  ['a{1001}', '1000'],
  ['[]', 'empty class'],
])('%s is refused', (pattern, reason) => {
  expect(toRe2(pattern)).toEqual({ refused: expect.stringContaining(reason) as string });
});
