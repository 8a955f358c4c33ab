import { type } from 'arktype';
import { Cel } from '../../src/expr/cel.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { forEach } from '../../src/graph/resource.ts';
import { core } from '../../src/k8s/index.ts';
import { api, configMap, entry, type GraphCase } from './graph-case.ts';

const nothing = type({});

const oneDimension = toResourceGraph(
  {
    ...api('OneDimension'),
    spec: type({ regions: 'string[]' }),
    status: type({ names: 'string[]', 'first?': 'string' }),
  },
  ({ spec, metadata }) => {
    const workers = forEach(spec.regions, (region) =>
      core.v1.ConfigMap({ metadata: { name: Cel.template`${metadata.name}-${region}` }, data: { region } }),
    );
    const index = core.v1.ConfigMap({
      metadata: { name: 'index' },
      data: { names: workers.map((worker) => worker.metadata.name).join(','), count: workers.size().toText() },
    });
    return { workers, index };
  },
  (_schema, { workers }) => ({
    names: workers.map((worker) => worker.metadata.name),
    first: workers[0]?.metadata.name as never,
  }),
);

const objectsInList = toResourceGraph(
  {
    ...api('ObjectsInList'),
    spec: type({
      queues: type({ name: 'string', 'size?': 'number.integer', labels: { '[string]': 'string' } }).array(),
    }),
    status: nothing,
  },
  ({ spec }) => ({
    queues: forEach(
      spec.queues,
      (queue) =>
        core.v1.ConfigMap({
          metadata: { name: queue.name, labels: queue.labels },
          data: { size: queue.size.orElse(10).toText() },
        }),
      { as: 'queue' },
    ),
  }),
);

const twoDimensions = toResourceGraph(
  {
    ...api('TwoDimensions'),
    spec: type({ regions: 'string[]', tiers: 'string[]' }),
    status: type({ count: 'number.integer' }),
  },
  ({ spec }) => ({
    cells: forEach(
      spec.regions,
      (region) =>
        forEach(
          spec.tiers,
          (tier) => core.v1.ConfigMap({ metadata: { name: Cel.template`${region}-${tier}` }, data: { region, tier } }),
          { as: 'tier' },
        ) as never,
      { as: 'region' },
    ),
  }),
  (_schema, { cells }) => ({ count: cells.size() }),
);

const fixedList = toResourceGraph(
  { ...api('FixedList'), spec: type({ suffix: 'string', wanted: 'boolean' }), status: nothing },
  ({ spec }) => {
    const base = core.v1.ConfigMap({ metadata: { name: 'base' }, data: { names: 'x,y' } });
    const fixed = forEach(
      ['a', 'b'],
      (letter) => core.v1.ConfigMap({ metadata: { name: Cel.template`${letter}-${spec.suffix}` }, data: { letter } }),
      { as: 'letter' },
    );
    const computed = forEach(entry(base, 'names').split(','), (part) =>
      core.v1.ConfigMap({ metadata: { name: Cel.template`part-${part}` }, data: { part } }),
    );
    return { base, fixed, computed };
  },
);

const readyCollection = toResourceGraph(
  {
    ...api('ReadyCollection'),
    spec: type({ states: 'string[]', included: 'boolean' }),
    status: type({ 'after?': 'string' }),
  },
  ({ spec }) => {
    const made = core.v1.ConfigMap({ metadata: { name: Cel.template`item-x` }, data: { x: 'y' } });
    const gates = forEach(spec.states, (state) =>
      core.v1.ConfigMap(
        { metadata: { name: Cel.template`item-${state}` }, data: { state } },
        { includeWhen: spec.included, readyWhen: (self) => entry(self, 'state').ne('closed') },
      ),
    );
    const after = core.v1.ConfigMap({ metadata: { name: 'after' }, data: { count: gates.size().toText() } });
    return { made, gates, after };
  },
  (_schema, { after }) => ({ after: entry(after, 'count') }),
);

