import { edges, toDot, toMermaid } from './diagram.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `graph`: the resources and what they need first, as text for a diagram. */
export const graphVerb: Verb = {
  name: 'graph',
  summary: 'shows resources and their dependencies as Mermaid or DOT text',
  examples: ['graph', 'graph --format dot'],
  operand: 'stack',
  environment: 'none',
  options: [
    { flags: '--format <format>', text: 'language of the text', choices: ['mermaid', 'dot'], default: 'mermaid' },
  ],
  run: runGraph,
};

function runGraph({ stacks, flags }: Call): Promise<Outcome> {
  const graphs = stacks.flatMap((stack) => stack.graphs);
  const draw = flags['format'] === 'dot' ? toDot : toMermaid;
  const document = {
    graphs: graphs.map((graph) => ({
      graph: graph.name,
      nodes: graph.nodes.map(({ id, apiVersion, kind, external }) => ({
        id,
        apiVersion,
        kind,
        external: external !== undefined,
      })),
      edges: edges(graph).map(([from, to]) => ({ from, to })),
      text: draw(graph),
    })),
  };
  return Promise.resolve({ document, text: graphs.map(draw).join('\n') });
}
