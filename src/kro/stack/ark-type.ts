import { isStruct, type JsonSchema } from '../../schema/json-schema.ts';
import { data, object, quote } from './text.ts';

/** A schema as an arktype definition. */
export interface ArkType {
  readonly text: string;
  /** Whether the definition says everything that the schema says. */
  readonly exact: boolean;
}

/** What arktype definitions written here can say. */
const said: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'default',
  'enum',
  'minimum',
  'maximum',
  'x-kubernetes-preserve-unknown-fields',
]);

/** Writes the object of an instance's values. */
export function arkStruct(schema: JsonSchema, indent = ''): ArkType {
  const required = new Set(schema.required);
  let exact = true;
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]): [string, string] => {
    const { text, exact: isExact } = arkField(field, `${indent}  `);
    const hasDefault = hasOwnDefault(field);
    exact &&=
      isExact && !(hasDefault && required.has(name)) && !name.endsWith('?') && name !== '...' && !name.startsWith('[');
    return [required.has(name) || hasDefault ? name : `${name}?`, text];
  });
  return { text: object(fields, indent), exact: exact && !schema.description };
}

/** An object's default that follows from those of its fields is no own one. */
function hasOwnDefault(schema: JsonSchema): boolean {
  return schema.default !== undefined && !isStruct(schema);
}

function arkField(schema: JsonSchema, indent: string): ArkType {
  const { text, exact } = arkOf(schema, indent);
  if (!hasOwnDefault(schema)) return { text, exact };
  const isScalar = typeof schema.default !== 'object';
  return isScalar
    ? {
        text: `[${text}, '=', ${typeof schema.default === 'string' ? quote(schema.default) : String(schema.default)}]`,
        exact,
      }
    : { text: `[${text}, '=', () => (${JSON.stringify(schema.default)})]`, exact: false };
}

function arkOf(schema: JsonSchema, indent: string): ArkType {
  const known = Object.keys(schema).every((key) => said.has(key) || schema[key as keyof JsonSchema] === undefined);
  if (schema.enum)
    return {
      text: `type.enumerated(${schema.enum.map((value) => data(value)).join(', ')})`,
      exact: known && schema.type === 'string',
    };
  switch (schema.type) {
    case 'string':
      return { text: "'string'", exact: known && schema.minimum === undefined && schema.maximum === undefined };
    case 'boolean':
      return { text: "'boolean'", exact: known };
    case 'integer':
      return { text: quote(range('number.integer', schema)), exact: known };
    case 'number':
      return { text: quote(range('number', schema)), exact: known };
    case 'array': {
      const inner = arkOf(schema.items ?? {}, indent);
      const isWord = /^'[\w.]+'$/.test(inner.text);
      return {
        text: isWord ? `${inner.text.slice(0, -1)}[]'` : `type(${inner.text}).array()`,
        exact: known && inner.exact && schema.items?.default === undefined,
      };
    }
    case 'object':
      return arkObject(schema, { indent, known });
    default:
      return { text: "'unknown'", exact: false };
  }
}

function arkObject(schema: JsonSchema, { indent, known }: { indent: string; known: boolean }): ArkType {
  if (schema.additionalProperties) {
    const inner = arkOf(schema.additionalProperties, indent);
    return {
      text: `{ '[string]': ${inner.text} }`,
      exact: known && inner.exact && schema.additionalProperties.default === undefined,
    };
  }
  if (!isStruct(schema)) return { text: "'Record<string, unknown>'", exact: known && schema.required === undefined };
  const struct = arkStruct(schema, indent);
  return { text: struct.text, exact: known && struct.exact && Object.keys(schema.properties).length > 0 };
}

function range(word: string, { minimum, maximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} <= ${word} <= ${maximum}`;
  if (minimum !== undefined) return `${word} >= ${minimum}`;
  return maximum === undefined ? word : `${word} <= ${maximum}`;
}
