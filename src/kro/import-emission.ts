import { printTemplate } from '../expr/print.ts';
import { define, Expression, isObject, type Value, type ValueObject } from '../expr/value.ts';
import type { GraphData, GraphNode } from '../graph/graph.ts';
import type { DefinitionOrigin } from '../graph/origin.ts';
import { type SimpleSchema, toSimpleSchema } from '../schema/simple-schema.ts';
import {
  type DefinitionResource,
  type Json,
  type JsonObject,
  kroApiVersion,
  type ResourceGraphDefinition,
} from './api.ts';
import type { DefinitionOptions } from './definition.ts';
import { hasNoValues } from './values.ts';

/**
 * The definition of a graph that was read from one: what kro accepted before is written as it was, without the rewriting
 * that graphs need which were not made for kro.
 */
export function writeImported(
  graph: GraphData,
  origin: DefinitionOrigin,
  { definition }: DefinitionOptions,
): ResourceGraphDefinition {
  const { scope, crd, conditions } = graph;
  const { metadata } = origin;
  const status = {
    ...writeObject(graph.status),
    ...(conditions.length > 0 && { conditions: conditions.map(writeExpression) }),
  };
  return {
    apiVersion: kroApiVersion,
    kind: 'ResourceGraphDefinition',
    metadata: { ...metadata, name: definition?.name ?? (metadata['name'] as string | undefined) ?? graph.name },
    spec: {
      schema: {
        apiVersion: graph.version,
        kind: definition?.kind ?? graph.kind,
        group: graph.group,
        ...(scope === 'Cluster' && { scope }),
        ...(crd as object),
        ...writeSpec(graph, origin),
        ...(Object.keys(status).length > 0 && { status }),
      },
      resources: graph.nodes.map(writeNode),
    },
  };
}

function writeSpec(graph: GraphData, { json, simpleSchema }: DefinitionOrigin): SimpleSchema {
  if (simpleSchema && graph.spec.json === json) return simpleSchema as SimpleSchema;
  return hasNoValues(graph) ? { spec: {} } : toSimpleSchema(graph.spec.json, `graph ${graph.name}`);
}

function writeNode({
  id,
  apiVersion,
  kind,
  template,
  external,
  includeWhen,
  readyWhen,
  forEach,
}: GraphNode): DefinitionResource {
  return {
    id,
    ...(includeWhen.length > 0 && { includeWhen: includeWhen.map(writeExpression) }),
    ...(readyWhen.length > 0 && { readyWhen: readyWhen.map(writeExpression) }),
    ...(forEach.length > 0 && { forEach: forEach.map(({ name, list }) => ({ [name]: writeExpression(list) })) }),
    ...(external
      ? { externalRef: { apiVersion, kind, metadata: writeObject(template['metadata'] as ValueObject) } }
      : { template: writeObject(template) }),
  };
}

function writeExpression({ node }: Expression): string {
  return printTemplate(node);
}

function writeObject(value: ValueObject): JsonObject {
  const result: Record<string, Json> = {};
  for (const key of Object.keys(value)) define(result, key, writeTree(value[key] as Value));
  return result;
}

function writeTree(value: Value): Json {
  if (value instanceof Expression) return writeExpression(value);
  if (typeof value === 'string')
    return value.includes('${') ? printTemplate({ kind: 'template', parts: [value] }) : value;
  if (Array.isArray(value)) return value.map(writeTree);
  return isObject(value) ? writeObject(value) : (value as Json);
}
