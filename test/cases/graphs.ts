import { collectionCases } from './collections.ts';
import { compositionCases } from './composition.ts';
import { conditionCases } from './conditions.ts';
import { functionCases } from './functions.ts';
import type { GraphCase } from './graph-case.ts';
import { kindCases } from './kinds.ts';
import { referenceCases } from './references.ts';
import { valueCases } from './values.ts';

/** Every feature of a graph, with what it means: resolving, deploying directly and kro all give the same. */
export const graphCases: readonly GraphCase[] = [
  ...referenceCases,
  ...valueCases,
  ...conditionCases,
  ...collectionCases,
  ...compositionCases,
  ...functionCases,
  ...kindCases,
];
