import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { definitionsOf } from '../../src/kro/chain.ts';
import { toInstance } from '../../src/kro/instance.ts';

const spec = type({ 'size?': 'number.integer' });

function build(kind: string, resources: () => object = () => ({}), name = kind.toLowerCase()): Graph {
  return toResourceGraph(
    { name, apiVersion: 'example.com/v1', kind, spec, status: type('object') },
    resources as never,
  ) as Graph;
}

describe('toInstance', () => {
  it('is an object of the kind', () => {
    expect(toInstance(build('App'), { name: 'one', namespace: 'team', spec: { size: 1 } })).toEqual({
      apiVersion: 'example.com/v1',
      kind: 'App',
      metadata: { name: 'one', namespace: 'team' },
      spec: { size: 1 },
    });
  });

  it('takes another kind, labels and annotations', () => {
    const parts = { name: 'one', labels: { a: 'b' }, annotations: { 'kro.run/reconcile': 'suspended' }, spec: {} };
    expect(toInstance(build('App'), parts, { definition: { kind: 'AppBlue' } })).toMatchObject({
      kind: 'AppBlue',
      metadata: { labels: { a: 'b' }, annotations: { 'kro.run/reconcile': 'suspended' } },
    });
  });

  it('refuses a name that is no value of a label', () => {
    expect(() => toInstance(build('App'), { name: 'x'.repeat(64), spec: {} })).toThrow(
      /^instance metadata\.name: has 64 characters.*at most 63\.$/,
    );
  });

  it.each([
    [
      { labels: { 'applyset.kubernetes.io/id': 'x' } },
      /^instance metadata\.labels\["applyset\.kubernetes\.io\/id"\]: belongs to kro/,
    ],
    [{ annotations: { 'internal.kro.run/x': 'y' } }, /belongs to kro/],
    [{ labels: { 'kro.run/reconcile': 'suspended' } }, /belongs to kro/],
  ])('refuses keys of kro: %j', (parts, message) => {
    expect(() => toInstance(build('App'), { name: 'one', spec: {}, ...parts })).toThrow(message);
  });
});

describe('definitionsOf', () => {
  const leaf = build('Leaf', () => ({ config: core.v1.ConfigMap({ metadata: { name: 'c' } }) }));
  const branch = build('Branch', () => ({ leaf: leaf.instance({}, { name: 'a' }) }));

  it('gives the graphs of instances first, each once', () => {
    const tree = build('Tree', () => ({
      one: branch.instance({}, { name: 'b' }),
      two: branch.instance({}, { name: 'c' }),
      leaf: leaf.instance({}, { name: 'd' }),
    }));
    expect(definitionsOf(tree).map(({ kind }) => kind)).toEqual(['Leaf', 'Branch', 'Tree']);
  });

  it('refuses two graphs of one kind or one name', () => {
    const other = build('Leaf', () => ({}), 'other-leaf');
    const clash = build('Tree', () => ({
      one: leaf.instance({}, { name: 'b' }),
      two: other.instance({}, { name: 'c' }),
    }));
    expect(() => definitionsOf(clash)).toThrow(
      /^graph other-leaf: two different graphs have the kind Leaf\.example\.com/,
    );
    const renamed = build('Twig', () => ({}), 'leaf');
    expect(() =>
      definitionsOf(
        build('Tree', () => ({
          one: leaf.instance({}, { name: 'b' }),
          two: renamed.instance({}, { name: 'c' }),
        })),
      ),
    ).toThrow(/the name leaf/);
  });
});
