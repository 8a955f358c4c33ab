import { isDeepStrictEqual } from 'node:util';
import { throwProblems, KubewrightError } from '../errors.ts';
import { instanceOpenApi } from '../schema/openapi.ts';
import type { CheckedDefinition } from './check/definition.ts';
import { compareSchemas, type SchemaChange, type SchemaChanges } from './compare-schemas.ts';
import { fieldsOf } from './read/pieces.ts';
import { isDefinition, readManifests, type Source } from './read/source.ts';
import { Judge, toSource, type ValidateOptions } from './validate.ts';

/** What an update of a definition does to the kind that kro serves for it. */
export interface DefinitionChanges extends SchemaChanges {
  /** Fields that can never change: the API server refuses the update. */
  readonly immutable: readonly SchemaChange[];
  /** What kro says when it refuses the update; absent when it does not. */
  readonly refusal?: string;
}

/**
 * Compares two versions of a definition as kro 0.9.4 does before it updates the kind's CustomResourceDefinition. After a
 * refusal kro goes on with the new resources and the old schema, so compare before applying. The annotation
 * `kro.run/allow-breaking-changes: "true"` on the new version allows what is breaking.
 *
 * @throws KubewrightError when kro accepts one of the versions not even by itself
 * @example
 * const { refusal } = compareDefinitions(deployed, readFileSync('rgd.yaml', 'utf8'));
 */
export function compareDefinitions(
  before: string | object | Source,
  after: string | object | Source,
  options: Pick<ValidateOptions, 'crds' | 'definitions'> = {},
): DefinitionChanges {
  const [old, now] = [checked(before, options), checked(after, options)];
  const changes = compareSchemas(instanceOpenApi(old.spec, old.status), instanceOpenApi(now.spec, now.status));
  const [oldSchema, newSchema] = [old.pieces.schema, now.pieces.schema];
  const differs = (name: string): boolean => !isDeepStrictEqual(oldSchema[name], newSchema[name]);
  const compatible = [...changes.compatible];
  if (differs('additionalPrinterColumns'))
    compatible.push({ path: 'version.additionalPrinterColumns', message: 'Additional printer columns were changed' });
  for (const name of ['shortNames', 'categories'])
    if (differs(name)) compatible.push({ path: `names.${name}`, message: `${name} were changed` });
  const notCompared = [...changes.notCompared];
  if (differs('metadata'))
    notCompared.push({
      path: 'metadata',
      message: 'Labels or annotations of the CustomResourceDefinition were changed',
    });
  const allowed =
    fieldsOf(fieldsOf(now.pieces.manifest.object['metadata'])['annotations'])['kro.run/allow-breaking-changes'] ===
    'true';
  const refusal =
    changes.breaking.length > 0 && !allowed
      ? { refusal: `breaking changes detected: ${summary(changes.breaking)}` }
      : {};
  return { breaking: changes.breaking, compatible, notCompared, immutable: immutableChanges(old, now), ...refusal };
}

function checked(
  source: string | object | Source,
  { crds = [], definitions = [] }: Pick<ValidateOptions, 'crds' | 'definitions'>,
): CheckedDefinition {
  const manifests = readManifests(toSource(source));
  const definition = manifests.find(isDefinition);
  if (!definition)
    throw new KubewrightError({
      code: 'NoDefinition',
      message: 'there is no ResourceGraphDefinition',
      hint: 'Give a manifest of kind ResourceGraphDefinition.',
    });
  const others = definitions.flatMap((other) => readManifests(toSource(other)));
  const result = new Judge([...manifests, ...others], { crds, featureGates: ['CELOmitFunction'], anyKind: true }).check(
    definition,
  );
  if ('served' in result) return result;
  throwProblems(
    'definition',
    result.map(({ code, message }) => new KubewrightError({ code, message })),
  );
  throw new KubewrightError({ code: 'NoDefinition', message: 'the definition uses itself' });
}

function immutableChanges({ pieces: old }: CheckedDefinition, { pieces: now }: CheckedDefinition): SchemaChange[] {
  const fields = [
    ['group', old.group, now.group],
    ['apiVersion', old.version, now.version],
    ['kind', old.kind, now.kind],
    ['scope', old.scope, now.scope],
  ] as const;
  return fields.flatMap(([name, before, after]) =>
    before === after ? [] : [{ path: `spec.schema.${name}`, message: `Invalid value: ${name} is immutable` }],
  );
}

/** kro lists three. */
function summary(changes: readonly SchemaChange[]): string {
  const shown = changes.slice(0, 3).map(({ message }) => message);
  return [...shown, ...(changes.length > 3 ? [`and ${changes.length - 3} more changes`] : [])].join('; ');
}
