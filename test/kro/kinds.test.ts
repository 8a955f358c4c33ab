import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { validateGraph } from '../../src/kro/validate-graph.ts';
import { prepareValues } from '../../src/resolve/values.ts';
import { graphCases } from '../cases/graphs.ts';

const head = { name: 'app', apiVersion: 'example.com/v1', kind: 'App' } as const;
const nothing = (): object => ({});
const Spec = type({
  size: 'number.integer',
  'users?': type({ name: 'string' }).array(),
  'limits?': { 'cpu?': 'string' },
});

describe('a kind', () => {
  it('has its scope, names, columns, rules and conditions in the definition', () => {
    const graph = toResourceGraph(
      {
        ...head,
        spec: Spec,
        status: type({ name: 'string' }),
        scope: 'Cluster',
        shortNames: ['ap'],
        categories: ['all'],
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        metadata: { labels: { team: 'x' } },
        fields: {
          size: { immutable: true, validations: ['self > 0', 'self % 2 == 0'] },
          users: { listType: 'map', listMapKeys: ['name'] },
          'users[].name': { validations: 'self != "root"' },
          limits: { immutable: true },
        },
      },
      ({ spec }) => ({
        config: core.v1.ConfigMap({
          metadata: { name: 'config', namespace: 'default' },
          data: { size: spec.size.toText() },
        }),
      }),
      (_schema, { config }) => ({ name: config.metadata.name }),
      (schema) => [
        { type: 'Large', status: schema.spec.size.gt(3), message: Cel.template`size ${schema.spec.size}` },
        Cel.runtime.condition(schema, 'Ready'),
      ],
    );
    expect(toDefinition(graph).spec.schema).toEqual({
      apiVersion: 'v1',
      kind: 'App',
      group: 'example.com',
      scope: 'Cluster',
      shortNames: ['ap'],
      categories: ['all'],
      additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      metadata: { labels: { team: 'x' } },
      types: {
        Limits: { cpu: 'string' },
        User: { name: 'string | required=true validation="self != \\"root\\""' },
      },
      spec: {
        size: 'integer | required=true immutable=true validation="self > 0" validation="self % 2 == 0"',
        limits: 'Limits | immutable=true',
        users: '[]User | listType=map listMapKey="name"',
      },
      status: {
        name: '${config.metadata.name}',
        conditions: [
          '${runtime.newCondition({type: "Large", status: schema.spec.size > 3 ? "True" : "False", message: "size " + string(schema.spec.size)})}',
          '${runtime.condition(schema, "Ready")}',
        ],
      },
    });
    expect(validateGraph(graph)).toEqual([]);
  });

  it.each([
    [{ fields: { sise: {} } }, 'fields sise: the spec has no field sise. Did you mean "size"?'],
    [{ fields: { 'users[].nam': {} } }, 'fields users[].nam: the spec has no field nam. Did you mean "name"?'],
  ])('says what is wrong with its rules: %o', (parts, message) => {
    expect(() => toResourceGraph({ ...head, spec: Spec, ...parts }, nothing as never)).toThrow(message);
  });

  it('that is cluster-scoped has no namespace to inherit', () => {
    const build = (): unknown =>
      toResourceGraph({ ...head, spec: Spec, scope: 'Cluster' }, () => ({
        config: core.v1.ConfigMap({ metadata: { name: 'config' } }),
      }));
    expect(build).toThrow(
      /config metadata\.namespace: is missing: ConfigMap is namespaced, and the instance is cluster-scoped \(.*kinds\.test\.ts:\d+:\d+\)\. Name a namespace/,
    );
  });

  it.each([
    [
      [
        { type: 'A', status: true },
        { type: 'A', status: false },
      ],
      'status conditions[1]: declares A a second time. Give each its own type.',
    ],
    [{ type: 'A', status: true }, 'status conditions: the conditions builder has to return a list'],
    [['text'], "status conditions[0]: is no condition. Give { type: 'Available', status: … }."],
    [[{ status: true }], 'status conditions[0]: is no condition'],
  ])('says what is wrong with its conditions: %o', (conditions, message) => {
    expect(() =>
      toResourceGraph({ ...head, spec: Spec }, nothing as never, undefined, (() => conditions) as never),
    ).toThrow(message);
  });

  it('has its conditions in their place only', () => {
    const graph = toResourceGraph({ ...head, spec: Spec, status: type('object') }, nothing as never, () => ({
      conditions: [],
    }));
    expect(() => toDefinition(graph)).toThrow('Give your own in the last argument of toResourceGraph.');
  });
});

describe('values that break a rule are refused in both modes', () => {
  const { graph } = graphCases.find(
    ({ name }) => name === 'has a schema with every marker',
  ) as (typeof graphCases)[number];
  it.each([
    [{ size: 3 }, 'values of every-marker size: validation failed: self % 2 == 0'],
    [
      { size: 4, users: [{ name: 'ann' }, { name: 'root' }] },
      'values of every-marker users[1].name: validation failed: self != "root"',
    ],
  ])('%o', (values, message) => {
    expect(() => prepareValues(graph, values)).toThrow(message);
  });
});
