import type { CelType } from '../../expr/types.ts';
import { escapedName } from '../../schema/cel-type.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import type { Path } from '../read/place.ts';
import { typeName } from './type-name.ts';

const any: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true };

/** The schema that kro's API gets for a status field of this type (kro pkg/graph/schema/conversion_cel_type.go). */
export function schemaOfType(type: CelType, inside: readonly string[] = []): JsonSchema {
  switch (type.kind) {
    case 'bool':
      return { type: 'boolean' };
    case 'int':
    case 'uint':
      return { type: 'integer' };
    case 'double':
      return { type: 'number' };
    case 'string':
      return { type: 'string' };
    case 'bytes':
      return { type: 'string', format: 'byte' };
    case 'timestamp':
      if (inside.length > 0) return any;
      return { description: 'Timestamp representing a creation time', type: 'string', format: 'date-time' };
    case 'list':
      return { type: 'array', items: schemaOfType(type.element, inside) };
    case 'map':
      return { type: 'object', additionalProperties: schemaOfType(type.value, inside) };
    case 'struct': {
      if (inside.includes(type.name)) return { type: 'object' };
      const fields = type
        .fieldNames()
        .map((name): [string, JsonSchema] => [
          escapedName(name),
          schemaOfType(type.field(name) as CelType, [...inside, type.name]),
        ]);
      return { type: 'object', properties: Object.fromEntries(fields) };
    }
    case 'dyn':
      return any;
    case 'null':
      return { description: 'null type - any value allowed', ...any };
    default:
      return inside.length > 0 ? any : { description: `unknown CEL type: ${typeName(type)}`, ...any };
  }
}

/** Adds a field's schema below a path of the status; an index makes a list of what is behind it. */
export function addField(root: JsonSchema, path: Path, leaf: JsonSchema): JsonSchema {
  const [step, ...rest] = path;
  if (step === undefined) return leaf;
  if (typeof step === 'number') return { ...root, type: 'array', items: addField(root.items ?? {}, rest, leaf) };
  const properties = { ...root.properties, [step]: addField(root.properties?.[step] ?? {}, rest, leaf) };
  return { ...root, type: root.type ?? 'object', properties };
}
