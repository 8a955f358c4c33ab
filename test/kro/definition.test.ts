import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import type { Inputs } from '../../src/expr/expression.ts';
import { toResourceGraph, type SchemaRef } from '../../src/graph/graph.ts';
import { forEach, type Resources } from '../../src/graph/resource.ts';
import { apps, core, external } from '../../src/k8s/index.ts';
import type { ResourceGraphDefinition } from '../../src/kro/api.ts';
import { toDefinition } from '../../src/kro/definition.ts';

const spec = type({
  name: 'string',
  count: 'number.integer = 1',
  on: 'boolean',
  regions: 'string[]',
  'note?': 'string',
});
type Spec = typeof spec.infer;

function define<R extends Resources>(
  resources: (schema: SchemaRef<Spec>) => R,
  status?: (schema: SchemaRef<Spec>, made: R) => Inputs<Record<string, unknown>>,
): ResourceGraphDefinition {
  return toDefinition(
    toResourceGraph(
      { name: 'app', apiVersion: 'example.com/v1alpha1', kind: 'App', spec, status: type('object') },
      resources as never,
      status as never,
    ),
  );
}

const config = (name: string, data: Inputs<Record<string, string>> = {}) =>
  core.v1.ConfigMap({ metadata: { name }, data });

describe('toDefinition', () => {
  it('names the API of the instances', () => {
    const { apiVersion, kind, metadata, spec: body } = define(() => ({}));
    expect({ apiVersion, kind, metadata }).toEqual({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'app' },
    });
    expect(body).toEqual({
      schema: {
        apiVersion: 'v1alpha1',
        kind: 'App',
        group: 'example.com',
        spec: {
          name: 'string | required=true',
          count: 'integer | default=1',
          on: 'boolean | required=true',
          regions: '[]string | required=true',
          note: 'string',
        },
      },
      resources: [],
    });
  });

  it('takes another name and kind', () => {
    const graph = toResourceGraph(
      { name: 'app', apiVersion: 'v1', kind: 'App', spec, status: type('object') },
      () => ({}),
    );
    const { metadata, spec: body } = toDefinition(graph, { definition: { name: 'app-blue', kind: 'AppBlue' } });
    expect(metadata.name).toBe('app-blue');
    expect(body.schema).toMatchObject({ kind: 'AppBlue', group: 'kro.run', apiVersion: 'v1' });
  });

  it('keeps the order of the resources', () => {
    const { resources } = define(() => {
      const first = config('first');
      return { last: config('last', { of: first.metadata.name }), first };
    }).spec;
    expect(resources.map(({ id }) => id)).toEqual(['last', 'first']);
  });

  it('writes references as expressions, everything else as it is', () => {
    const { resources } = define(({ spec: values }) => ({
      web: apps.v1.Deployment({
        metadata: { name: values.name },
        spec: {
          replicas: values.count,
          paused: false,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: { containers: [{ name: 'web', image: Cel.template`nginx:${values.count}` }] },
          },
        },
      }),
    })).spec;
    expect(resources[0]?.template).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: '${schema.spec.name}' },
      spec: {
        replicas: '${schema.spec.count}',
        paused: false,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'nginx:${string(schema.spec.count)}' }] },
        },
      },
    });
  });

  it('escapes text that looks like an expression', () => {
    const { resources } = define(({ spec: values }) => ({
      texts: config('texts', {
        plain: 'a ${b} c',
        all: '${x}',
        mixed: Cel.template`\${ ${values.name}`,
        not: '$x {y} $${',
      }),
    })).spec;
    expect(resources[0]?.template?.['data']).toEqual({
      plain: 'a ${"${"}b} c',
      all: '${"${"}x}',
      mixed: '${"${"} ${schema.spec.name}',
      not: '$x {y} $${"${"}',
    });
  });

  it('loosens records that stand for objects', () => {
    const { resources } = define(({ spec: values }) => ({
      one: config('one', Cel.expr<never>`${values.on} ? {"a": "b"} : {"c": "d"}`),
    })).spec;
    expect(resources[0]?.template?.['data']).toBe('${schema.spec.on ? {"a": dyn("b")} : {"c": dyn("d")}}');
  });

  it('spells types without their names, which kro takes for resources', () => {
    const { resources, schema } = define(
      ({ spec: values }) => ({
        one: config('one', { a: Cel.expr<string>`string(type(dyn(${values.count})) == int)` }),
      }),
      () => ({ same: Cel.expr`type("a") == string` }),
    ).spec;
    expect(resources[0]?.template?.['data']).toEqual({ a: '${string(type(dyn(schema.spec.count)) == type(0))}' });
    expect(schema.status).toEqual({ same: '${cel.bind(constant, schema.kind, type("a") == type(""))}' });
  });

  it('writes conditions', () => {
    const { resources } = define(({ spec: values }) => ({
      one: core.v1.Pod(
        { metadata: { name: 'one' }, spec: { containers: [] } },
        { includeWhen: [values.on, true, values.count.gt(1)], readyWhen: (self) => self.status.phase.eq('Running') },
      ),
    })).spec;
    expect(resources[0]).toMatchObject({
      includeWhen: ['${schema.spec.on}', '${schema.spec.count > 1}'],
      readyWhen: ['${one.status.phase == "Running"}'],
    });
  });

  it('waits for dependsOn with a condition that always holds, unless something refers to it already', () => {
    const { resources } = define(({ spec: values }) => {
      const one = config('one');
      const many = forEach(values.regions, (region) => config(Cel.template`x-${region}` as never));
      return {
        one,
        many,
        two: core.v1.ConfigMap(
          { metadata: { name: 'two' }, data: { one: one.metadata.name } },
          { dependsOn: [one, many] },
        ),
        three: core.v1.ConfigMap({ metadata: { name: 'three' } }, { dependsOn: one }),
      };
    }).spec;
    expect(resources.map(({ includeWhen }) => includeWhen)).toEqual([
      undefined,
      undefined,
      ['${size(many) >= 0}'],
      ['${one.metadata.name != ""}'],
    ]);
  });

  it('writes collections, the outermost dimension first', () => {
    const { resources } = define(({ spec: values }) => ({
      cells: forEach(
        values.regions,
        (region) =>
          forEach(['a', 'b'], (part) => config(Cel.template`${region}-${part}` as never), { as: 'part' }) as never,
        { as: 'region' },
      ),
    })).spec;
    expect(resources[0]).toMatchObject({
      forEach: [{ region: '${schema.spec.regions}' }, { part: '${["a", "b"]}' }],
      template: { metadata: { name: '${region}-${part}' } },
    });
  });

  it('writes what is read as external references', () => {
    const { resources } = define(({ spec: values }) => ({
      byName: external(core.v1.Service, { name: values.name, namespace: 'data' }),
      bySelector: external(core.v1.Pod, { selector: { matchLabels: { app: values.name } } }),
    })).spec;
    expect(resources).toEqual([
      {
        id: 'byName',
        externalRef: {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: '${schema.spec.name}', namespace: 'data' },
        },
      },
      {
        id: 'bySelector',
        externalRef: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { selector: { matchLabels: { app: '${schema.spec.name}' } } },
        },
      },
    ]);
  });

  it('gives every field of the status a reference', () => {
    const { schema } = define(
      () => ({ one: config('one') }),
      ({ spec: values }, { one }) => ({
        text: 'TCP', number: 8080, computed: Cel.expr`1 + 2`, url: Cel.template`https://${values.name}`,
        nested: { name: one.metadata.name, on: true }, list: [one.metadata.name, 'x'], objects: [{ name: values.name }], empty: {}, none: [],
      }),
    ).spec; // biome-ignore format: a table
    expect(schema.status).toEqual({
      text: '${cel.bind(constant, schema.kind, "TCP")}',
      number: '${cel.bind(constant, schema.kind, 8080)}',
      computed: '${cel.bind(constant, schema.kind, 1 + 2)}',
      url: 'https://${schema.spec.name}',
      nested: { name: '${one.metadata.name}', on: '${cel.bind(constant, schema.kind, true)}' },
      list: '${[one.metadata.name, "x"]}',
      objects: '${[{"name": schema.spec.name}]}',
      empty: '${cel.bind(constant, schema.kind, {})}',
      none: '${cel.bind(constant, schema.kind, [])}',
    });
  });

  it('is the same text each time', () => {
    const once = () =>
      JSON.stringify(define(({ spec: values }) => ({ one: config('one', { b: values.name, a: 'x' }) })));
    expect(once()).toBe(once());
  });
});
