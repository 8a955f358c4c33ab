import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph, type Graph, type SchemaRef } from '../../src/graph/graph.ts';
import { forEach } from '../../src/graph/resource.ts';
import { core, fromEnv, fromFile } from '../../src/k8s/index.ts';
import { toDefinition } from '../../src/kro/definition.ts';
import { secretPaths, splitSecrets } from '../../src/kro/secrets.ts';

const spec = type({ name: 'string', password: 'string', regions: 'string[]', on: 'boolean' });
type Schema = SchemaRef<typeof spec.infer>;

function build(resources: (schema: Schema) => object, kind = 'App'): Graph {
  return toResourceGraph(
    { name: kind.toLowerCase(), apiVersion: 'example.com/v1', kind, spec, status: type('object') },
    resources as never,
  ) as Graph;
}

const secret = (body: object, options: object = {}) => core.v1.Secret({ metadata: { name: 'db' }, ...body }, options);

describe('splitSecrets', () => {
  it.each([
    ['literal data', { data: { a: 'c2VjcmV0' } }],
    ['literal text', { stringData: { a: 'secret' } }],
    ['an environment variable', { stringData: { a: fromEnv('A') } }],
    ['a file', { data: { a: fromFile('a.txt') } }],
    ['a literal that was written as CEL', { stringData: { a: Cel.expr`"sec" + "ret"` } }],
    ['a literal fallback', { stringData: { a: Cel.expr`schema.spec.on ? "secret" : schema.spec.password` } }],
    ['a literal beside a value of the spec', { stringData: { a: 'secret', b: Cel.expr`schema.spec.password` } }],
  ])('takes out %s', (_name, body) => {
    const graph = build(() => ({ db: secret(body) }));
    const { nodes, secrets } = splitSecrets(graph);
    expect(secrets).toEqual([graph.nodes[0]]);
    expect(nodes).toMatchObject([{ id: 'db', external: 'name', template: { metadata: { name: 'db' } } }]);
    expect(JSON.stringify(toDefinition(graph))).not.toMatch(/secret"|c2VjcmV0|fromEnv/);
  });

  it.each([
    ['values of the spec', { stringData: { a: Cel.expr`schema.spec.password` } }],
    ['text around values of the spec', { stringData: { a: Cel.expr`"https://" + schema.spec.name` } }],
    ['no data', { type: 'kubernetes.io/service-account-token' }],
  ])('leaves a Secret with %s', (_name, body) => {
    expect(splitSecrets(build(() => ({ db: secret(body) }))).secrets).toEqual([]);
  });

  it('keeps references to it, its namespace, its conditions and its readiness', () => {
    const graph = build(({ spec: values }) => {
      const db = core.v1.Secret(
        {
          metadata: { name: Cel.template`${values.name}-db`, namespace: values.name, labels: { a: 'b' } },
          data: { a: 'c2VjcmV0' },
        },
        { includeWhen: values.on, keep: true, readyWhen: (self) => self.metadata.name.ne('') },
      );
      return { db, user: core.v1.ConfigMap({ metadata: { name: 'user' }, data: { secret: db.metadata.name } }) };
    });
    expect(toDefinition(graph).spec.resources).toEqual([
      {
        id: 'db',
        includeWhen: ['${schema.spec.on}'],
        readyWhen: ['${db.metadata.name != ""}'],
        externalRef: {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: '${schema.spec.name}-db', namespace: '${schema.spec.name}' },
        },
      },
      {
        id: 'user',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'user' },
          data: { secret: '${db.metadata.name}' },
        },
      },
    ]);
  });

  it('refuses literal data beside data of a resource', () => {
    const graph = build(() => {
      const config = core.v1.ConfigMap({ metadata: { name: 'c' }, data: { host: 'h' } });
      return { config, db: secret({ stringData: { a: 'secret', host: Cel.field(config.data, 'host') } }) };
    });
    expect(() => splitSecrets(graph)).toThrow(/^db stringData.host: reads config, .* two Secrets\.$/);
  });

  it('refuses a collection with literal data', () => {
    const graph = build(({ spec: values }) => ({
      db: forEach(values.regions, (region) =>
        core.v1.Secret({ metadata: { name: region }, stringData: { a: 'secret' } }),
      ),
    }));
    expect(() => toDefinition(graph)).toThrow(/^db forEach: a Secret with literal data is applied before/);
  });

  it('finds the Secrets of included graphs and of instances', () => {
    const part = build(() => ({ db: secret({ data: { a: 'c2VjcmV0' } }) }), 'Part');
    const values = { name: 'n', password: 'p', regions: [], on: true };
    const whole = build(
      () => ({
        inlined: part.include(values),
        own: part.instance(values, { name: 'part', namespace: 'other' }),
      }),
      'Whole',
    );
    expect(secretPaths(whole)).toEqual(['inlinedDb', 'own/db']);
    expect(toDefinition(whole).spec.resources).toMatchObject([
      { id: 'inlinedDb', externalRef: {} },
      { id: 'own', template: { kind: 'Part' } },
    ]);
  });
});
