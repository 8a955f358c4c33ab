import { type } from 'arktype';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { apps, core, external } from '../../src/k8s/index.ts';
import { api, configMap, entry, type GraphCase } from './graph-case.ts';

const nothing = type({});

const statusLevels = toResourceGraph(
  {
    ...api('StatusLevels'),
    spec: type({ name: 'string' }),
    status: type({
      name: 'string',
      nested: type({ url: 'string', port: 'number.integer', 'deeper?': { list: 'string[]', on: 'boolean' } }),
      constants: type({
        text: 'string',
        integer: 'number.integer',
        float: 'number',
        flag: 'boolean',
        none: 'string[]',
        list: 'number.integer[]',
        objects: type({ name: 'string', 'port?': 'number.integer' }).array(),
      }),
      'absent?': { one: 'string' },
    }),
  },
  ({ spec }) => ({ config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { name: spec.name } }) }),
  ({ spec }, { config }) => ({
    name: entry(config, 'name'),
    nested: {
      url: Cel.template`https://${spec.name}`,
      port: 443,
      deeper: { list: [spec.name, 'fixed'], on: spec.name.eq('app') },
    },
    constants: {
      text: 'a ${b} "c"',
      integer: 8080,
      float: 1.5,
      flag: true,
      none: [],
      list: [1, 2],
      objects: [{ name: 'x', port: 1 }, { name: spec.name }],
    },
    absent: { one: entry(config, 'missing') },
  }),
);

const wholeLists = toResourceGraph(
  {
    ...api('WholeLists'),
    spec: nothing,
    status: type({
      'parts?': type({ name: 'string', 'port?': 'string' }).array(),
      whole: type({ name: 'string' }).array(),
    }),
  },
  () => ({ config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { a: 'b' } }) }),
  (_schema, { config }) => ({
    parts: [{ name: 'x' }, { name: config.metadata.name, port: entry(config, 'missing') }],
    whole: [{ name: config.metadata.name }],
  }),
);

const groups = toResourceGraph(
  { ...api('NestedGroups'), spec: type({ image: 'string' }), status: type({ name: 'string' }) },
  ({ spec }) => {
    const make = (name: string) => {
      const config = core.v1.ConfigMap({ metadata: { name }, data: { image: spec.image } });
      return {
        config,
        copy: core.v1.ConfigMap({ metadata: { name: `${name}-copy` }, data: { from: config.metadata.name } }),
      };
    };
    return {
      orders: make('orders'),
      shop: { front: make('front') },
      plain: core.v1.ConfigMap({ metadata: { name: 'plain' }, data: { a: 'b' } }),
    };
  },
  (_schema, { shop }) => ({ name: entry(shop.front.copy, 'from') }),
);

const part = (kind: string) =>
  toResourceGraph(
    {
      ...api(kind),
      spec: type({ color: 'string', 'size?': 'number.integer' }),
      status: type({ summary: 'string', 'where?': 'string' }),
    },
    ({ spec, metadata }) => {
      const main = core.v1.ConfigMap({
        metadata: { name: Cel.template`${metadata.name}-main` },
        data: { color: spec.color, size: spec.size.orElse(1).toText() },
      });
      const extra = core.v1.ConfigMap(
        { metadata: { name: Cel.template`${metadata.name}-extra` }, data: { main: main.metadata.name } },
        { includeWhen: spec.size.orElse(1).gt(1) },
      );
      return { main, extra };
    },
    ({ metadata }, { main }) => ({
      summary: Cel.template`${entry(main, 'color')} ${entry(main, 'size')}`,
      where: metadata.namespace,
    }),
  );

const included = part('IncludedPart');
const including = toResourceGraph(
  { ...api('IncludingWhole'), spec: type({ color: 'string' }), status: type({ left: 'string', right: 'string' }) },
  ({ spec }) => {
    const left = included.include({ color: spec.color, size: 2 }, { name: 'left' });
    const right = included.include({ color: 'blue' }, { name: 'right' });
    const both = core.v1.ConfigMap({
      metadata: { name: 'both' },
      data: { left: left.status.summary, right: right.status.summary },
    });
    return { left, right, both };
  },
  (_schema, { left, right }) => ({ left: left.status.summary, right: right.status.summary }),
);

