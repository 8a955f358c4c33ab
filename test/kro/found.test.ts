import { describe, expect, it } from 'vitest';
import { fromDefinition } from '../../src/kro/import.ts';
import { validate } from '../../src/kro/validate.ts';
import { render } from '../../src/testing/render.ts';

interface Found {
  readonly schema?: object;
  readonly resources: readonly object[];
  readonly spec?: object;
  readonly observed?: readonly object[];
  readonly expected: object;
}

const config = (name: string, more: object = {}): object => ({
  id: name,
  template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more },
});
const deployment = {
  id: 'web',
  template: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web' }] } },
    },
  },
};
const strings = { spec: { ids: '[]string', name: 'string' } };
const each = (...dimensions: readonly object[]): object => ({
  id: 'all',
  forEach: dimensions,
  template: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `x-${dimensions.map((dimension) => `\${${Object.keys(dimension)[0]}}`).join('-')}` },
    data: { name: '${schema.spec.name}' },
  },
});

/** What kro's runtime does, seen where ours once did something else. */
const cases: Readonly<Record<string, Found>> = {
  'a condition waits for data that an object does not have yet': {
    resources: [deployment, { ...config('after'), includeWhen: ['${web.status.readyReplicas == 1}'] }],
    expected: { state: 'IN_PROGRESS', skipped: [], pending: [{ id: 'after' }] },
  },
  'a condition that does not hold waits with the one behind it': {
    resources: [
      { ...deployment, readyWhen: ['${web.status.readyReplicas == 1}'] },
      { ...config('after'), includeWhen: ['${schema.metadata.name == "other"}', '${web.metadata.name == "web"}'] },
    ],
    expected: { state: 'IN_PROGRESS', skipped: [], pending: [{ id: 'after' }, { id: 'web' }] },
  },
  'a condition may be an optional': {
    resources: [
      { ...config('kept'), includeWhen: ['${optional.of(true)}'], readyWhen: ['${optional.of(true)}'] },
      { ...config('dropped'), includeWhen: ['${schema.metadata.name == "" ? optional.of(true) : optional.none()}'] },
    ],
    expected: { state: 'ACTIVE', skipped: ['dropped'], pending: [], objects: [{ metadata: { name: 'kept' } }] },
  },
  'an empty namespace is that of the instance': {
    resources: [config('empty', { metadata: { name: 'empty', namespace: '' } })],
    expected: { objects: [{ metadata: { name: 'empty', namespace: 'default' } }] },
  },
  'what all items share is waited for when there are none': {
    schema: strings,
    resources: [each({ id: '${schema.spec.ids}' })],
    spec: { ids: [] },
    expected: { state: 'IN_PROGRESS', pending: [{ id: 'all' }] },
  },
  'behind an empty dimension nothing is computed': {
    schema: { spec: { ids: '[]string', others: '[]string', name: 'string' } },
    resources: [each({ id: '${schema.spec.ids}' }, { other: '${schema.spec.others}' })],
    spec: { ids: [], name: 'a' },
    expected: { state: 'ACTIVE', pending: [], objects: [] },
  },
  'a list of the status has the items that are there, up to the last': {
    schema: { spec: { name: 'string' }, status: { list: ['${schema.metadata.name}', '${schema.spec.name}'] } },
    resources: [],
    expected: { status: { list: ['sample'] } },
  },
  'a list of the status with a hole keeps all of it from being written': {
    schema: {
      spec: { name: 'string' },
      status: { list: ['${schema.spec.name}', '${schema.metadata.name}'], other: '${schema.metadata.name}' },
    },
    resources: [config('made')],
    expected: {
      state: 'ERROR',
      status: {},
      objects: [{ metadata: { name: 'made' } }],
      error: {
        message: expect.stringMatching(
          /^status list\[0\]: has no value yet before one that has, .*Write the list as one expression/,
        ),
      },
    },
  },
  'a list of the status may have a hole where its items have no type': {
    schema: {
      spec: { any: 'object' },
      status: { list: ['${dyn(schema.spec.any.a)}', '${dyn(schema.metadata.name)}'] },
    },
    resources: [],
    spec: { any: {} },
    expected: { state: 'ACTIVE', status: { list: [null, 'sample'] } },
  },
  'null is dropped from objects of the status and kept in its lists': {
    schema: {
      status: {
        one: '${schema.metadata.name == "" ? dyn(null) : dyn(null)}',
        inner: { one: '${schema.metadata.name == "" ? dyn(null) : dyn(null)}' },
        list: ['${schema.metadata.name == "" ? dyn(null) : dyn(null)}', '${dyn(schema.metadata.name)}'],
      },
    },
    resources: [],
    expected: { status: { inner: {}, list: [null, 'sample'] } },
  },
  'of conditions with the same type none is left': {
    schema: {
      status: {
        conditions: ['schema.metadata.name', '"Up"', 'schema.metadata.name + ""'].map(
          (type) => `\${runtime.newCondition({type: ${type}, status: "True"})}`,
        ),
      },
    },
    resources: [],
    expected: {
      state: 'ERROR',
      status: { conditions: [{ type: 'Up', status: 'True' }] },
      error: { message: expect.stringContaining('status conditions: duplicate condition type(s) sample dropped') },
    },
  },
  'a condition that fails is left out, and the state says it': {
    schema: {
      status: {
        conditions: [
          '${runtime.newCondition({type: "Sized", status: 1 / (size(schema.metadata.name) - 6) == 0 ? "True" : "False"})}',
          '${runtime.newCondition({type: "Up", status: "True", message: runtime.condition(schema, "ResourcesReady").message})}',
        ],
      },
    },
    resources: [],
    expected: {
      state: 'ERROR',
      status: { conditions: [{ type: 'Up', status: 'True', message: 'all resources are created and ready' }] },
      error: { message: expect.stringContaining('status conditions[0]: division by zero') },
    },
  },
  'a part of the status without expressions is not written': {
    schema: { status: { name: '${schema.metadata.name}', empty: {}, none: [] } },
    resources: [],
    expected: { status: { name: 'sample' } },
  },
};

