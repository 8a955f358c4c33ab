import { type } from 'arktype';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { api, configMap, entry, type GraphCase } from './graph-case.ts';

const nothing = type({});

const plainReferences = toResourceGraph(
  { ...api('PlainReferences'), spec: type({ image: 'string', tag: 'string' }), status: type({ name: 'string' }) },
  (schema) => {
    const first = core.v1.ConfigMap({ metadata: { name: 'first' }, data: { image: schema.spec.image } });
    const second = core.v1.ConfigMap({
      metadata: { name: 'second' },
      data: { copied: entry(first, 'image'), from: first.metadata.name, tag: schema.spec.tag },
    });
    return { first, second };
  },
  (_schema, { second }) => ({ name: second.metadata.name }),
);

const templates = toResourceGraph(
  {
    ...api('TextTemplates'),
    spec: type({ host: 'string', port: 'number.integer', secure: 'boolean' }),
    status: type({ url: 'string' }),
  },
  ({ spec, metadata }) => ({
    texts: core.v1.ConfigMap({
      metadata: { name: Cel.template`${metadata.name}-texts` },
      data: {
        url: Cel.template('http://%s:%s/', spec.host, spec.port),
        flags: Cel.template`secure=${spec.secure}`,
        dollar: Cel.template`$${spec.host} and 100%`,
        plus: spec.host.plus('.local'),
      },
    }),
  }),
  ({ spec }) => ({ url: Cel.template`http://${spec.host}:${spec.port}` }),
);

const hostileText = {
  brace: '${not.an.expression}',
  open: 'a ${ b',
  quoted: '${"x"}',
  twice: '$${',
  mustache: '{{ .Values.x }}',
  lines: 'a\n"b"\\n\t\'c\'',
  tail: 'cost: $',
};
const literalText = toResourceGraph(
  { ...api('LiteralText'), spec: type({ name: 'string' }), status: nothing },
  ({ spec }) => ({
    texts: core.v1.ConfigMap({
      metadata: { name: 'texts', annotations: { 'example.com/note': '${note}' } },
      data: { ...hostileText, mixed: Cel.template`\${literal} ${spec.name} "\${" \\` },
    }),
  }),
);

const optionalFields = toResourceGraph(
  {
    ...api('OptionalFields'),
    spec: type({ 'note?': 'string', 'limits?': { 'cpu?': 'string' }, 'size?': 'number.integer' }),
    status: type({ note: 'string', hasLimits: 'boolean' }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: { note: spec.note.orElse('none'), cpu: spec.limits.cpu.orElse('100m'), size: spec.size.orElse(3).toText() },
    }),
  }),
  ({ spec }) => ({ note: spec.note.orElse('none'), hasLimits: Cel.has(spec.limits.cpu) }),
);

const defaults = toResourceGraph(
  {
    ...api('DefaultValues'),
    spec: type({
      mode: "'fast' | 'slow' = 'fast'",
      count: 'number.integer = 2',
      nested: type({ on: 'boolean = true', 'label?': 'string' }),
    }),
    status: nothing,
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: { mode: spec.mode, count: spec.count.toText(), on: spec.nested.on.toText() },
    }),
  }),
);

const choices = toResourceGraph(
  {
    ...api('TernaryChoice'),
    spec: type({ environment: "'development' | 'production'", replicas: 'number.integer' }),
    status: type({ big: 'boolean' }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: {
        LOG_LEVEL: spec.environment.eq('production').choose('info', 'debug'),
        SIZE: spec.replicas
          .gt(3)
          .and(spec.replicas.lte(10))
          .choose('large', spec.replicas.gt(10).choose('huge', 'small')),
        NOT: spec.environment.eq('production').not().or(spec.replicas.eq(0)).toText(),
      },
    }),
  }),
  ({ spec }) => ({ big: spec.replicas.gt(3) }),
);

const oddNames = toResourceGraph(
  {
    ...api('OddNames'),
    spec: type({ 'dashed-name': 'string', namespace: 'string', size: 'string', map: type({ not: 'boolean' }) }),
    status: type({ keyword: 'string' }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config', labels: { 'app.kubernetes.io/name': spec.size } },
      data: {
        dashed: Cel.expr<string>`schema.spec.dashed__dash__name`,
        keyword: spec.namespace,
        size: spec.size,
        not: spec.map.not.toText(),
      },
    }),
  }),
  ({ spec }) => ({ keyword: spec.namespace }),
);

