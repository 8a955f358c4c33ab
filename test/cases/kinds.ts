import { type } from 'arktype';
import { Cel } from '../../src/expr/cel.ts';
import { forEach } from '../../src/graph/resource.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { api, configMap, entry, type GraphCase } from './graph-case.ts';

const clusterScope = toResourceGraph(
  {
    ...api('ClusterScope'),
    scope: 'Cluster',
    spec: type({ place: 'string', teams: 'string[]' }),
    status: type({ name: 'string', where: 'string', count: 'number.integer' }),
  },
  ({ spec, metadata }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config', namespace: spec.place },
      data: { instance: metadata.name },
    }),
    teams: forEach(
      spec.teams,
      (team) => core.v1.ConfigMap({ metadata: { name: team, namespace: spec.place }, data: { team } }),
      { as: 'team' },
    ),
  }),
  ({ metadata }, { config, teams }) => ({
    name: metadata.name,
    where: config.metadata.namespace as never,
    count: teams.size(),
  }),
);

const conditions = toResourceGraph(
  {
    ...api('OwnConditions'),
    spec: type({ size: 'number.integer', state: 'string' }),
    status: type({ name: 'string' }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { state: spec.state } }),
  }),
  (_schema, { config }) => ({ name: config.metadata.name }),
  (schema, { config }) => [
    {
      type: 'Large',
      status: schema.spec.size.gt(3),
      reason: schema.spec.size.gt(3).choose('AboveThree', 'UpToThree'),
      message: Cel.template`size ${schema.spec.size}`,
    },
    { type: 'Open', status: Cel.choose(entry(config, 'state').eq('open'), 'True', 'Unknown') },
    { type: 'Always', status: true },
    Cel.runtime.condition(schema, 'Ready'),
  ],
);

const ready = { type: 'Ready', status: 'True', reason: 'Ready' };

/** Everything that SimpleSchema has a marker or a type for. */
const everyMarker = toResourceGraph(
  {
    ...api('EveryMarker'),
    shortNames: ['evm'],
    categories: ['marked'],
    additionalPrinterColumns: [
      { name: 'Mode', type: 'string', jsonPath: '.spec.mode', description: 'How it runs' },
      { name: 'Size', type: 'integer', jsonPath: '.spec.size', priority: 1 },
    ],
    metadata: { labels: { team: 'cases' }, annotations: { 'cases.example.com/note': 'a "quoted" note' } },
    fields: {
      size: { immutable: true, validations: ['self % 2 == 0', 'self < 1000'] },
      users: { listType: 'map', listMapKeys: ['name'] },
      'users[].name': { validations: 'self != "root"' },
      tags: { listType: 'atomic' },
      limits: { immutable: true },
    },
    spec: type({
      mode: "'fast' | 'slow' = 'fast'",
      size: '0 <= number.integer <= 100',
      'ratio?': '0.5 <= number <= 2.5',
      'level?': '1 | 2 | 3',
      'text?': /^[a-z]+\d*$/,
      'short?': '2 <= string <= 5',
      greeting: ['string', '=', 'say "hi"\n\\o/'],
      enabled: 'boolean = true',
      'tags?': '1 <= string[] <= 3',
      'unique?': 'string[]',
      'matrix?': 'number.integer[][]',
      'labels?': { '[string]': 'string' },
      'users?': type({ name: 'string', 'age?': 'number.integer' }).array(),
      'limits?': { cpu: 'string', 'memory?': 'string' },
      'anything?': 'object',
    }),
    status: type({
      text: 'string',
      whole: 'number.integer',
      fraction: 'number',
      flag: 'boolean',
      list: 'string[]',
      record: { '[string]': 'string' },
      nested: { deep: { name: 'string' } },
      'missing?': 'string',
    }),
  },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: {
        mode: spec.mode,
        greeting: spec.greeting,
        size: spec.size.toText(),
        text: spec.text.orElse('none'),
        users: spec.users
          .orElse([])
          .map((user) => user.name)
          .join(','),
        cpu: spec.limits.cpu.orElse('unlimited') as never,
      },
    }),
  }),
  ({ spec }, { config }) => ({
    text: entry(config, 'greeting'),
    whole: spec.size.plus(1),
    fraction: spec.ratio.orElse(1.5),
    flag: spec.enabled.and(spec.size.gt(1)),
    list: spec.tags.orElse([]),
    record: Cel.orElse(spec.labels, {}),
    nested: { deep: { name: config.metadata.name } },
    missing: entry(config, 'missing'),
  }),
);

const omitted = toResourceGraph(
  { ...api('OmittedFields'), spec: type({ 'note?': 'string', keep: 'boolean' }), status: type({ 'note?': 'string' }) },
  ({ spec }) => ({
    config: core.v1.ConfigMap({
      metadata: { name: 'config' },
      data: {
        always: 'here',
        note: spec.note.exists().choose(spec.note, Cel.omit()) as never,
        kept: spec.keep.choose('kept', Cel.omit()) as never,
      },
    }),
  }),
  (_schema, { config }) => ({ note: entry(config, 'note') }),
);

