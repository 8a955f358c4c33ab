import type { CelType } from '../../expr/types.ts';
import { celTypeOf } from '../../schema/cel-type.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { builtInKind, builtInKinds, kubernetesSchema, objectMetaSchema } from '../../schema/kubernetes-schema.ts';
import { fieldsOf } from '../read/pieces.ts';
import type { Manifest } from '../read/source.ts';
import { crdProblems } from './crds.ts';
import type { OpenApi } from './open-api.ts';
import { ownKinds } from './own-kinds.ts';

/** A kind that a cluster serves. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly schema: OpenApi;
  /** Nobody defined it: it may have any field. */
  readonly assumed?: boolean;
}

/** The CEL type of data with a schema of a kind, by the rules that kro has for the API server's OpenAPI. */
export function openApiType(schema: OpenApi, name: string): CelType {
  return celTypeOf(schema as JsonSchema, name);
}

/** The kinds that expressions and templates can name: Kubernetes' own, kro's own, and those of CustomResourceDefinitions. */
export class Kinds {
  readonly #custom = new Map<string, ServedKind>();
  readonly #groupVersions = new Set<string>();
  readonly #anyKind: boolean;

  /** @param anyKind takes a kind that nobody defines as one with any fields */
  constructor(crds: readonly Manifest[] = [], anyKind = false) {
    this.#anyKind = anyKind;
    for (const { group, kind, schema } of ownKinds)
      this.add({ apiVersion: `${group}/v1alpha1`, kind, namespaced: false, schema: withMetadata(schema) });
    for (const manifest of crds)
      if (crdProblems(manifest).length === 0) for (const kind of kindsOfCrd(manifest.object)) this.add(kind);
  }

  add(kind: ServedKind): void {
    this.#custom.set(`${kind.apiVersion} ${kind.kind}`, kind);
    this.#groupVersions.add(kind.apiVersion);
  }

  find(apiVersion: string, kind: string): ServedKind | undefined {
    const custom = this.#custom.get(`${apiVersion} ${kind}`);
    if (custom) return custom;
    const known = builtInKind(apiVersion, kind);
    const schema = known && kubernetesSchema(apiVersion, kind);
    if (schema) return { apiVersion, kind, namespaced: known.namespaced, schema };
    return this.#anyKind ? { apiVersion, kind, namespaced: true, schema: anything, assumed: true } : undefined;
  }

  servesVersion(apiVersion: string): boolean {
    return this.#groupVersions.has(apiVersion) || builtInKinds().some((kind) => kind.apiVersion === apiVersion);
  }
}

const anything: OpenApi = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** The served versions of a CustomResourceDefinition; nothing for what is none. */
function kindsOfCrd(object: Readonly<Record<string, unknown>>): ServedKind[] {
  const spec = fieldsOf(object['spec']);
  const kind = fieldsOf(spec['names'])['kind'];
  const versions = Array.isArray(spec['versions']) ? (spec['versions'] as unknown[]).map(fieldsOf) : [];
  if (typeof kind !== 'string') return [];
  return versions.flatMap((version) => {
    if (version['served'] !== true) return [];
    const schema = fieldsOf(fieldsOf(version['schema'])['openAPIV3Schema']) as OpenApi;
    return [
      {
        apiVersion: `${String(spec['group'])}/${String(version['name'])}`,
        kind,
        namespaced: spec['scope'] !== 'Cluster',
        schema: withMetadata(schema),
      },
    ];
  });
}

/** The API server publishes the fields that every object has with each kind. */
export function withMetadata(schema: OpenApi): OpenApi {
  const { properties } = schema;
  const own = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: objectMetaSchema() };
  return { ...schema, type: 'object', properties: { ...properties, ...own } };
}
