import { didYouMean } from '../schema/nearest-name.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { Problems } from './problems.ts';

/** One column of `kubectl get`, as CustomResourceDefinitions have it. */
export interface PrinterColumn {
  readonly name: string;
  /** Of the instance, such as `.status.url`. */
  readonly jsonPath: string;
  readonly type: 'boolean' | 'date' | 'integer' | 'number' | 'string';
  readonly description?: string;
  readonly format?: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority?: number;
}

/** What the CustomResourceDefinition of a graph's kind says beside its schema. */
export interface CrdParts {
  /** For `kubectl get <short name>`. */
  readonly shortNames?: readonly string[];
  /** Such as `all`, for `kubectl get <category>`. */
  readonly categories?: readonly string[];
  /** They replace kro's own: State, Ready and Age. */
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  /** Labels and annotations of the CustomResourceDefinition. */
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** What a Kubernetes API can say of a field and schema libraries cannot. */
export interface FieldRules {
  /** The field keeps the value that an instance is made with. */
  readonly immutable?: boolean;
  /** Rules in CEL on `self` (and on `oldSelf`, its value before an update) that have to hold. */
  readonly validations?: string | readonly string[];
  /** What a list is for those who change it by server-side apply. */
  readonly listType?: 'atomic' | 'set' | 'map';
  /** Fields that tell the items of a `map` apart. */
  readonly listMapKeys?: readonly string[];
}

const immutableRule = { rule: 'self == oldSelf', message: 'field is immutable' } as const;

/** The schema with the rules of its fields, which are named by path: `spec.ports`, `spec.users[].name`. */
export function withFieldRules(
  schema: JsonSchema,
  rules: Readonly<Record<string, FieldRules>>,
  problems: Problems,
): JsonSchema {
  return Object.entries(rules).reduce((current, [path, rule]) => {
    const steps = path.replaceAll('[]', '.[]').split('.');
    return changeAt(current, steps, {
      change: (field) => addRules(field, rule),
      missing: (name, names) =>
        problems.add({
          code: 'UnknownField',
          resource: 'fields',
          path,
          message: `the spec has no field ${name}`,
          hint: didYouMean(name, names) ?? `The fields here are ${names.join(', ')}.`,
        }),
    });
  }, schema);
}

interface Change {
  readonly change: (field: JsonSchema) => JsonSchema;
  readonly missing: (name: string, names: readonly string[]) => void;
}

function changeAt(schema: JsonSchema, [step, ...rest]: readonly string[], change: Change): JsonSchema {
  if (step === undefined) return change.change(schema);
  const inside = (field: JsonSchema): JsonSchema => changeAt(field, rest, change);
  if (step === '[]' && schema.items) return { ...schema, items: inside(schema.items) };
  if (step === '*' && schema.additionalProperties)
    return { ...schema, additionalProperties: inside(schema.additionalProperties) };
  const field = schema.properties && Object.hasOwn(schema.properties, step) ? schema.properties[step] : undefined;
  if (field) return { ...schema, properties: { ...schema.properties, [step]: inside(field) } };
  change.missing(step, Object.keys(schema.properties ?? {}));
  return schema;
}

function addRules(field: JsonSchema, { immutable, validations = [], listType, listMapKeys }: FieldRules): JsonSchema {
  const rules = [
    ...(immutable ? [immutableRule] : []),
    ...[validations].flat().map((rule) => ({ rule, message: 'validation failed' })),
  ];
  return {
    ...field,
    ...(rules.length > 0 && {
      'x-kubernetes-validations': [...(field['x-kubernetes-validations'] ?? []), ...rules],
    }),
    ...(listType && { 'x-kubernetes-list-type': listType }),
    ...(listMapKeys && { 'x-kubernetes-list-map-keys': listMapKeys }),
  };
}
