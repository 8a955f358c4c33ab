import { collectionCases } from './collections.ts';
import { compositionCases } from './composition.ts';
import { conditionCases } from './conditions.ts';
import type { GraphCase } from './graph-case.ts';
import { referenceCases } from './references.ts';

/** Every feature of a graph, with what it means: resolving, deploying directly and kro all give the same. */
export const graphCases: readonly GraphCase[] = [...referenceCases, ...conditionCases, ...collectionCases, ...compositionCases];
