import { identifier } from '../expr/nodes.ts';
import { makeRef } from '../expr/ref.ts';
import type { SchemaRef } from './graph.ts';

/** Metadata of an instance that expressions may read in both modes. */
export interface InstanceMetadata {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** The `schema` that builders are given. */
export function schemaReference<S>(): SchemaRef<S> {
  return makeRef(identifier('schema')) as unknown as SchemaRef<S>;
}
