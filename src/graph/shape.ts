import type { Collected } from './collect.ts';
import type { GraphData } from './graph.ts';
import { handleOf, inclusion } from './resource.ts';

/** The groups in which a builder returned its resources: an id, or members by name. */
export type Shape = string | { readonly [key: string]: Shape };

const shapes = new WeakMap<GraphData, () => Shape>();

/** Remembers how to find the groups of a graph; only graphs that are included elsewhere are asked. */
export function rememberShape(graph: GraphData, shape: () => Shape): void {
  shapes.set(graph, shape);
}

/** The groups of what a builder returned. */
export function readShape(resources: unknown, { ids }: Collected): Shape {
  return read(resources, ids);
}

/** The groups of a graph; flat where it was not built by a builder. */
export function shapeOf(graph: GraphData): Shape {
  return shapes.get(graph)?.() ?? Object.fromEntries(graph.nodes.map(({ id }) => [id, id]));
}

function read(value: unknown, ids: Collected['ids']): Shape {
  const handle = handleOf(value);
  if (handle) return ids.get(handle) ?? '';
  const members = inclusion in (value as object) ? (value as { resources: object }).resources : (value as object);
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, read(member, ids)]));
}
