import { globSync, readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { piecesOf } from '../../src/kro/read/pieces.ts';
import { isDefinition, readManifests } from '../../src/kro/read/source.ts';

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
  /** Stand-ins for the kinds whose definitions the corpus does not have. */
  readonly standIns: readonly object[];
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
      standIns: (/not stored here: ([^;]*)/.exec(notes)?.[1] ?? '')
        .split(' ')
        .filter((name) => name.includes('/'))
        .map(standIn),
      serves: servedKind(text),
    };
  });
}

function servedKind(text: string): string {
  const definition = readManifests({ content: text }).find(isDefinition);
  const { kind, group, version } = definition ? piecesOf(definition) : { kind: '', group: '', version: '' };
  return `${kind}.${group}/${version}`;
}

/** Fields of `spec` that a stand-in needs to be a strict one. */
const strict: Readonly<Record<string, object>> = {
  Lattice: {
    name: { type: 'string' },
    namespace: { type: 'string' },
    vpcLatticeName: { type: 'string' },
    listenerProtocol: { type: 'string' },
    port: { type: 'integer' },
  },
};

/** A kind that takes any field, for `Kind.group/version`. */
function standIn(name: string): object {
  const [, kind = '', group = '', version = ''] = /^(\w+)\.([^/]+)\/(\w+)$/.exec(name) ?? [];
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const spec = strict[kind] ? { type: 'object', properties: strict[kind] } : open;
  const openAPIV3Schema = { type: 'object', properties: { spec, status: open } };
  return {
    kind: 'CustomResourceDefinition',
    spec: {
      group,
      names: { kind },
      scope: 'Namespaced',
      versions: [{ name: version, served: true, schema: { openAPIV3Schema } }],
    },
  };
}

/** Where several errors are possible, or a cycle may begin anywhere, the order of Go maps decides which text comes. */
export function sameRule(message: string, expected: string): boolean {
  const rule = (text: string): string =>
    text
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/^admission: /, '')
      .replace(/cyclic dependency in type \w+: .*/, 'cyclic dependency in type')
      .replace(/graph contains a cycle: .*/, 'graph contains a cycle')
      .replace(/with struct field .*/, 'with struct field');
  return rule(message) === rule(expected);
}

/** Parsed once: there are hundreds. */
export function corpusCrds(): object[] {
  const own = globSync('crds/**/*.{json,yaml,yml}', { cwd: corpus }).map((file) => join(corpus, file));
  const shared = join(corpus, '..', 'crds');
  const all = [
    ...own,
    ...readdirSync(shared)
      .filter((file) => file.endsWith('.json'))
      .map((file) => join(shared, file)),
  ];
  return all.flatMap((file) =>
    readManifests({ file, content: readFileSync(file, 'utf8') }).map(({ object }) => object),
  );
}

/** Tests that need `../shared`; where it is absent one skipped test says so. */
export function describeCorpus(name: string, body: () => void): void {
  if (existsSync(corpus)) describe(name, body);
  else it.skip(`${name} (../shared is absent)`, () => {});
}