export const collectionCases: readonly GraphCase[] = [
  {
    name: 'makes a resource for each item',
    graph: oneDimension,
    values: { regions: ['eu', 'us', 'ap'] },
    objects: {
      workers: [
        configMap('sample-eu', { region: 'eu' }),
        configMap('sample-us', { region: 'us' }),
        configMap('sample-ap', { region: 'ap' }),
      ],
      index: configMap('index', { names: 'sample-eu,sample-us,sample-ap', count: '3' }),
    },
    status: { names: ['sample-eu', 'sample-us', 'sample-ap'], first: 'sample-eu' },
    steps: [
      {
        name: 'the list grows, shrinks and changes its order',
        values: { regions: ['us', 'sa', 'eu', 'af'] },
        objects: {
          workers: [
            configMap('sample-us', { region: 'us' }),
            configMap('sample-sa', { region: 'sa' }),
            configMap('sample-eu', { region: 'eu' }),
            configMap('sample-af', { region: 'af' }),
          ],
          index: configMap('index', { names: 'sample-us,sample-sa,sample-eu,sample-af', count: '4' }),
        },
        status: { names: ['sample-us', 'sample-sa', 'sample-eu', 'sample-af'], first: 'sample-us' },
      },
    ],
  },
  {
    name: 'makes nothing for an empty list',
    graph: oneDimension,
    values: { regions: [] },
    objects: { workers: [], index: configMap('index', { names: '', count: '0' }) },
    status: { names: [] },
  },
  {
    name: 'reads the fields of each item',
    graph: objectsInList,
    values: {
      queues: [
        { name: 'mail', size: 5, labels: { a: 'b' } },
        { name: 'push', labels: {} },
      ],
    },
    objects: {
      queues: [
        { kind: 'ConfigMap', metadata: { name: 'mail', labels: { a: 'b' } }, data: { size: '5' } },
        configMap('push', { size: '10' }),
      ],
    },
    steps: [
      {
        name: 'an item changes, and another one goes',
        values: { queues: [{ name: 'push', size: 7, labels: { c: 'd' } }] },
        objects: {
          queues: [{ kind: 'ConfigMap', metadata: { name: 'push', labels: { c: 'd' } }, data: { size: '7' } }],
        },
      },
    ],
  },
  {
    name: 'makes every combination of two lists',
    graph: twoDimensions,
    values: { regions: ['eu', 'us'], tiers: ['web', 'db'] },
    objects: {
      cells: [
        configMap('eu-web', { region: 'eu', tier: 'web' }),
        configMap('eu-db', { region: 'eu', tier: 'db' }),
        configMap('us-web', { region: 'us', tier: 'web' }),
        configMap('us-db', { region: 'us', tier: 'db' }),
      ],
    },
    status: { count: 4 },
    steps: [
      {
        name: 'one list is empty',
        values: { regions: ['eu', 'us'], tiers: [] },
        objects: { cells: [] },
        status: { count: 0 },
      },
      {
        name: 'one list grows',
        values: { regions: ['eu'], tiers: ['web', 'db', 'cache'] },
        objects: {
          cells: [
            configMap('eu-web', { region: 'eu', tier: 'web' }),
            configMap('eu-db', { region: 'eu', tier: 'db' }),
            configMap('eu-cache', { region: 'eu', tier: 'cache' }),
          ],
        },
        status: { count: 3 },
      },
    ],
  },
  {
    name: 'makes resources for a list of its own and for a computed one',
    graph: fixedList,
    values: { suffix: 'z', wanted: true },
    objects: {
      base: configMap('base', { names: 'x,y' }),
      fixed: [configMap('a-z', { letter: 'a' }), configMap('b-z', { letter: 'b' })],
      computed: [configMap('part-x', { part: 'x' }), configMap('part-y', { part: 'y' })],
    },
  },
  {
    name: 'waits until every item is ready',
    graph: readyCollection,
    values: { states: ['open', 'closed'], included: true },
    objects: {
      made: configMap('item-x', { x: 'y' }),
      gates: [configMap('item-open', { state: 'open' }), configMap('item-closed', { state: 'closed' })],
    },
    pending: ['after'],
  },
  {
    name: 'leaves a whole collection out',
    graph: readyCollection,
    values: { states: ['open'], included: false },
    objects: { made: configMap('item-x', { x: 'y' }) },
    skipped: ['gates', 'after'],
  },
];
