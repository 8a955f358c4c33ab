import type { Expression } from '../expr/value.ts';
import type { JsonSchema } from '../schema/json-schema.ts';

/** What a graph that was read from a ResourceGraphDefinition keeps of it, as a graph has no other place for it. */
export interface DefinitionOrigin {
  /** Scope of the instances. */
  readonly scope: 'Namespaced' | 'Cluster';
  /** The SimpleSchema as it was written, valid while the graph's schema is still `json`. */
  readonly simpleSchema?: {
    readonly spec: Readonly<Record<string, unknown>>;
    readonly types?: Readonly<Record<string, unknown>>;
  };
  readonly json: JsonSchema;
  /** The author's conditions in the status. */
  readonly conditions: readonly Expression[];
  /** Fields of `spec.schema` that are handed on as they are: short names, categories, printer columns, metadata. */
  readonly schema: Readonly<Record<string, unknown>>;
  /** Labels and annotations of the definition itself, and its name where it is another than the graph's. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
