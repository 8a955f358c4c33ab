import type { JsonSchema } from '../schema/json-schema.ts';

/** What a graph that was read from a ResourceGraphDefinition keeps of it, as a graph has no other place for it. */
export interface DefinitionOrigin {
  /** The SimpleSchema as it was written, valid while the graph's schema is still `json`. */
  readonly simpleSchema?: {
    readonly spec: Readonly<Record<string, unknown>>;
    readonly types?: Readonly<Record<string, unknown>>;
  };
  readonly json: JsonSchema;
  /** Labels and annotations of the definition itself, and its name where it is another than the graph's. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
