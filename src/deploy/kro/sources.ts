import type { Graph } from '../../graph/graph.ts';

/** kro names a resource in its messages by its id; behind them the lines of the stack that these come from. */
export function withSources(message: string, graph: Graph): string {
  const named = new Set(
    [...message.matchAll(/(?:node|resource|reference|resourceID:?|resource X:?) "?([a-z][a-zA-Z0-9]*)/g)].map(
      (match) => match[1],
    ),
  );
  const places = graph.nodes.flatMap(({ id, source }) => {
    const place = named.has(id) ? source() : undefined;
    return place === undefined || message.includes(place) ? [] : [`${id}: ${place}`];
  });
  return places.length === 0 ? message : `${message} (${places.join(', ')})`;
}
