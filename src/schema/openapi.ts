import { isStruct, type JsonSchema } from './json-schema.ts';
import { parseSimpleSchema } from './simple-schema-parse.ts';
import { toSimpleSchema } from './simple-schema.ts';

/**
 * The OpenAPI schema of `spec` in the API that kro generates from a schema: what the API server defaults and checks.
 *
 * @throws KubewrightError `SimpleSchema` when SimpleSchema cannot say it
 */
export function toOpenApi(schema: JsonSchema): JsonSchema {
  return parseSimpleSchema(toSimpleSchema(schema));
}

const conditions: JsonSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      type: { type: 'string' },
      status: { type: 'string' },
      reason: { type: 'string' },
      message: { type: 'string' },
      lastTransitionTime: { type: 'string' },
      observedGeneration: { type: 'integer' },
    },
  },
};

/** The root of the generated CustomResourceDefinition's schema: kro adds `state` and `conditions` to the status unless the author has them. */
export function instanceOpenApi(spec: JsonSchema, status: JsonSchema): JsonSchema {
  const own = isStruct(status) ? status.properties : {};
  return {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      status: { ...status, type: 'object', properties: { state: { type: 'string' }, conditions, ...own } },
    },
  };
}
