import { type } from 'arktype';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { defineResource, forEach } from '../../src/graph/resource.ts';
import { resolve } from '../../src/resolve/resolve.ts';
import { simulate } from '../../src/testing/simulate.ts';

const Spec = type({
  name: 'string = "web"',
  replicas: 'number.integer = 1',
  public: 'boolean = false',
  regions: type('string[]').default(() => []),
  'note?': 'string',
});
const definition = { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec: Spec };
// biome-ignore lint/suspicious/noExplicitAny: bodies of any kind
const make =
  (kind: string, apiVersion: string) =>
  (name: unknown, body: object = {}, options: object = {}): any =>
    defineResource({ apiVersion, kind, namespaced: true, body: { metadata: { name }, ...body }, options });
const configMap = make('ConfigMap', 'v1');
const deployment = make('Deployment', 'apps/v1');
const service = make('Service', 'v1');

// biome-ignore lint/suspicious/noExplicitAny: results of any shape
type Case = {
  build: (schema: any) => any;
  status?: (schema: any, resources: any) => any;
  values?: object;
  observed?: object;
  expected: any;
};

const cases: Record<string, Case> = {
  'values and their defaults': {
    build: (s) => ({ web: deployment(s.spec.name, { spec: { replicas: s.spec.replicas } }) }),
    values: { replicas: 3 },
    expected: { objects: { web: { metadata: { name: 'web', namespace: 'team' }, spec: { replicas: 3 } } } },
  },
  'a reference waits until its target exists': {
    build: () => {
      const config = configMap('config');
      return {
        config,
        web: deployment('web', { spec: { template: { metadata: { labels: { config: config.metadata.name } } } } }),
      };
    },
    observed: {},
    expected: { objects: { config: {} }, pending: { web: 'waits for config: it does not exist yet' }, ready: [] },
  },
  'a reference reads the object that exists': {
    build: () => {
      const lb = service('lb', { spec: { type: 'LoadBalancer' } });
      return { lb, config: configMap('config', { data: { ip: lb.status.loadBalancer.ingress[0].ip } }) };
    },
    observed: { lb: { metadata: { name: 'lb' }, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } } },
    expected: { objects: { lb: {}, config: { data: { ip: '10.0.0.1' } } } },
  },
  'a reference to data that is not there yet waits': {
    build: () => {
      const lb = service('lb', { spec: { type: 'LoadBalancer' } });
      return { lb, config: configMap('config', { data: { ip: lb.status.loadBalancer.ingress[0].ip } }) };
    },
    observed: { lb: { metadata: { name: 'lb' }, status: { loadBalancer: {} } } },
    expected: {
      objects: { lb: {} },
      pending: { config: expect.stringMatching(/^data\.ip needs data that is not there yet/) },
    },
  },
  'readyWhen gates what refers to the resource': {
    // biome-ignore lint/suspicious/noExplicitAny: a reference of any type
    build: () => {
      const web = deployment(
        'web',
        { spec: { replicas: 1 } },
        { readyWhen: (self: any) => self.status.readyReplicas.eq(1) },
      );
      return { web, config: configMap('config', { data: { name: web.metadata.name } }) };
    },
    observed: { web: { metadata: { name: 'web' }, status: { readyReplicas: 0 } } },
    expected: {
      objects: { web: {} },
      pending: { config: expect.stringContaining('readyWhen does not hold: web.status.readyReplicas == 1') },
    },
  },
  'includeWhen leaves out what refers to the resource, too': {
    build: (s) => {
      const web = deployment('web', {}, { includeWhen: s.spec.public });
      return { web, config: configMap('config', { data: { name: web.metadata.name } }), other: configMap('other') };
    },
    expected: { objects: { other: {} }, skipped: ['web', 'config'] },
  },
  'a collection has an object for each item': {
    build: (s) => ({
      workers: forEach(s.spec.regions, (region) => deployment(Cel.template`worker-${region as never}`)),
    }),
    values: { regions: ['eu', 'us'] },
    expected: {
      objects: { 'workers[0]': { metadata: { name: 'worker-eu' } }, 'workers[1]': { metadata: { name: 'worker-us' } } },
    },
  },
  'an empty collection is ready': {
    build: (s) => ({
      workers: forEach(s.spec.regions, (region) => deployment(Cel.template`worker-${region as never}`)),
    }),
    expected: { objects: {}, ready: ['workers'] },
  },
  'two dimensions: the first is outermost': {
    build: (s) => ({
      cells: forEach(
        s.spec.regions,
        (a) => forEach(['x', 'y'], (b) => configMap(Cel.template`${a as never}-${b}`), { as: 'zone' }),
        { as: 'region' },
      ),
    }),
    values: { regions: ['eu', 'us'] },
    expected: {
      objects: {
        'cells[0]': { metadata: { name: 'eu-x' } },
        'cells[1]': { metadata: { name: 'eu-y' } },
        'cells[2]': { metadata: { name: 'us-x' } },
        'cells[3]': { metadata: { name: 'us-y' } },
      },
    },
  },
  'an absent status field is left out': {
    build: () => ({ web: deployment('web') }),
    status: (_s, { web }) => ({
      ready: web.status.readyReplicas.gt(0),
      replicas: web.status.readyReplicas.orElse(0),
      text: 'fixed',
    }),
    observed: { web: { metadata: { name: 'web' }, status: {} } },
    expected: { objects: { web: {} }, status: { replicas: 0, text: 'fixed' } },
  },
  'an optional value with a default': {
    build: (s) => ({
      config: configMap('config', {
        data: { note: s.spec.note.orElse('none'), name: s.metadata.name, namespace: s.metadata.namespace },
      }),
    }),
    expected: { objects: { config: { data: { note: 'none', name: 'web', namespace: 'team' } } } },
  },
  'a large number stays a number': {
    build: (s) => ({ web: deployment('web', { spec: { replicas: s.spec.replicas.times(2) } }) }),
    values: { replicas: 1_000_000 },
    expected: { objects: { web: { spec: { replicas: 2_000_000 } } } },
  },
};

