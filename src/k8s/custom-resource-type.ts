import type { CelType } from '../expr/types.ts';
import { celTypeOf } from '../schema/cel-type.ts';
import { objectMetaSchema } from '../schema/kubernetes-schema.ts';
import { type RawSchema, tidySchema } from '../schema/tidy-schema.ts';

/** The type of a custom resource in expressions. Its schema says nothing about what every object has, so that is added. */
export function customResourceType(schema: object): (name: string) => CelType {
  return (name) => {
    const { properties, ...rest } = tidySchema(schema as RawSchema);
    const text = { type: 'string' } as const;
    return celTypeOf(
      {
        ...rest,
        type: 'object',
        properties: { ...properties, apiVersion: text, kind: text, metadata: objectMetaSchema() },
      },
      name,
    );
  };
}
