import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { validate } from '../../src/kro/validate.ts';
import { corpus, corpusCrds, type CorpusRow, corpusRows, describeCorpus, sameRule } from './corpus.ts';

describeCorpus('kro 0.9.4 on its own corpus', () => {
  const rows = corpusRows();
  const texts = new Map(rows.map(({ file }) => [file, readFileSync(join(corpus, file), 'utf8')]));
  const crds = corpusCrds();

  it.each(rows.map((row) => [row.file, row] as const))('%s', (_, row: CorpusRow) => {
    if (row.unresolvable) return;
    const definitions = rows
      .filter(
        (other) =>
          other !== row && other.file.startsWith('accepted/') && row.needs.some((kind) => other.serves === kind),
      )
      .map(({ file }) => texts.get(file) as string);
    const extras = row.extras.map((file) => readFileSync(join(corpus, 'accepted', file), 'utf8'));
    const [verdict] = validate([{ file: row.file, content: texts.get(row.file) as string }], {
      crds: [...row.standIns, ...crds, ...extras],
      definitions,
      featureGates: row.gates,
    });
    if (row.file.startsWith('accepted/')) expect(verdict?.errors).toEqual([]);
    else {
      const said = verdict?.errors[0]?.message ?? 'accepted';
      expect(
        row.expected.some((expected) => sameRule(said, expected)),
        `${said}\n${row.expected[0]}`,
      ).toBe(true);
    }
  });
});