const definitionOf = ({ schema, resources }: Pick<Found, 'schema' | 'resources'>): object => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'found' },
  spec: { schema: { apiVersion: 'v1', kind: 'Found', ...schema }, resources },
});

describe('what the comparison with kro found', () => {
  it.each(Object.entries(cases))('%s', (_, { spec = {}, observed = [], expected, ...found }) => {
    const instance = { apiVersion: 'kro.run/v1', kind: 'Found', metadata: { name: 'sample' }, spec };
    expect(render([definitionOf(found)], instance, { observed })).toMatchObject(expected);
  });

  it('a field of a CustomResourceDefinition that is a number or a text needs no more words', () => {
    const size = { 'x-kubernetes-int-or-string': true };
    const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties: { size } } } };
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'sizes.example.com' },
      spec: {
        group: 'example.com',
        names: { kind: 'Size', plural: 'sizes' },
        scope: 'Namespaced',
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
      },
    };
    const template = { apiVersion: 'example.com/v1', kind: 'Size', metadata: { name: 'a' }, spec: { size: 1 } };
    const [verdict] = validate([definitionOf({ resources: [{ id: 'size', template }] })], { crds: [crd] });
    expect(verdict?.errors).toEqual([]);
  });

  it.each([
    ['bare labels', { app: 'x' }, /unknown field "app"/],
    ['a label that is none', { matchLabels: { app: 'no label' } }, /"no label" is no value/],
    ['an operator that is none', { matchExpressions: [{ key: 'app', operator: 'Near' }] }, /"Near" is no operator/],
  ])('a computed selector with %s', (_, selector, expected) => {
    const externalRef = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { selector: '${schema.spec.selector}' } };
    const definition = definitionOf({
      schema: { spec: { selector: 'object' } },
      resources: [{ id: 'some', externalRef }],
    });
    const instance = { apiVersion: 'kro.run/v1', kind: 'Found', metadata: { name: 'sample' }, spec: { selector } };
    expect(render([definition], instance).error?.message).toMatch(expected);
  });

  it('a set of lists', () => {
    const definition = definitionOf({ schema: { spec: { a: '[][]string | uniqueItems=true' } }, resources: [] });
    expect(validate([definition])[0]?.errors).toEqual([]);
  });

  it('a test of a test', () => {
    const condition = '${has(has(schema.spec.a)) ? true : false}';
    const resources = [{ ...config('some'), includeWhen: [condition] }];
    expect(validate([definitionOf({ schema: { spec: { a: 'string' } }, resources })])[0]?.errors).toEqual([]);
  });

  it('a rule that compares a number with a whole one', () => {
    const definition = definitionOf({ schema: { spec: { a: 'float | validation="self > 0"' } }, resources: [] });
    expect(validate([definition])[0]?.errors).toEqual([]);
  });

  it('an object without a namespace in an instance without one', () => {
    const resources = [config('lost', { metadata: { name: 'lost', namespace: '${schema.spec.name}' } })];
    const definition = definitionOf({ schema: { scope: 'Cluster', spec: { name: 'string' } }, resources });
    const instance = { apiVersion: 'kro.run/v1', kind: 'Found', metadata: { name: 'sample' }, spec: { name: '' } };
    const { error } = render([definition], instance);
    expect(error?.message).toMatch(/lost metadata\.namespace: the object has no namespace/);
  });

  it.each([
    ['a time', 'timestamp("2026-01-02T03:04:05Z")', { type: 'string', format: 'date-time' }],
    ['null', 'schema.metadata.name == "" ? null : null', { 'x-kubernetes-preserve-unknown-fields': true }],
    ['an optional', 'schema.metadata.?name', { description: 'unknown CEL type: optional_type(string)' }],
  ])('the field of the status for %s', (_, text, expected) => {
    const value = text.includes('schema') ? text : `schema.metadata.name == "" ? ${text} : ${text}`;
    const definition = definitionOf({ schema: { status: { field: `\${${value}}` } }, resources: [] });
    expect(fromDefinition(definition).statusSchema).toMatchObject({ properties: { field: expected } });
  });
});
