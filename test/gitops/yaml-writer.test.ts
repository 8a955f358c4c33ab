import fc from 'fast-check';
import { dump } from 'js-yaml';
import { expect, it } from 'vitest';
import { yamlOptions } from '../../src/gitops/yaml.ts';
import { YamlWriter } from '../../src/gitops/yaml-writer.ts';

const word = fc.constantFrom(
  'a',
  'yes',
  'no',
  'on',
  '1.10',
  '0x1F',
  '1_000',
  '12:30',
  'null',
  '~',
  '',
  ' x',
  'x ',
  '- x',
  '# x',
  'a: b',
  'a #b',
  "it's",
  '"q"',
  '${a}',
  '${a ? "b" : "c"}',
  '{{x}}',
  '*x',
  '&x',
  '!x',
  '%x',
  '@x',
  '`x',
  '|',
  '>',
  'v1',
  'apps/v1',
  'example.com/name',
  '2026-01-01',
  '1e3',
  '.5',
  '\t',
  'ä',
  '😀',
  '=',
  '<<',
  '...',
  '---',
);
const text = fc.oneof(
  word,
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.oneof(word, fc.constant('')), { minLength: 2, maxLength: 5 }).map((lines) => lines.join('\n')),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
}));

// The mark that closes a document with trailing blank lines is left out: no list of documents needs it.
it('writes what the library writes', () => {
  const writer = new YamlWriter(yamlOptions);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('spec', 'data', 'metadata', 'n'), value), (object) => {
      expect(writer.write(object)).toBe(dump(object, yamlOptions).replace(/\n\.\.\.\n$/, '\n'));
    }),
    { numRuns: 3_000 },
  );
});
