import type { Graph, GraphNode } from '../graph/graph.ts';

/** A graph as text for Mermaid: resources as boxes, an arrow from each resource to what it needs first. */
export function toMermaid(graph: Graph): string {
  const lines = ['flowchart LR'];
  for (const node of graph.nodes) {
    const text = mermaidText(`${node.id}\n${describe(node)}`);
    lines.push(
      `  ${name(node.id)}${node.external ? `([${text}])` : node.forEach.length > 0 ? `[[${text}]]` : `[${text}]`}`,
    );
  }
  for (const [from, to] of edges(graph)) lines.push(`  ${name(from)} --> ${name(to)}`);
  return `${lines.join('\n')}\n`;
}

/** A graph as text for Graphviz. */
export function toDot(graph: Graph): string {
  const lines = [`digraph ${JSON.stringify(graph.name)} {`, '  rankdir=LR;', '  node [shape=box];'];
  for (const node of graph.nodes) {
    const style = node.external ? ', style=dashed' : node.forEach.length > 0 ? ', peripheries=2' : '';
    lines.push(`  ${JSON.stringify(node.id)} [label=${JSON.stringify(`${node.id}\n${describe(node)}`)}${style}];`);
  }
  for (const [from, to] of edges(graph)) lines.push(`  ${JSON.stringify(from)} -> ${JSON.stringify(to)};`);
  return `${[...lines, '}'].join('\n')}\n`;
}

/** From each resource to every resource that has to be there first. */
export function edges(graph: Graph): [string, string][] {
  return graph.nodes.flatMap((node) => node.dependencies.map((id): [string, string] => [node.id, id]));
}

function describe({ kind, external, includeWhen }: GraphNode): string {
  const notes = [external && 'external', includeWhen.length > 0 && 'conditional'].filter(Boolean);
  return notes.length > 0 ? `${kind} (${notes.join(', ')})` : kind;
}

/** `end` and others are words of Mermaid itself. */
function name(id: string): string {
  return `n_${id}`;
}

function mermaidText(text: string): string {
  return `"${text.replaceAll('"', '#quot;').replaceAll('\n', '<br/>')}"`;
}
