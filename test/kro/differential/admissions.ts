import { isDeepStrictEqual } from 'node:util';
import { KubewrightError } from '../../../src/errors.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { fromDefinition } from '../../../src/kro/import.ts';
import { instanceOf } from '../../../src/testing/instance.ts';
import type { AdmitAnswer } from '../../expr/oracle.ts';
import { type Fields, isFields } from './tree.ts';
import { firstDifference } from './verdicts.ts';

/** The instance that is not taken, or not stored, as the API server does; `undefined` when all are. */
export function admissionDifference(
  definition: Fields,
  instances: readonly Fields[],
  theirs: AdmitAnswer,
): string | undefined {
  const graph = fromDefinition(definition);
  for (const [index, instance] of instances.entries()) {
    const { err, object } = theirs.instances?.[index] ?? { err: theirs.err ?? 'the oracle failed' };
    const ours = storedSpec(graph, instance);
    const refused = typeof ours === 'string';
    if (refused !== (err !== undefined))
      return `ours ${refused ? ours : 'accepted'}\nkro's ${err ?? 'accepted'}\n${JSON.stringify(instance)}`;
    const spec = object?.['spec'] ?? {};
    if (!refused && !isDeepStrictEqual(ours, spec))
      return `${firstDifference(ours, spec)}\n${JSON.stringify(instance)}`;
  }
  return undefined;
}

/** Values as they are stored; a text for an instance that is refused. */
function storedSpec(graph: Graph, instance: Fields): unknown {
  try {
    return JSON.parse(JSON.stringify(instanceOf(graph, instance).spec));
  } catch (error) {
    if (error instanceof KubewrightError) return error.message;
    throw error;
  }
}

/** The API of a definition, without anything that is made of its values. */
export function kindAlone({ spec, ...definition }: Fields): Fields {
  const { schema } = isFields(spec) ? spec : {};
  const { status: _, ...rest } = isFields(schema) ? schema : {};
  return { ...definition, spec: { schema: rest, resources: [] } };
}
