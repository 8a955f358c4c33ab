import { expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { validateGraph } from '../../src/kro/validate-graph.ts';
import { type } from 'arktype';
import { graphCases } from '../cases/graphs.ts';

it.each(graphCases.filter(({ skip }) => !skip?.kro).map((one) => [one.name, one] as const))(
  'kro accepts what is emitted for a graph that %s',
  (_, { graph, featureGates = [] }) => {
    expect(validateGraph(graph, { featureGates })).toEqual([]);
  },
);

it('an error of kro has the line of the resource in the stack', () => {
  const graph = toResourceGraph(
    { name: 'app', apiVersion: 'a.b/v1', kind: 'App', spec: type({ a: 'string' }) },
    () => ({
      config: core.v1.ConfigMap({
        metadata: { name: 'x', labels: { 'a/b': 'c' } },
        data: { a: Cel.expr<string>('schema.spec.a') },
      }),
    }),
  );
  const [node] = graph.nodes;
  const broken = {
    ...graph,
    nodes: [{ ...node, apiVersion: 'v1', kind: 'ConfigMap', template: { ...node?.template, data: { a: 7 } } }],
  };
  expect(validateGraph(broken as never)).toEqual([
    {
      code: 'LiteralType',
      graph: 'app',
      resource: 'config',
      message: expect.stringContaining('expected string type for path data.a, got integer'),
      path: 'spec.resources[0].template.data.a',
      source: expect.stringMatching(/emitted\.test\.ts:\d+/),
    },
  ]);
});
