import type { JsonSchema } from '../../schema/json-schema.ts';
import { fromDefinitions, type ImportOptions } from '../import.ts';
import { isDefinition, readManifests, type Source } from '../read/source.ts';
import { Judge, toSource } from '../validate.ts';
import { writeStack } from './write.ts';

/** A stack file that makes the graph of a definition. */
export interface ImportedStack {
  /** Name of the definition. */
  readonly name: string;
  /** TypeScript that emits the same definition. */
  readonly text: string;
}

/**
 * Writes a typed stack file for each definition: an arktype schema, the kinds' factories, expressions as CEL text.
 *
 * @throws KubewrightError for definitions that kro refuses, `CannotImport` for what a stack has no form for
 */
export function importStacks(
  definitions: readonly (string | object | Source)[],
  options: ImportOptions = {},
): ImportedStack[] {
  const sources = definitions.map(toSource);
  const manifests = sources.flatMap((source) => readManifests(source));
  const judge = new Judge(manifests, { crds: options.crds ?? [], featureGates: ['CELOmitFunction'], anyKind: true });
  const graphs = fromDefinitions(sources, options);
  const files = manifests.filter(isDefinition).map((manifest) => {
    judge.check(manifest);
    return manifest.file;
  });
  return graphs.map((graph, index) => {
    const schemaOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }): JsonSchema | undefined => {
      const found = judge.kinds.find(apiVersion, kind);
      return found?.assumed ? undefined : (found?.schema as JsonSchema | undefined);
    };
    return { name: graph.name, text: writeStack(graph, { schemaOf, file: files[index] as string }) };
  });
}
