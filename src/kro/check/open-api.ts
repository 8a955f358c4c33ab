/** A schema as CustomResourceDefinitions and the API server's OpenAPI have it: what the checks read of it. */
export interface OpenApi {
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly properties?: Readonly<Record<string, OpenApi>> | undefined;
  readonly additionalProperties?: OpenApi | boolean | undefined;
  readonly items?: OpenApi | undefined;
  readonly required?: readonly string[] | undefined;
  readonly not?: OpenApi | undefined;
  readonly oneOf?: readonly OpenApi[] | undefined;
  readonly anyOf?: readonly OpenApi[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly pattern?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly minProperties?: number | undefined;
  readonly maxProperties?: number | undefined;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
  readonly 'x-kubernetes-int-or-string'?: boolean | undefined;
  readonly 'x-kubernetes-embedded-resource'?: boolean | undefined;
  readonly 'x-kubernetes-list-type'?: string | undefined;
}

export const preserves = (schema: OpenApi): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

/** The schema of a field of an object; `additionalProperties: true` gives a schema that says nothing. */
export function fieldSchema(schema: OpenApi, name: string): OpenApi | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return additionalProperties;
  return additionalProperties === true ? nothing : undefined;
}

const nothing: OpenApi = {};