const inner = toResourceGraph(
  { ...definition, name: 'inner', kind: 'Inner', status: type({ ip: 'string', label: 'string' }) },
  (s) => {
    const lb = service(s.spec.name, { spec: { type: 'LoadBalancer' } });
    return { lb, note: configMap('note', { data: { name: lb.metadata.name, note: s.spec.note.orElse('none') } }) };
  },
  (s, { lb }) => ({ ip: lb.status.loadBalancer.ingress[0].ip, label: Cel.template`${s.spec.name}!` }),
);
const outer =
  (use: (s: unknown, config: { metadata: { name: string } }) => object): Case['build'] =>
  (s) => {
    const config = configMap('config');
    return { config, ...use(s, config) };
  };
cases['an instance of a graph is made in place'] = {
  build: outer((_s, config) => ({
    shop: inner.instance({ name: config.metadata.name }, { name: 'shop', namespace: 'shop' }),
  })),
  expected: {
    objects: {
      config: {},
      'shop/lb': { metadata: { name: 'config', namespace: 'shop' } },
      'shop/note': { data: { name: 'config', note: 'none' } },
    },
  },
};
cases['the status of an instance is a reference'] = {
  build: () => {
    const shop = inner.instance({ name: 'x' }, { name: 'shop' });
    return { shop, config: configMap('config', { data: { ip: shop.status.ip, label: shop.status.label } }) };
  },
  observed: { 'shop/lb': { metadata: { name: 'x' }, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } } },
  expected: { objects: { 'shop/lb': {}, 'shop/note': {}, config: { data: { ip: '10.0.0.1', label: 'x!' } } } },
};
cases['an included graph is a group'] = {
  build: outer((s, config) => ({
    shop: inner.include(
      { name: config.metadata.name, note: (s as { metadata: { name: string } }).metadata.name },
      { namespace: 'shop' },
    ),
  })),
  expected: {
    objects: {
      config: {},
      shopLb: { metadata: { name: 'config', namespace: 'shop' } },
      shopNote: { data: { name: 'config', note: 'web' } },
    },
  },
};

describe('what a graph means', () => {
  for (const [name, { build, status, values = {}, observed, expected }] of Object.entries(cases)) {
    it(name, () => {
      const graph = toResourceGraph({ ...definition, ...(status && { status: type({}) }) }, build, status as never);
      const simulation = simulate(graph as never, values as never, {
        namespace: 'team',
        ...(observed && { observed: observed as never }),
      });
      expect(Object.keys(simulation.objects)).toEqual(Object.keys(expected.objects));
      expect(simulation).toMatchObject(expected);
    });
  }
});

describe('what waiting cannot heal', () => {
  const refusals: Record<string, [Case['build'], object, RegExp]> = {
    'two equal objects': [
      () => ({ a: configMap('same'), b: configMap('same') }),
      {},
      /b: is the same object as a: ConfigMap team\/same/,
    ],
    'two equal items': [
      (s) => ({ a: forEach(s.spec.regions, (region) => configMap(region)) }),
      { regions: ['eu', 'eu'] },
      /a\[1\]: is the same object as a\[0\]/,
    ],
    'a collection that is too large': [
      (s) => ({ a: forEach(s.spec.regions, (region) => configMap(region)) }),
      { regions: Array.from({ length: 1001 }, (_, i) => `r${i}`) },
      /makes 1001 objects, and kro makes at most 1000/,
    ],
    'wrong values': [
      () => ({ a: configMap('a') }),
      { replica: 1 },
      /values of web replica: is not a field of the schema.*replicas/,
    ],
    'a division by zero': [
      (s) => ({ a: deployment('a', { spec: { replicas: s.spec.replicas.dividedBy(s.spec.replicas.minus(1)) } }) }),
      {},
      /a spec\.replicas: .*divi/,
    ],
    'no name': [(s) => ({ a: configMap(s.spec.note.orElse('')) }), {}, /a metadata\.name: the object has no name/],
  };
  for (const [name, [build, values, message]] of Object.entries(refusals)) {
    it(name, () => {
      const graph = toResourceGraph(definition, build);
      expect(() => simulate(graph as never, values as never, { namespace: 'team' })).toThrow(message);
    });
  }
});

it('a status field says which resource it waits for', () => {
  const graph = toResourceGraph(
    { ...definition, status: type({ ready: 'boolean' }) },
    () => ({ web: deployment('web', {}) }),
    (_schema, { web }) => ({ ready: web.status.readyReplicas.gt(0) }),
  );
  const instance = { name: 'app', namespace: 'team', spec: {} };
  expect(resolve(graph as never, instance as never, new Map()).statusPending).toEqual([
    { field: 'ready', reason: 'web does not exist yet' },
  ]);
});
