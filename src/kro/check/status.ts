import type { JsonSchema } from '../../schema/json-schema.ts';
import type { Fields } from '../read/pieces.ts';
import { checkConditions } from './conditions.ts';
import type { Names } from './dependencies.ts';
import type { FieldExpression } from './field.ts';
import { addField, schemaOfType } from './infer.ts';
import { KroRefusal, Refusals, within } from './refusal.ts';
import { isGoInteger, parseSchemaless } from './template.ts';
import { escapeGo, typeCheck, type VariableTypes } from './types.ts';

const statusPlace = ['spec', 'schema', 'status'];

interface Around {
  readonly names: Names;
  readonly types: VariableTypes;
}

/** Checks the status and gives the schema that kro infers for it. */
export function checkStatus(status: Fields, around: Around): JsonSchema {
  const { conditions, fields } = within('failed to build instance status schema: ', () => {
    const found = takeConditions(status);
    return { conditions: found, fields: statusFields(status, around.names) };
  });
  const schema = within('failed to build instance status schema: ', () => inferSchema(fields, around.types));
  within('failed to build instance conditions: ', () =>
    checkConditions(conditions, [...statusPlace, 'conditions'], around),
  );
  within('failed to create instance node: ', () => {
    for (const field of fields) {
      if (around.names.inspect(field).known.length === 0)
        throw new KroRefusal(
          'StatusReference',
          `instance status field must refer to a resource or schema: status.${field.path}`,
          field.place,
        );
    }
  });
  return schema;
}

function takeConditions({ conditions }: Fields): readonly string[] {
  const prefix = 'failed to extract conditions block: ';
  const place = [...statusPlace, 'conditions'];
  if (conditions === undefined) return [];
  if (!Array.isArray(conditions))
    throw new KroRefusal(
      'StatusConditions',
      `${prefix}status.conditions must be a list, got ${goType(conditions)}`,
      place,
    );
  for (const [index, condition] of (conditions as unknown[]).entries()) {
    if (typeof condition === 'string') continue;
    throw new KroRefusal(
      'StatusConditions',
      `${prefix}status.conditions[${index}] must be a CEL expression string, got ${goType(condition)}`,
      [...place, index],
    );
  }
  return conditions as string[];
}

/** Names of the types that JSON becomes in Go. */
function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return isGoInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function statusFields(status: Fields, names: Names): readonly FieldExpression[] {
  const { conditions: _, ...own } = status;
  const { expressions, plain } = within('failed to extract CEL expressions from status: ', () =>
    parseSchemaless(own, { path: '', place: statusPlace }),
  );
  const [first] = plain;
  if (first)
    throw new KroRefusal(
      'StatusWithoutExpression',
      `status fields without expressions are not supported: [${plain.map(({ path }) => path).join(' ')}]`,
      first.place,
    );
  const refusals = new Refusals();
  for (const field of expressions) {
    refusals.attempt(
      () => `status field "${escapeGo(field.path)}" expression "${escapeGo(field.shown)}": `,
      () => names.restrict(field, (name) => name === 'schema' || names.ids.has(name)),
    );
  }
  refusals.throwIfAny();
  return expressions;
}

function inferSchema(fields: readonly FieldExpression[], types: VariableTypes): JsonSchema {
  const refusals = new Refusals();
  let schema: JsonSchema = { type: 'object', properties: {} };
  for (const field of fields) {
    const checked = refusals.attempt(
      () => `failed to type-check status expression "${escapeGo(field.shown)}" at path "${escapeGo(field.path)}": `,
      () => typeCheck(field, types.environment),
    );
    if (checked) schema = addField(schema, field.place.slice(statusPlace.length), schemaOfType(checked.type));
  }
  refusals.throwIfAny();
  return schema;
}