const chained = part('ChainedPart');
const chain = toResourceGraph(
  { ...api('ChainedWhole'), spec: type({ color: 'string' }), status: type({ child: 'string' }) },
  ({ spec, metadata }) => {
    const child = chained.instance({ color: spec.color, size: 3 }, { name: Cel.template`${metadata.name}-child` });
    const after = core.v1.ConfigMap({ metadata: { name: 'after' }, data: { summary: child.status.summary } });
    return { child, after };
  },
  (_schema, { child }) => ({ child: child.status.summary }),
);

const secretGraph = toResourceGraph(
  { ...api('SecretKinds'), spec: type({ password: 'string', host: 'string' }), status: type({ name: 'string' }) },
  ({ spec, metadata }) => {
    const fromSpec = core.v1.Secret({ metadata: { name: 'from-spec' }, stringData: { password: spec.password } });
    const literal = core.v1.Secret({
      metadata: { name: Cel.template`${metadata.name}-literal` },
      data: { token: 'c2VjcmV0' },
    });
    const mixed = core.v1.Secret({
      metadata: { name: 'mixed' },
      stringData: { token: 'hidden', url: Cel.template`https://${spec.host}` },
    });
    const user = core.v1.ConfigMap({
      metadata: { name: 'user' },
      data: { secret: literal.metadata.name, other: mixed.metadata.name },
    });
    return { fromSpec, literal, mixed, user };
  },
  (_schema, { literal }) => ({ name: literal.metadata.name }),
);

const secretCopies = toResourceGraph(
  { ...api('SecretCopies'), spec: nothing, status: type({ key: 'string' }) },
  () => {
    const source = external(core.v1.Secret, { name: 'source' });
    const one = core.v1.Secret({ metadata: { name: 'one' }, data: { key: Cel.field<string>(source.data, 'key') } });
    const all = core.v1.Secret({ metadata: { name: 'all' }, data: source.data });
    const text = core.v1.ConfigMap({
      metadata: { name: 'text' },
      data: { key: Cel.string(Cel.field<string>(source.data, 'key')) },
    });
    return { source, one, all, text };
  },
  (_schema, { source }) => ({ key: Cel.string(Cel.field<string>(source.data, 'key')) }),
);

const namespaces = toResourceGraph(
  { ...api('OwnNamespace'), spec: nothing, status: type({ name: 'string' }) },
  ({ metadata }) => {
    const space = core.v1.Namespace({ metadata: { name: Cel.template`${metadata.namespace}-own` } });
    const inside = core.v1.ConfigMap({
      metadata: { name: 'inside', namespace: space.metadata.name },
      data: { a: 'b' },
    });
    return { space, inside };
  },
  (_schema, { space }) => ({ name: space.metadata.name }),
);

const recordChoice = toResourceGraph(
  {
    ...api('RecordChoice'),
    spec: type({ big: 'boolean', mounts: type({ name: 'string', path: 'string' }).array() }),
    status: nothing,
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: Cel.expr<Record<string, string>>`${spec.big} ? {"size": "big"} : {"size": "small", "extra": "1"}`,
    }),
    web: apps.v1.Deployment({
      metadata: { name: 'web' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'nginx',
                resources: Cel.expr<{
                  limits: Record<string, string>;
                }>`${spec.big} ? {"limits": {"cpu": "2"}} : {"limits": {"cpu": "1"}}`,
                volumeMounts: Cel.expr<never>`${spec.mounts}.map(m, {"name": dyn(m.name), "mountPath": m.path})`,
              },
            ],
            volumes: Cel.expr<never>`${spec.mounts}.map(m, {"name": dyn(m.name), "emptyDir": {}})`,
          },
        },
      },
    }),
  }),
);

