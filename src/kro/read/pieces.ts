import { defaultGroup } from '../api.ts';
import type { Manifest } from './source.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** A ResourceGraphDefinition taken apart, with the defaults of its API filled in. The parts are not checked. */
export interface Pieces {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly spec: Fields;
  readonly types: Fields;
  readonly status: Fields;
  readonly schema: Fields;
  readonly resources: readonly ResourcePieces[];
  readonly manifest: Manifest;
}

export interface ResourcePieces {
  readonly id: string;
  readonly index: number;
  readonly template: Fields | undefined;
  readonly externalRef: Fields | undefined;
  readonly readyWhen: readonly string[];
  readonly includeWhen: readonly string[];
  readonly forEach: readonly Readonly<Record<string, string>>[];
}

/** Takes a definition apart that has the shape of its API. */
export function piecesOf(manifest: Manifest): Pieces {
  const spec = fieldsOf(manifest.object['spec']);
  const schema = fieldsOf(spec['schema']);
  return {
    name: text(fieldsOf(manifest.object['metadata'])['name']),
    group: schema['group'] === undefined ? defaultGroup : text(schema['group']),
    version: text(schema['apiVersion']),
    kind: text(schema['kind']),
    scope: schema['scope'] === 'Cluster' ? 'Cluster' : 'Namespaced',
    spec: fieldsOf(schema['spec']),
    types: fieldsOf(schema['types']),
    status: fieldsOf(schema['status']),
    schema,
    resources: listOf(spec['resources']).map((resource, index) => resourcePieces(fieldsOf(resource), index)),
    manifest,
  };
}

function resourcePieces(resource: Fields, index: number): ResourcePieces {
  return {
    id: text(resource['id']),
    index,
    template: optionalFields(resource['template']),
    externalRef: optionalFields(resource['externalRef']),
    readyWhen: listOf(resource['readyWhen']) as string[],
    includeWhen: listOf(resource['includeWhen']) as string[],
    forEach: listOf(resource['forEach']) as Record<string, string>[],
  };
}

export function fieldsOf(value: unknown): Fields {
  return optionalFields(value) ?? {};
}

function optionalFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
