import { KubewrightError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';

/**
 * The graphs whose definitions a cluster needs for a graph: those of its instance nodes first, itself last, each once.
 *
 * @throws KubewrightError `KindClash` when two graphs of the chain have the same kind or the same name
 */
export function definitionsOf(graph: Graph): readonly Graph[] {
  const found = new Set<Graph>();
  const names = new Map<string, Graph>();
  const visit = (current: Graph): void => {
    if (found.has(current)) return;
    for (const { instanceOf } of current.nodes) if (instanceOf) visit(instanceOf);
    for (const name of [`name ${current.name}`, `kind ${current.kind}.${current.group}`]) {
      if (names.has(name)) throw clash(name, current);
      names.set(name, current);
    }
    found.add(current);
  };
  visit(graph);
  return [...found];
}

function clash(name: string, graph: Graph): KubewrightError {
  return new KubewrightError({
    code: 'KindClash',
    resource: `graph ${graph.name}`,
    message: `two different graphs have the ${name}`,
    hint: 'In one cluster each definition has its own name and kind: build the graph once and use it twice, or rename one.',
  });
}