export const compositionCases: readonly GraphCase[] = [
  {
    name: 'gives a status of every shape',
    graph: statusLevels,
    values: { name: 'app' },
    objects: { config: configMap('config', { name: 'app' }) },
    status: {
      name: 'app',
      nested: { url: 'https://app', port: 443, deeper: { list: ['app', 'fixed'], on: true } },
      constants: {
        text: 'a ${b} "c"',
        integer: 8080,
        float: 1.5,
        flag: true,
        none: [],
        list: [1, 2],
        objects: [{ name: 'x', port: 1 }, { name: 'app' }],
      },
    },
  },
  {
    name: 'gives a list of the status whole or not at all',
    graph: wholeLists,
    values: {},
    objects: { config: configMap('config', { a: 'b' }) },
    status: { whole: [{ name: 'config' }] },
  },
  {
    name: 'joins the ids of nested groups',
    graph: groups,
    values: { image: 'nginx' },
    objects: {
      ordersConfig: configMap('orders', { image: 'nginx' }),
      ordersCopy: configMap('orders-copy', { from: 'orders' }),
      shopFrontConfig: configMap('front', { image: 'nginx' }),
      shopFrontCopy: configMap('front-copy', { from: 'front' }),
      plain: configMap('plain', { a: 'b' }),
    },
    status: { name: 'front' },
  },
  {
    name: 'inlines another graph twice',
    graph: including,
    values: { color: 'red' },
    objects: {
      leftMain: configMap('left-main', { color: 'red', size: '2' }),
      leftExtra: configMap('left-extra', { main: 'left-main' }),
      rightMain: configMap('right-main', { color: 'blue', size: '1' }),
      both: configMap('both', { left: 'red 2', right: 'blue 1' }),
    },
    skipped: ['rightExtra'],
    status: { left: 'red 2', right: 'blue 1' },
    steps: [
      {
        name: 'a value changes',
        values: { color: 'green' },
        objects: {
          leftMain: configMap('left-main', { color: 'green', size: '2' }),
          leftExtra: configMap('left-extra', { main: 'left-main' }),
          rightMain: configMap('right-main', { color: 'blue', size: '1' }),
          both: configMap('both', { left: 'green 2', right: 'blue 1' }),
        },
        skipped: ['rightExtra'],
        status: { left: 'green 2', right: 'blue 1' },
      },
    ],
  },
  {
    name: 'makes an instance of another graph and reads its status',
    graph: chain,
    values: { color: 'red' },
    objects: {
      'child/main': configMap('sample-child-main', { color: 'red', size: '3' }),
      'child/extra': configMap('sample-child-extra', { main: 'sample-child-main' }),
      after: configMap('after', { summary: 'red 3' }),
    },
    status: { child: 'red 3' },
    steps: [
      {
        name: 'a value changes',
        values: { color: 'green' },
        objects: {
          'child/main': configMap('sample-child-main', { color: 'green', size: '3' }),
          'child/extra': configMap('sample-child-extra', { main: 'sample-child-main' }),
          after: configMap('after', { summary: 'green 3' }),
        },
        status: { child: 'green 3' },
      },
    ],
  },
  {
    name: 'keeps sensitive data out of the definition',
    graph: secretGraph,
    values: { password: 'p', host: 'h' },
    objects: {
      fromSpec: { kind: 'Secret', metadata: { name: 'from-spec' } },
      literal: { kind: 'Secret', metadata: { name: 'sample-literal' }, data: { token: 'c2VjcmV0' } },
      mixed: { kind: 'Secret', metadata: { name: 'mixed' } },
      user: configMap('user', { secret: 'sample-literal', other: 'mixed' }),
    },
    secrets: ['literal', 'mixed'],
    status: { name: 'sample-literal' },
  },
  {
    name: 'copies Secrets',
    graph: secretCopies,
    values: {},
    given: [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'source', namespace: 'NAMESPACE' },
        data: { key: 'aGVsbG8=' },
      },
    ],
    objects: {
      one: { kind: 'Secret', metadata: { name: 'one' }, data: { key: 'aGVsbG8=' } },
      all: { kind: 'Secret', metadata: { name: 'all' }, data: { key: 'aGVsbG8=' } },
      text: configMap('text', { key: 'hello' }),
    },
    status: { key: 'hello' },
  },
  {
    name: 'makes a namespace and something in it',
    graph: namespaces,
    values: {},
    objects: {
      space: { kind: 'Namespace', metadata: { name: 'NAMESPACE-own' } },
      inside: { kind: 'ConfigMap', metadata: { name: 'inside', namespace: 'NAMESPACE-own' }, data: { a: 'b' } },
    },
    status: { name: 'NAMESPACE-own' },
  },
  {
    name: 'writes records that stand for objects',
    graph: recordChoice,
    values: { big: true, mounts: [{ name: 'cache', path: '/cache' }] },
    objects: {
      config: configMap('config', { size: 'big' }),
      web: {
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          template: {
            spec: {
              containers: [
                { resources: { limits: { cpu: '2' } }, volumeMounts: [{ name: 'cache', mountPath: '/cache' }] },
              ],
              volumes: [{ name: 'cache', emptyDir: {} }],
            },
          },
        },
      },
    },
  },
];
