import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toDefinition } from '../../../src/kro/definition.ts';
import { isCrd, isDefinition, readManifests } from '../../../src/kro/read/source.ts';
import { graphCases } from '../../cases/graphs.ts';
import { corpus, corpusCrds, corpusRows } from '../corpus.ts';
import type { Fields } from './tree.ts';

/** A definition that kro accepts, to be changed. */
export interface Start {
  readonly name: string;
  readonly definition: Fields;
  /** CustomResourceDefinitions that only it uses. */
  readonly crds: readonly Fields[];
  readonly gates: readonly string[];
}

/** What kro is emitted for a graph, and what kro itself has, where it is at hand. */
export function starts(): Start[] {
  const own = graphCases
    .filter(({ skip }) => !skip?.kro)
    .map(({ name, graph }) => {
      const gates = ['CELOmitFunction'];
      const definition = JSON.parse(JSON.stringify(toDefinition(graph, { featureGates: gates }))) as Fields;
      return { name: `graph that ${name}`, definition, crds: [], gates };
    });
  return existsSync(corpus) ? [...own, ...corpusStarts(), ...liveStarts()] : own;
}

function corpusStarts(): Start[] {
  return corpusRows()
    .filter(({ file, unresolvable }) => file.startsWith('accepted/') && !unresolvable)
    .flatMap(({ file, extras, standIns, gates }) => {
      const definition = definitionIn(readFileSync(join(corpus, file), 'utf8'));
      const given = extras.flatMap((extra) =>
        readManifests({ content: readFileSync(join(corpus, 'accepted', extra), 'utf8') }).filter(isCrd),
      );
      const crds = [...standIns, ...given.map(({ object }) => object)] as Fields[];
      return definition ? [{ name: file, definition, crds, gates }] : [];
    });
}

function liveStarts(): Start[] {
  return globSync('live/*.rgd.yaml', { cwd: corpus })
    .sort()
    .flatMap((file) => {
      const definition = definitionIn(readFileSync(join(corpus, file), 'utf8'));
      return definition ? [{ name: file, definition, crds: [], gates: ['CELOmitFunction'] }] : [];
    });
}

function definitionIn(content: string): Fields | undefined {
  const found = readManifests({ content }).filter(isDefinition);
  return found.length === 1 ? (found[0]?.object as Fields) : undefined;
}

/** CustomResourceDefinitions that all may use. */
export function sharedCrds(): Fields[] {
  if (!existsSync(corpus)) return [];
  return (corpusCrds() as Fields[]).filter(({ kind }) => kind === 'CustomResourceDefinition');
}
