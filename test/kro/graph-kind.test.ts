import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { parse } from '../../src/expr/parse.ts';
import { identifiers } from '../../src/expr/references.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { type GraphObject, type GraphObjectNode, toGraphObject } from '../../src/kro/graph-kind.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { type GraphCase, inNamespace } from '../cases/graph-case.ts';
import { graphCases } from '../cases/graphs.ts';

const experimental = true;
const kinds = ['template', 'ref', 'def'] as const;
const modifiers = ['includeWhen', 'readyWhen', 'forEach'];
const reserved =
  'apiVersion kind metadata namespace spec status graph graphengine kro each item items object self this context'.split(
    ' ',
  );

/** What kro's published design says of `spec.nodes`. */
function designProblems({ spec: { nodes } }: GraphObject): string[] {
  const ids = nodes.map(({ id }) => id);
  const problems = nodes.length === 0 ? ['there are no nodes'] : [];
  if (new Set(ids).size < ids.length) problems.push('an id is there twice');
  for (const node of nodes) {
    const { id } = node;
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(id) || reserved.includes(id)) problems.push(`${id} is no id`);
    if (kinds.filter((kind) => node[kind] !== undefined).length !== 1) problems.push(`${id} is not exactly one thing`);
    const others = Object.keys(node).filter((key) => ![...kinds, ...modifiers, 'id'].includes(key));
    if (others.length > 0) problems.push(`${id} has ${others.join()}`);
    if (node.ref && node.forEach) problems.push(`${id} is a ref with forEach`);
    const variables = new Set([...ids, 'each', ...(node.forEach ?? []).flatMap((dimension) => Object.keys(dimension))]);
    for (const name of namesIn(node)) if (!variables.has(name)) problems.push(`${id} names ${name}`);
  }
  return problems;
}

/** Names that the expressions of a node refer to; one that is not closed is an error. */
function namesIn(node: GraphObjectNode): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string')
      for (const text of expressions(value)) for (const name of identifiers(parse(text))) names.add(name);
    else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) visit(field);
  };
  visit(node);
  names.delete('optional');
  return names;
}

function expressions(text: string): string[] {
  const found: string[] = [];
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', start)) {
    let depth = 0;
    let quoted = false;
    let end = start + 1;
    for (; end < text.length; end++) {
      if (text[end] === '\\' && quoted) end++;
      else if (text[end] === '"') quoted = !quoted;
      else if (!quoted && text[end] === '{') depth++;
      else if (!quoted && text[end] === '}' && --depth === 0) break;
    }
    if (end >= text.length) throw new Error(`not closed: ${text}`);
    found.push(text.slice(start + 2, end));
    start = end;
  }
  return found;
}

/** Whether something waits for the `readyWhen` of something else. */
const gates = ({ graph: { nodes } }: GraphCase): boolean =>
  nodes.some(
    ({ id, readyWhen }) => readyWhen.length > 0 && nodes.some(({ dependencies }) => dependencies.includes(id)),
  );
const other = new Set(['has instances without a namespace', 'has conditions of its own']);

describe('an object of kind Graph (experimental)', () => {
  const cases = graphCases.filter((one) => !gates(one)).filter(({ skip, name }) => !skip?.kro && !other.has(name));
  it.each(cases.map((one) => [one.name, one] as const))('is by the design for a graph that %s', (_, one) => {
    const spec = prepareValues(one.graph, inNamespace(one.values, 'prod'));
    const options = { experimental, featureGates: one.featureGates } as const;
    const object = toGraphObject(one.graph, { name: 'app', namespace: 'prod', spec }, options);
    expect(designProblems(object)).toEqual([]);
  });

  it('has no schema and no instance: values are written out, what they leave out is gone', () => {
    const graph = toResourceGraph(
      {
        name: 'app',
        apiVersion: 'a.b/v1',
        kind: 'App',
        spec: type({ size: 'number.integer', cache: 'boolean' }),
        status: type({ name: 'string', size: 'number.integer' }),
      },
      ({ spec, metadata }) => {
        const config = core.v1.ConfigMap({ metadata: { name: metadata.name }, data: { size: spec.size.toText() } });
        const reader = core.v1.ConfigMap({ metadata: { name: 'reader' }, data: { from: config.metadata.name } });
        const cache = core.v1.ConfigMap({ metadata: { name: 'cache' } }, { includeWhen: spec.cache });
        return { config, reader, cache };
      },
      ({ spec }, { config }) => ({ name: config.metadata.name, size: spec.size }),
    );
    const instance = { name: 'blue', namespace: 'prod', spec: { size: 3, cache: false } };
    expect(toGraphObject(graph, instance, { experimental, serviceAccountName: 'deployer' })).toEqual({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name: 'blue', namespace: 'prod' },
      spec: {
        serviceAccountName: 'deployer',
        nodes: [
          {
            id: 'config',
            template: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'blue', namespace: 'prod' },
              data: { size: '3' },
            },
          },
          {
            id: 'reader',
            template: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'reader', namespace: 'prod' },
              data: { from: '${config.metadata.name}' },
            },
          },
          { id: 'outputs', def: { name: '${config.metadata.name}', size: 3 } },
        ],
      },
    });
  });

  it.each(
    graphCases
      .filter(gates)
      .map(
        ({ name }) =>
          [
            name,
            /readyWhen: gates nothing in kind Graph, and .* waits? for it\. Use a ResourceGraphDefinition\./,
          ] as const,
      )
      .concat([
        ['has instances without a namespace', /scope: kind Graph is namespaced/],
        ['has conditions of its own', /conditions: kind Graph keeps its own conditions/],
      ]),
  )('refuses what would mean something else: a graph that %s', (name, message) => {
    const one = graphCases.find((candidate) => candidate.name === name) as (typeof graphCases)[number];
    const spec = prepareValues(one.graph, inNamespace(one.values, 'prod'));
    expect(() => toGraphObject(one.graph, { name: 'app', namespace: 'prod', spec }, { experimental })).toThrow(message);
  });
});
