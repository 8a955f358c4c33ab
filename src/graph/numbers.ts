import type { Node } from '../expr/ast.ts';
import type { CelType } from '../expr/types.ts';
import { Expression, isObject, type Value } from '../expr/value.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { UncheckedGraph } from './check.ts';
import type { BoundNode } from './nodes.ts';
import { objectType } from './types.ts';

/**
 * The schema of the values, in which a `number` all of whose uses are integer fields is an `integer`: people write
 * `replicas: 'number'`, and kro refuses a float where a Deployment takes an integer.
 */
export function settleNumbers(graph: Pick<UncheckedGraph, 'spec' | 'nodes'>): JsonSchema {
  const { json } = graph.spec;
  if (!hasNumber(json)) return json;
  const uses = new Map<string, { integer: boolean; other: boolean }>();
  for (const node of graph.nodes) {
    if (!node.external) collectUses(node.template, objectType(node), { node, uses });
  }
  return settle(json, 'spec', uses);
}

function hasNumber(schema: JsonSchema): boolean {
  if (schema.type === 'number') return true;
  const parts = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return parts.some((part) => part !== undefined && hasNumber(part));
}

type Uses = Map<string, { integer: boolean; other: boolean }>;

function collectUses(value: Value, type: CelType, place: { node: BoundNode; uses: Uses }): void {
  if (value instanceof Expression) {
    const path = specPath(value.node, place.node);
    if (path === undefined || type.kind === 'dyn') return;
    const use = place.uses.get(path) ?? { integer: false, other: false };
    if (type.kind === 'int') use.integer = true;
    else use.other = true;
    place.uses.set(path, use);
  } else if (Array.isArray(value)) {
    const element = type.kind === 'list' ? type.element : dyn;
    for (const item of value) collectUses(item, element, place);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) collectUses(item, memberType(type, key), place);
  }
}

const dyn: CelType = { kind: 'dyn' };

function memberType(type: CelType, key: string): CelType {
  if (type.kind === 'struct') return type.field(key) ?? dyn;
  return type.kind === 'map' ? type.value : dyn;
}

/** `spec.services[].replicas` for a path into the values, also through a forEach variable; with a default, its path. */
function specPath(node: Node, owner: BoundNode): string | undefined {
  switch (node.kind) {
    case 'identifier': {
      if (node.name === 'schema') return '';
      const dimension = owner.forEach.find(({ name }) => name === node.name);
      const list = dimension && specPath(dimension.list.node, owner);
      return list === undefined ? undefined : `${list}[]`;
    }
    case 'select': {
      const operand = specPath(node.operand, owner);
      return operand === undefined ? undefined : operand === '' ? node.field : `${operand}.${node.field}`;
    }
    case 'index': {
      const operand = specPath(node.operand, owner);
      return operand === undefined ? undefined : `${operand}[]`;
    }
    case 'call':
      return node.function === 'orValue' && node.target ? specPath(node.target, owner) : undefined;
    default:
      return undefined;
  }
}

function settle(schema: JsonSchema, path: string, uses: Uses): JsonSchema {
  if (schema.type === 'number') {
    const use = uses.get(path);
    return use?.integer && !use.other ? { ...schema, type: 'integer' } : schema;
  }
  const properties =
    schema.properties &&
    Object.fromEntries(
      Object.entries(schema.properties).map(([key, part]) => [key, settle(part, `${path}.${key}`, uses)]),
    );
  return {
    ...schema,
    ...(properties && { properties }),
    ...(schema.items && { items: settle(schema.items, `${path}[]`, uses) }),
    ...(schema.additionalProperties && {
      additionalProperties: settle(schema.additionalProperties, `${path}[]`, uses),
    }),
  };
}
