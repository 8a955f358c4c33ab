/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type JsonType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';

/**
 * The JSON Schema that this library works with: what the schema libraries give, tidied up (one type per node, no
 * `$ref`, no `const`), and what Kubernetes' OpenAPI adds.
 */
export interface JsonSchema {
  readonly type?: JsonType | undefined;
  readonly description?: string | undefined;
  readonly default?: JsonValue | undefined;
  readonly enum?: readonly JsonValue[] | undefined;
  readonly format?: string | undefined;

  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined;
  readonly required?: readonly string[] | undefined;
  /** The schema of the values of a map. Whether unknown keys are accepted says `x-kubernetes-preserve-unknown-fields`. */
  readonly additionalProperties?: JsonSchema | undefined;

  readonly items?: JsonSchema | undefined;
  /** The elements of a tuple. */
  readonly prefixItems?: readonly JsonSchema[] | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly uniqueItems?: boolean | undefined;

  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly multipleOf?: number | undefined;

  readonly pattern?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;

  /** The members of a union. */
  readonly anyOf?: readonly JsonSchema[] | undefined;

  /** In Kubernetes' own types only: the types that an IntOrString or a Quantity may have. */
  readonly oneOf?: readonly JsonSchema[] | undefined;

  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
  readonly 'x-kubernetes-int-or-string'?: boolean | undefined;
  readonly 'x-kubernetes-embedded-resource'?: boolean | undefined;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map' | undefined;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[] | undefined;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[] | undefined;

  /** What the user's schema says here that this type cannot, such as `morph`, `predicate` or `patternProperties`. */
  readonly 'x-kubewright-lost'?: readonly string[] | undefined;
}

/** True for an object with declared fields, as opposed to a map or an object of any content. */
export function isStruct(schema: JsonSchema): schema is JsonSchema & { properties: Record<string, JsonSchema> } {
  return schema.type === 'object' && schema.properties !== undefined;
}

/** Writes a path as messages show it: `spec.hosts[0].name`, `labels["a.b"]`. */
export function pathText(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}
