import type { CelType, ListType, StructType } from '../expr/types.ts';
import type { JsonSchema } from './json-schema.ts';

const dyn: CelType = { kind: 'dyn' };

/**
 * The CEL type of data with this schema, as kro derives it: integers are `int`, numbers `double`, `format: byte` is
 * `bytes`, maps are `map(string, T)`, and what has no single type is `dyn`.
 *
 * @param name the type's name in messages, such as `__type_schema.spec`; parts are named below it
 */
export function celTypeOf(schema: JsonSchema, name: string): CelType {
  return typeOrNone(schema, name) ?? dyn;
}

/** A field without a type that CEL knows is left out of its struct, as in kro: reading it is an error. */
function typeOrNone(schema: JsonSchema, name: string): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string') return dyn;
  switch (schema.type) {
    case 'boolean':
      return { kind: 'bool' };
    case 'integer':
      return { kind: 'int' };
    case 'number':
      return { kind: 'double' };
    case 'string':
      return stringType(schema.format);
    case 'array': {
      const element = schema.items && typeOrNone(schema.items, `${name}.@idx`);
      return element && { kind: 'list', element, ...listKind(schema) };
    }
    case 'object':
      return objectType(schema, name);
    default:
      return schema.anyOf ? dyn : undefined;
  }
}

function listKind(schema: JsonSchema): Pick<ListType, 'listType' | 'mapKeys'> {
  const { 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': mapKeys = [] } = schema;
  if (listType === 'map') return { listType, mapKeys };
  return listType === 'set' ? { listType } : {};
}

function stringType(format: string | undefined): CelType {
  if (format === 'byte') return { kind: 'bytes' };
  if (format === 'duration') return { kind: 'duration' };
  return { kind: format === 'date' || format === 'date-time' ? 'timestamp' : 'string' };
}

function objectType(schema: JsonSchema, name: string): CelType {
  if (schema.additionalProperties) {
    return { kind: 'map', key: { kind: 'string' }, value: celTypeOf(schema.additionalProperties, `${name}.@elem`) };
  }
  return structType(schema, name);
}

/** The type of an object with declared fields, or with any when it preserves unknown ones. */
export function structType(schema: JsonSchema, name: string): StructType {
  const properties = schema['x-kubernetes-embedded-resource']
    ? { ...schema.properties, ...embedded }
    : (schema.properties ?? {});
  const types = new Map<string, CelType | undefined>();
  const field = (field: string): CelType | undefined => {
    if (!types.has(field)) types.set(field, fieldType(properties, field, name));
    return types.get(field);
  };
  const open = schema['x-kubernetes-preserve-unknown-fields'] ? { open: true } : {};
  return {
    kind: 'struct',
    name,
    field,
    fieldNames: () => Object.keys(properties).filter((one) => field(one)),
    ...open,
  };
}

function fieldType(
  properties: Readonly<Record<string, JsonSchema>>,
  field: string,
  struct: string,
): CelType | undefined {
  const schema = Object.hasOwn(properties, field) && hasCelName(field) ? properties[field] : undefined;
  return schema && typeOrNone(schema, `${struct}.${escapedName(field)}`);
}

/** What every object inside an object has, declared or not. */
const embedded: Readonly<Record<string, JsonSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

/** True when Kubernetes can escape the name to a CEL identifier. */
export function hasCelName(name: string): boolean {
  return /^[A-Za-z_./-][\w./-]*$/.test(name);
}

const words: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** A field as CEL spells it; kro names types and projects objects with it. */
export function escapedName(name: string): string {
  if (words.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