const instanceMetadata = toResourceGraph(
  { ...api('InstanceMetadata'), spec: nothing, status: type({ where: 'string' }) },
  ({ metadata, apiVersion, kind }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: Cel.template`${metadata.name}-config` },
      data: { namespace: metadata.namespace, kind: Cel.template`${apiVersion} ${kind}` },
    }),
  }),
  ({ metadata }) => ({ where: Cel.template`${metadata.namespace}/${metadata.name}` }),
);

export const referenceCases: readonly GraphCase[] = [
  {
    name: 'reads the spec and other resources',
    graph: plainReferences,
    values: { image: 'nginx', tag: '1.29' },
    objects: {
      first: configMap('first', { image: 'nginx' }),
      second: configMap('second', { copied: 'nginx', from: 'first', tag: '1.29' }),
    },
    status: { name: 'second' },
    steps: [
      {
        name: 'values change',
        values: { image: 'httpd', tag: '2.4' },
        objects: {
          first: configMap('first', { image: 'httpd' }),
          second: configMap('second', { copied: 'httpd', from: 'first', tag: '2.4' }),
        },
        status: { name: 'second' },
      },
    ],
  },
  {
    name: 'fills texts with texts, numbers and booleans',
    graph: templates,
    values: { host: 'web', port: 8080, secure: false },
    objects: {
      texts: configMap('sample-texts', {
        url: 'http://web:8080/',
        flags: 'secure=false',
        dollar: '$web and 100%',
        plus: 'web.local',
      }),
    },
    status: { url: 'http://web:8080' },
  },
  {
    name: 'keeps text that looks like an expression',
    graph: literalText,
    values: { name: '${spec.name}' },
    objects: {
      texts: {
        ...configMap('texts', { ...hostileText, mixed: '${literal} ${spec.name} "${" \\' }),
        metadata: { name: 'texts', annotations: { 'example.com/note': '${note}' } },
      },
    },
  },
  {
    name: 'falls back where optional fields are absent',
    graph: optionalFields,
    values: {},
    objects: { config: configMap('config', { note: 'none', cpu: '100m', size: '3' }) },
    status: { note: 'none', hasLimits: false },
  },
  {
    name: 'takes optional fields where they are given',
    graph: optionalFields,
    values: { note: 'hello', limits: { cpu: '2' }, size: 7 },
    objects: { config: configMap('config', { note: 'hello', cpu: '2', size: '7' }) },
    status: { note: 'hello', hasLimits: true },
  },
  {
    name: 'fills in the defaults of the schema',
    graph: defaults,
    values: { nested: {} },
    objects: { config: configMap('config', { mode: 'fast', count: '2', on: 'true' }) },
  },
  {
    name: 'chooses by conditions that hold',
    graph: choices,
    values: { environment: 'production', replicas: 5 },
    objects: { config: configMap('config', { LOG_LEVEL: 'info', SIZE: 'large', NOT: 'false' }) },
    status: { big: true },
  },
  {
    name: 'chooses by conditions that do not hold',
    graph: choices,
    values: { environment: 'development', replicas: 0 },
    objects: { config: configMap('config', { LOG_LEVEL: 'debug', SIZE: 'small', NOT: 'true' }) },
    status: { big: false },
  },
  {
    name: 'reads fields whose names mean something in CEL',
    graph: oddNames,
    values: { 'dashed-name': 'd', namespace: 'n', size: 's', map: { not: true } },
    objects: {
      config: {
        kind: 'ConfigMap',
        metadata: { name: 'config', labels: { 'app.kubernetes.io/name': 's' } },
        data: { dashed: 'd', keyword: 'n', size: 's', not: 'true' },
      },
    },
    status: { keyword: 'n' },
  },
  {
    name: 'knows the instance it belongs to',
    graph: instanceMetadata,
    values: {},
    instance: 'named',
    objects: {
      config: configMap('named-config', { namespace: 'NAMESPACE', kind: 'cases.example.com/v1 InstanceMetadata' }),
    },
    status: { where: 'NAMESPACE/named' },
  },
];
