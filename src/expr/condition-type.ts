import type { CelType, StructType } from './types.ts';

const fields: readonly string[] = ['type', 'status', 'reason', 'message'];

/** kro's `Condition`, the result of `runtime.newCondition` and `runtime.condition`. */
export const conditionType: StructType = {
  kind: 'struct',
  name: 'kro.run.Condition',
  field: (name) => (fields.includes(name) ? { kind: 'string' } : undefined),
  fieldNames: () => fields,
};

/** The variable `runtime` of status conditions: only its methods can be used. */
export const runtimeType: CelType = {
  kind: 'struct',
  name: 'kro.run.Runtime',
  field: () => undefined,
  fieldNames: () => [],
};
