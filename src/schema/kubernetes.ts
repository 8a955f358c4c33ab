import type { CelType } from '../expr/types.ts';
import { celTypeOf } from './cel-type.ts';
import { kubernetesSchema } from './kubernetes-schema.ts';

export { type BuiltInKind, builtInKind, builtInKinds, kubernetesSchema } from './kubernetes-schema.ts';

/**
 * The CEL type of an object of a built-in kind, `undefined` when Kubernetes has no such kind.
 *
 * @param id the resource's id, for the names of types in messages
 */
export function kubernetesType(apiVersion: string, kind: string, id: string = kind): CelType | undefined {
  const schema = kubernetesSchema(apiVersion, kind);
  return schema && celTypeOf(schema, `__type_${id}`);
}
