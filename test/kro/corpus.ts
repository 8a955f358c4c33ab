import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifests } from '../../src/kro/read/source.ts';

export const corpus: string = new URL('../../../shared/kro-corpus', import.meta.url).pathname;

export interface CorpusRow {
  readonly file: string;
  /** `Kind.group/version` of kinds beyond core that the verdict needs. */
  readonly needs: readonly string[];
  /** Messages that were seen; none for an accepted file. */
  readonly expected: readonly string[];
  readonly extras: readonly string[];
  readonly gates: readonly string[];
  readonly unresolvable: boolean;
  /** `Kind.group/version` that the definition makes. */
  readonly serves: string;
}

export function corpusRows(): CorpusRow[] {
  const [, ...lines] = readFileSync(join(corpus, 'INDEX.tsv'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [file = '', , , , needs = '', expected = '', companions = '', notes = '', verified = ''] = line.split('\t');
    const also = /also seen: (.*)$/.exec(notes)?.[1];
    const text = readFileSync(join(corpus, file), 'utf8');
    return {
      file,
      needs: needs.split(',').filter(Boolean),
      expected: [expected, ...(also ? [also] : [])].filter(Boolean),
      extras: companions.split(',').filter((name) => name.includes('.extra-')),
      gates: /seen with CELOmitFunction=true/.test(notes) ? ['CELOmitFunction'] : [],
      unresolvable: verified === 'unresolvable',
      serves: servedKind(text),
    };
  });
}

function servedKind(text: string): string {
  const schema = /\n {2}schema:\n([\s\S]*?)(?=\n {2}\w|$)/.exec(text)?.[1] ?? '';
  const field = (name: string): string | undefined => new RegExp(`^ {4}${name}: *['"]?([^'"\\s#]+)`, 'm').exec(schema)?.[1];
  return `${field('kind')}.${field('group') ?? 'kro.run'}/${field('apiVersion')}`;
}

/** Parsed once: there are hundreds. */
export function corpusCrds(): object[] {
  const own = globSync('crds/**/*.{json,yaml,yml}', { cwd: corpus }).map((file) => join(corpus, file));
  const shared = join(corpus, '..', 'crds');
  const all = [...own, ...readdirSync(shared).filter((file) => file.endsWith('.json')).map((file) => join(shared, file))];
  return all.flatMap((file) => readManifests({ file, content: readFileSync(file, 'utf8') }).map(({ object }) => object));
}