const threeDimensions = toResourceGraph(
  {
    ...api('ThreeDimensions'),
    spec: type({ regions: 'string[]', tiers: 'string[]', replicas: 'number.integer' }),
    status: type({ names: 'string[]' }),
  },
  ({ spec }) => ({
    cells: forEach(
      spec.regions,
      (region) =>
        forEach(
          spec.tiers,
          (tier) =>
            forEach(
              Cel.lists.range(spec.replicas),
              (index) =>
                core.v1.ConfigMap({
                  metadata: { name: Cel.template`${region}-${tier}-${index}` },
                  data: { region, tier },
                }),
              { as: 'replica' },
            ),
          { as: 'tier' },
        ),
      { as: 'region' },
    ),
  }),
  (_schema, { cells }) => ({ names: cells.map((cell) => cell.metadata.name) }),
);

export const kindCases: readonly GraphCase[] = [
  {
    name: 'has instances without a namespace',
    graph: clusterScope,
    values: { place: 'NAMESPACE', teams: ['red', 'blue'] },
    instance: 'cluster-NAMESPACE',
    objects: {
      config: configMap('config', { instance: 'cluster-NAMESPACE' }),
      teams: [configMap('red', { team: 'red' }), configMap('blue', { team: 'blue' })],
    },
    status: { name: 'cluster-NAMESPACE', where: 'NAMESPACE', count: 2 },
  },
  {
    name: 'has conditions of its own',
    graph: conditions,
    values: { size: 5, state: 'open' },
    objects: { config: configMap('config', { state: 'open' }) },
    status: {
      name: 'config',
      conditions: [
        { type: 'Large', status: 'True', reason: 'AboveThree', message: 'size 5' },
        { type: 'Open', status: 'True' },
        { type: 'Always', status: 'True' },
        ready,
      ],
    },
    steps: [
      {
        name: 'what they say changes',
        values: { size: 2, state: 'closed' },
        objects: { config: configMap('config', { state: 'closed' }) },
        status: {
          name: 'config',
          conditions: [
            { type: 'Large', status: 'False', reason: 'UpToThree', message: 'size 2' },
            { type: 'Open', status: 'Unknown' },
            { type: 'Always', status: 'True' },
            ready,
          ],
        },
      },
    ],
  },
  {
    name: 'has a schema with every marker',
    graph: everyMarker,
    values: { size: 4, tags: ['a'], labels: { a: 'b' }, users: [{ name: 'ann' }, { name: 'bob', age: 7 }], level: 2 },
    objects: {
      config: configMap('config', {
        mode: 'fast',
        greeting: 'say "hi"\n\\o/',
        size: '4',
        text: 'none',
        users: 'ann,bob',
        cpu: 'unlimited',
      }),
    },
    status: {
      text: 'say "hi"\n\\o/',
      whole: 5,
      fraction: 1.5,
      flag: true,
      list: ['a'],
      record: { a: 'b' },
      nested: { deep: { name: 'config' } },
    },
  },
  {
    name: 'leaves fields out by omit',
    graph: omitted,
    featureGates: ['CELOmitFunction'],
    values: { keep: false },
    objects: { config: configMap('config', { always: 'here' }) },
    status: {},
    steps: [
      {
        name: 'fields come',
        values: { keep: true, note: 'here' },
        objects: { config: configMap('config', { always: 'here', note: 'here', kept: 'kept' }) },
        status: { note: 'here' },
      },
      {
        name: 'fields go',
        values: { keep: false },
        objects: { config: configMap('config', { always: 'here' }) },
        status: {},
      },
    ],
  },
  {
    name: 'makes every combination of three lists',
    graph: threeDimensions,
    values: { regions: ['eu', 'us'], tiers: ['a'], replicas: 2 },
    objects: {
      cells: [
        configMap('eu-a-0', { region: 'eu', tier: 'a' }),
        configMap('eu-a-1', { region: 'eu', tier: 'a' }),
        configMap('us-a-0', { region: 'us', tier: 'a' }),
        configMap('us-a-1', { region: 'us', tier: 'a' }),
      ],
    },
    status: { names: ['eu-a-0', 'eu-a-1', 'us-a-0', 'us-a-1'] },
    steps: [
      {
        name: 'one dimension shrinks, another grows',
        values: { regions: ['us'], tiers: ['a', 'b'], replicas: 1 },
        objects: {
          cells: [configMap('us-a-0', { region: 'us', tier: 'a' }), configMap('us-b-0', { region: 'us', tier: 'b' })],
        },
        status: { names: ['us-a-0', 'us-b-0'] },
      },
    ],
  },
];
