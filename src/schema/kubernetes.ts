import type { CelType, StructType } from '../expr/types.ts';
import { celTypeOf, structType } from './cel-type.ts';
import type { JsonSchema } from './json-schema.ts';
import { literalProblems } from './literals.ts';
import type { ValueProblem } from './strict-values.ts';
import { kubernetesSchema, objectMetaSchema } from './kubernetes-schema.ts';

export { builtInKind, builtInKinds } from './kubernetes-schema.ts';

/**
 * The CEL type of an object of a built-in kind, `undefined` when Kubernetes has no such kind.
 *
 * @param id the resource's id, for the names of types in messages
 */
export function kubernetesType(apiVersion: string, kind: string, id: string = kind): CelType | undefined {
  const schema = kubernetesSchema(apiVersion, kind);
  return schema && celTypeOf(schema, `__type_${id}`);
}

/**
 * What is wrong with the literal parts of an object of a built-in kind; nothing when Kubernetes has no such kind.
 *
 * @param isExpression tells the leaves whose value is not known yet
 */
export function checkLiterals(
  object: Record<string, unknown>,
  isExpression?: (value: unknown) => boolean,
): ValueProblem[] {
  const schema = kubernetesSchema(String(object['apiVersion']), String(object['kind']));
  return schema ? literalProblems(schema, object, isExpression) : [];
}

/**
 * The type of the variable `schema` in expressions: `apiVersion`, `kind`, `metadata` (without `namespace` when
 * instances are cluster-scoped) and `spec`. There is no `status`.
 */
export function schemaVariableType(spec: JsonSchema, scope: 'Namespaced' | 'Cluster'): StructType {
  const { namespace, ...others } = objectMetaSchema().properties ?? {};
  const metadata: JsonSchema = {
    type: 'object',
    properties: scope === 'Cluster' || !namespace ? others : { ...others, namespace },
  };
  const properties = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata, spec } as const;
  return structType({ type: 'object', properties }, '__type_schema');
}
