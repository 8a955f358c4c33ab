import { isStruct, type JsonSchema, type JsonValue } from './json-schema.ts';

/**
 * The default of a field in the API that kro generates: the declared one, or `{}` for an object that requires nothing
 * and has a field with a default (so that nested defaults apply).
 */
export function effectiveDefault(schema: JsonSchema): JsonValue | undefined {
  if (schema.default !== undefined) return schema.default;
  if (!isStruct(schema) || (schema.required?.length ?? 0) > 0) return undefined;
  return Object.values(schema.properties).some((field) => effectiveDefault(field) !== undefined) ? {} : undefined;
}

/** A copy of a value with the defaults that the API server would fill in, the same ones in every mode. */
export function withDefaults(schema: JsonSchema, value: unknown): unknown {
  if (value === undefined) {
    const initial = effectiveDefault(schema);
    return initial === undefined ? undefined : withDefaults(schema, structuredClone(initial));
  }
  if (Array.isArray(value))
    return schema.items ? value.map((item) => withDefaults(schema.items as JsonSchema, item)) : value;
  if (typeof value !== 'object' || value === null || schema.type !== 'object') return value;
  const filled: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const fieldSchema = fieldOf(schema, name) ?? schema.additionalProperties;
    const complete = fieldSchema ? withDefaults(fieldSchema, field) : field;
    if (complete !== undefined)
      Object.defineProperty(filled, name, { value: complete, enumerable: true, writable: true, configurable: true });
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (Object.hasOwn(value, name) && (value as Record<string, unknown>)[name] !== undefined) continue;
    const initial = withDefaults(field, undefined);
    if (initial !== undefined) filled[name] = initial;
  }
  return filled;
}

/** A copy of a value that was stored by an older schema as the API server reads it by this one. */
export function asStored(schema: JsonSchema, value: unknown): unknown {
  return withDefaults(schema, withoutUnknown(schema, value));
}

/** Fields that a schema does not have are dropped where it does not accept any. */
function withoutUnknown(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value))
    return schema.items ? value.map((item) => withoutUnknown(schema.items as JsonSchema, item)) : value;
  if (typeof value !== 'object' || value === null) return value;
  const acceptsAll = schema.type !== 'object' || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const entries = Object.entries(value).flatMap(([name, field]): readonly (readonly [string, unknown])[] => {
    const inner = fieldOf(schema, name) ?? schema.additionalProperties;
    if (inner) return [[name, withoutUnknown(inner, field)]];
    return acceptsAll ? [[name, field]] : [];
  });
  return Object.fromEntries(entries);
}

/** The schema of a declared field; a field of an object's prototype is none. */
export function fieldOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  return schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
}
