import type { IEnvVar } from 'kubernetes-models/v1/EnvVar';
import type { IEnvVarSource } from 'kubernetes-models/v1/EnvVarSource';
import type { Input, Inputs } from '../expr/expression.ts';
import { isExpression } from './shorthand.ts';

/**
 * Environment variables: a map from names to texts or sources, or Kubernetes' own list.
 *
 * @example
 * { PORT: '3000', HOST: schema.spec.host, PASSWORD: { valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } } }
 */
export type EnvironmentVariables =
  | Inputs<IEnvVar[]>
  | { readonly [name: string]: Input<string> | { readonly valueFrom: Inputs<IEnvVarSource> } };

/** Kubernetes' list of them, in the order of the map; `undefined` when there are none. */
export function environmentList(variables: EnvironmentVariables | undefined): unknown {
  if (variables === undefined || isExpression(variables) || Array.isArray(variables)) return variables;
  const entries = Object.entries(variables).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return undefined;
  return entries.map(([name, value]) =>
    typeof value === 'object' && !isExpression(value) ? { name, ...value } : { name, value },
  );
}
