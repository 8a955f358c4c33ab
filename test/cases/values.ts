import { type } from 'arktype';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { apps, core } from '../../src/k8s/index.ts';
import { api, configMap, type GraphCase } from './graph-case.ts';

const nothing = type({});

const numbers = toResourceGraph(
  {
    ...api('NumberKinds'),
    spec: type({ replicas: 'number.integer', ratio: 'number', port: 'number.integer' }),
    status: type({ double: 'number', sum: 'number.integer', half: 'number.integer' }),
  },
  ({ spec }) => ({
    web: apps.v1.Deployment({
      metadata: { name: 'web' },
      spec: {
        replicas: spec.replicas.minus(1),
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: spec.port }] }] },
        },
      },
    }),
    service: core.v1.Service({
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: spec.port }] },
    }),
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: {
        ratio: spec.ratio.toText(),
        rounded: spec.ratio.times(10).toInt().toText(),
        rest: spec.port.mod(10).toText(),
      },
    }),
  }),
  ({ spec }) => ({ double: spec.ratio.times(2), sum: spec.replicas.plus(spec.port), half: spec.replicas.dividedBy(2) }),
);

const records = toResourceGraph(
  {
    ...api('RecordsAndLists'),
    spec: type({
      labels: { '[string]': 'string' },
      data: { '[string]': 'string' },
      args: 'string[]',
      env: type({ name: 'string', value: 'string' }).array(),
    }),
    status: type({ team: 'string', count: 'number.integer', args: 'string[]' }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({ metadata: { name: 'config', labels: spec.labels }, data: spec.data }),
    pod: core.v1.Pod({
      metadata: { name: 'pod' },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'busybox',
            args: spec.args,
            env: spec.env.map((item) => ({ name: item.name, value: Cel.template`<${item.value}>` })),
          },
        ],
      },
    }),
  }),
  ({ spec }) => ({
    team: Cel.field<string>(spec.labels, 'example.com/team'),
    count: spec.env.size(),
    args: spec.args.filter((arg) => arg.startsWith('--')),
  }),
);

const listFunctions = toResourceGraph(
  {
    ...api('ListFunctions'),
    spec: type({ hosts: 'string[]', ports: 'number.integer[]' }),
    status: type({ first: 'string', secure: 'boolean' }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: {
        joined: spec.hosts.join(','),
        upper: spec.hosts.map((host) => host.upper()).join(' '),
        count: spec.hosts.length.toText(),
        last: spec.hosts.at(spec.hosts.size().minus(1)),
        hasLocal: spec.hosts.contains('localhost').toText(),
        ports: spec.ports
          .filter((port) => port.gt(1000))
          .map((port) => port.toText())
          .join('+'),
        all: spec.ports.all((port) => port.gt(0)).toText(),
      },
    }),
  }),
  ({ spec }) => ({ first: spec.hosts[0] as never, secure: spec.ports.exists((port) => port.eq(443)) }),
);

const textFunctions = toResourceGraph(
  { ...api('TextFunctions'), spec: type({ image: 'string' }), status: nothing },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: {
        tag: spec.image.split(':').at(1),
        repository: spec.image.substring(0, spec.image.indexOf(':')),
        replaced: spec.image.replace('/', '_'),
        matches: spec.image.matches('^[a-z./]+:').toText(),
        trimmed: Cel.expr<string>`("  " + ${spec.image} + " ").trim()`,
        hash: Cel.expr<string>`base64.encode(hash.sha256(${spec.image}))`,
        size: spec.image.size().toText(),
      },
    }),
  }),
);

export const valueCases: readonly GraphCase[] = [
  {
    name: 'keeps integers and floats apart',
    graph: numbers,
    values: { replicas: 1, ratio: 0.25, port: 8085 },
    objects: {
      web: { kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 0 } },
      service: { kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80, targetPort: 8085 }] } },
      config: configMap('config', { ratio: '0.25', rounded: '2', rest: '5' }),
    },
    status: { double: 0.5, sum: 8086, half: 0 },
  },
  {
    name: 'takes whole records and lists',
    graph: records,
    values: {
      labels: { 'example.com/team': 'red', app: 'web' },
      data: { 'nginx.conf': 'x', b: '${c}' },
      args: ['--a', 'b'],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    },
    objects: {
      config: {
        kind: 'ConfigMap',
        metadata: { name: 'config', labels: { 'example.com/team': 'red', app: 'web' } },
        data: { 'nginx.conf': 'x', b: '${c}' },
      },
      pod: {
        kind: 'Pod',
        metadata: { name: 'pod' },
        spec: {
          containers: [
            {
              args: ['--a', 'b'],
              env: [
                { name: 'A', value: '<1>' },
                { name: 'B', value: '<2>' },
              ],
            },
          ],
        },
      },
    },
    status: { team: 'red', count: 2, args: ['--a'] },
  },
  {
    name: 'computes with lists',
    graph: listFunctions,
    values: { hosts: ['a.example', 'b.example'], ports: [80, 8080, 8443] },
    objects: {
      config: configMap('config', {
        joined: 'a.example,b.example',
        upper: 'A.EXAMPLE B.EXAMPLE',
        count: '2',
        last: 'b.example',
        hasLocal: 'false',
        ports: '8080+8443',
        all: 'true',
      }),
    },
    status: { first: 'a.example', secure: false },
  },
  {
    name: 'computes with texts',
    graph: textFunctions,
    values: { image: 'docker.io/nginx:1.29' },
    objects: {
      config: configMap('config', {
        tag: '1.29', repository: 'docker.io/nginx', replaced: 'docker.io_nginx:1.29', matches: 'true', trimmed: 'docker.io/nginx:1.29',
        hash: '/A7fBs982oRQOYgUrhHNYCtAeD6gaLJz0H8gTFr8HF4=', size: '20',
      }),
    }, // biome-ignore format: short
  },
];
