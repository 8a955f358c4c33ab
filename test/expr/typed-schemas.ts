import type { CelType, StructType } from '../../src/expr/types.ts';

/** A small resource with every kind of field that a Kubernetes schema has. */
export const schema: Schema = {
  type: 'object',
  properties: {
    metadata: {
      type: 'object',
      properties: {
        name: { type: 'string' },
        namespace: { type: 'string' },
        creationTimestamp: { type: 'string', format: 'date-time' },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        'dash-ed': { type: 'string' },
        under__score: { type: 'integer' },
      },
    },
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer', format: 'int32' },
        ratio: { type: 'number' },
        flag: { type: 'boolean' },
        port: { 'x-kubernetes-int-or-string': true },
        wait: { type: 'string', format: 'duration' },
        day: { type: 'string', format: 'date' },
        tags: { type: 'array', items: { type: 'string' } },
        times: { type: 'array', items: { type: 'string', format: 'date-time' } },
        data: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
        ratios: { type: 'object', additionalProperties: { type: 'number' } },
        free: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'integer' } },
        },
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              at: { type: 'string', format: 'date-time' },
              weight: { type: 'number' },
              limits: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
            },
          },
        },
      },
    },
  },
};

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
}

const formats: Readonly<Record<string, CelType>> = {
  byte: { kind: 'bytes' },
  duration: { kind: 'duration' },
  date: { kind: 'timestamp' },
  'date-time': { kind: 'timestamp' },
};

/** The CEL type that kro makes of a schema. */
export function schemaType(of: Schema, name: string): CelType {
  switch (of.type) {
    case 'string':
      return formats[of.format ?? ''] ?? { kind: 'string' };
    case 'integer':
      return { kind: 'int' };
    case 'number':
      return { kind: 'double' };
    case 'boolean':
      return { kind: 'bool' };
    case 'array':
      return { kind: 'list', element: schemaType(of.items ?? {}, `${name}.@idx`) };
    case 'object':
      if (of.additionalProperties) {
        return { kind: 'map', key: { kind: 'string' }, value: schemaType(of.additionalProperties, `${name}.@elem`) };
      }
      return structType(of, name);
    default:
      return { kind: 'dyn' };
  }
}

function structType(of: Schema, name: string): StructType {
  const fields = new Map(
    Object.entries(of.properties ?? {}).map(([field, inner]) => [field, schemaType(inner, `${name}.${field}`)]),
  );
  const struct: StructType = {
    kind: 'struct',
    name,
    field: (field) => fields.get(field),
    fieldNames: () => [...fields.keys()],
  };
  return of['x-kubernetes-preserve-unknown-fields'] ? { ...struct, open: true } : struct;
}
