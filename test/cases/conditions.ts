import { type } from 'arktype';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { core, external } from '../../src/k8s/index.ts';
import { api, configMap, entry, type GraphCase } from './graph-case.ts';

const nothing = type({});

const switchable = toResourceGraph(
  {
    ...api('Switchable'),
    spec: type({ cache: 'boolean', environment: 'string' }),
    status: type({ 'cache?': 'string', always: 'string', 'nested?': { 'cache?': 'string' } }),
  },
  ({ spec }) => {
    const base = core.v1.ConfigMap({ metadata: { name: 'base' }, data: { environment: spec.environment } });
    const cache = core.v1.ConfigMap(
      { metadata: { name: 'cache' }, data: { size: '1' } },
      { includeWhen: [spec.cache, spec.environment.ne('test')] },
    );
    const reader = core.v1.ConfigMap({ metadata: { name: 'reader' }, data: { cache: cache.metadata.name } });
    const indirect = core.v1.ConfigMap({ metadata: { name: 'indirect' }, data: { reader: entry(reader, 'cache') } });
    const guarded = core.v1.ConfigMap({
      metadata: { name: 'optional' },
      data: { cache: entry(cache, 'size').orElse('none') },
    });
    return { base, cache, reader, indirect, guarded };
  },
  (_schema, { base, cache }) => ({
    cache: cache.metadata.name,
    always: base.metadata.name,
    nested: { cache: entry(cache, 'size') },
  }),
);

const conditionOnResource = toResourceGraph(
  { ...api('ConditionOnResource'), spec: type({ level: 'number.integer' }), status: nothing },
  ({ spec }) => {
    const settings = core.v1.ConfigMap({ metadata: { name: 'settings' }, data: { level: spec.level.toText() } });
    const high = core.v1.ConfigMap(
      { metadata: { name: 'high' }, data: { is: 'high' } },
      { includeWhen: entry(settings, 'level').toInt().gt(5) },
    );
    const low = core.v1.ConfigMap(
      { metadata: { name: 'low' }, data: { is: 'low' } },
      { includeWhen: entry(settings, 'level').toInt().lte(5) },
    );
    return { settings, high, low };
  },
);

const optionalCondition = toResourceGraph(
  { ...api('OptionalCondition'), spec: type({ 'metrics?': 'boolean' }), status: nothing },
  ({ spec }) => ({
    base: core.v1.ConfigMap({ metadata: { name: 'base' }, data: { a: 'b' } }),
    metrics: core.v1.ConfigMap(
      { metadata: { name: 'metrics' }, data: { a: 'b' } },
      { includeWhen: spec.metrics.orElse(false) },
    ),
  }),
);

const readiness = toResourceGraph(
  { ...api('ReadinessGate'), spec: type({ state: 'string' }), status: type({ 'copy?': 'string' }) },
  ({ spec }) => {
    const gate = core.v1.ConfigMap(
      { metadata: { name: 'gate' }, data: { state: spec.state } },
      { readyWhen: (self) => [entry(self, 'state').eq('open'), self.metadata.name.size().gt(0)] },
    );
    const after = core.v1.ConfigMap({ metadata: { name: 'after' }, data: { state: entry(gate, 'state') } });
    const last = core.v1.ConfigMap({ metadata: { name: 'last' }, data: { from: after.metadata.name } });
    return { gate, after, last };
  },
  (_schema, { after }) => ({ copy: entry(after, 'state') }),
);

const explicitOrder = toResourceGraph(
  { ...api('ExplicitOrder'), spec: type({ state: 'string', first: 'boolean' }), status: nothing },
  ({ spec }) => {
    const first = core.v1.ConfigMap(
      { metadata: { name: 'first' }, data: { state: spec.state } },
      { includeWhen: spec.first, readyWhen: (self) => entry(self, 'state').eq('open') },
    );
    const second = core.v1.ConfigMap({ metadata: { name: 'second' }, data: { a: 'b' } }, { dependsOn: first });
    return { first, second };
  },
);

const missingData = toResourceGraph(
  {
    ...api('MissingData'),
    spec: type({ 'note?': 'string' }),
    status: type({ 'note?': 'string', 'list?': 'string[]', name: 'string' }),
  },
  ({ spec }) => {
    const config = core.v1.ConfigMap({ metadata: { name: 'config' }, data: { a: 'b' } });
    const waiting = core.v1.ConfigMap({ metadata: { name: 'waiting' }, data: { copied: entry(config, 'absent') } });
    const behind = core.v1.ConfigMap({ metadata: { name: 'behind' }, data: { from: waiting.metadata.name } });
    const wantsNote = core.v1.ConfigMap({ metadata: { name: 'wants-note' }, data: { note: spec.note as never } });
    return { config, waiting, behind, wantsNote };
  },
  ({ spec }, { config }) => ({
    note: spec.note,
    list: [config.metadata.name, entry(config, 'absent')],
    name: config.metadata.name,
  }),
);

const given = (name: string, labels: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'NAMESPACE', labels },
  data: { value: `of ${name}` },
});

const externalByName = toResourceGraph(
  { ...api('ExternalByName'), spec: type({ database: 'string' }), status: type({ value: 'string' }) },
  ({ spec }) => {
    const database = external(core.v1.ConfigMap, { name: spec.database });
    const shared = external(
      core.v1.ConfigMap,
      { name: 'shared', namespace: 'default' },
      { includeWhen: spec.database.eq('never') },
    );
    const app = core.v1.ConfigMap({ metadata: { name: 'app' }, data: { database: entry(database, 'value') } });
    const other = core.v1.ConfigMap({ metadata: { name: 'other' }, data: { shared: entry(shared, 'value') } });
    return { database, shared, app, other };
  },
  (_schema, { database }) => ({ value: entry(database, 'value') }),
);

const externalBySelector = toResourceGraph(
  {
    ...api('ExternalBySelector'),
    spec: type({ tier: 'string' }),
    status: type({ names: 'string[]', count: 'number.integer' }),
  },
  ({ spec, metadata }) => {
    const found = external(core.v1.ConfigMap, {
      selector: { matchLabels: { tier: spec.tier, run: metadata.namespace } },
      namespace: metadata.namespace,
    });
    const summary = core.v1.ConfigMap({
      metadata: { name: 'list' },
      data: { names: found.map((item) => item.metadata.name).join(',') },
    });
    return { found, summary };
  },
  (_schema, { found }) => ({ names: found.map((item) => item.metadata.name), count: found.size() }),
);

export const conditionCases: readonly GraphCase[] = [
  {
    name: 'makes what is included',
    graph: switchable,
    values: { cache: true, environment: 'live' },
    objects: {
      base: configMap('base', { environment: 'live' }),
      cache: configMap('cache', { size: '1' }),
      reader: configMap('reader', { cache: 'cache' }),
      indirect: configMap('indirect', { reader: 'cache' }),
      guarded: configMap('optional', { cache: '1' }),
    },
    status: { cache: 'cache', always: 'base', nested: { cache: '1' } },
  },
  {
    name: 'leaves out what is not included, and everything that refers to it',
    graph: switchable,
    values: { cache: false, environment: 'live' },
    objects: { base: configMap('base', { environment: 'live' }) },
    skipped: ['cache', 'reader', 'indirect', 'guarded'],
    status: { always: 'base' },
  },
  {
    name: 'needs every condition of a resource',
    graph: switchable,
    values: { cache: true, environment: 'test' },
    objects: { base: configMap('base', { environment: 'test' }) },
    skipped: ['cache', 'reader', 'indirect', 'guarded'],
    status: { always: 'base' },
  },
  {
    name: 'includes by what another resource says',
    graph: conditionOnResource,
    values: { level: 7 },
    objects: { settings: configMap('settings', { level: '7' }), high: configMap('high', { is: 'high' }) },
    skipped: ['low'],
    steps: [
      {
        name: 'it says the opposite',
        values: { level: 3 },
        objects: { settings: configMap('settings', { level: '3' }), low: configMap('low', { is: 'low' }) },
        skipped: ['high'],
      },
    ],
  },
  {
    name: 'takes an absent flag for false',
    graph: optionalCondition,
    values: {},
    objects: { base: configMap('base', { a: 'b' }) },
    skipped: ['metrics'],
    steps: [
      {
        name: 'it is set',
        values: { metrics: true },
        objects: { base: configMap('base', { a: 'b' }), metrics: configMap('metrics', { a: 'b' }) },
      },
    ],
  },
  {
    name: 'goes on when readyWhen holds',
    graph: readiness,
    values: { state: 'open' },
    objects: {
      gate: configMap('gate', { state: 'open' }),
      after: configMap('after', { state: 'open' }),
      last: configMap('last', { from: 'after' }),
    },
    status: { copy: 'open' },
  },
  {
    name: 'waits while readyWhen does not hold',
    graph: readiness,
    values: { state: 'closed' },
    objects: { gate: configMap('gate', { state: 'closed' }) },
    pending: ['after', 'last'],
  },
  {
    name: 'orders what nothing refers to',
    graph: explicitOrder,
    values: { state: 'open', first: true },
    objects: { first: configMap('first', { state: 'open' }), second: configMap('second', { a: 'b' }) },
  },
  {
    name: 'waits for what it depends on',
    graph: explicitOrder,
    values: { state: 'closed', first: true },
    objects: { first: configMap('first', { state: 'closed' }) },
    pending: ['second'],
  },
  {
    name: 'leaves out what depends on something left out',
    graph: explicitOrder,
    values: { state: 'open', first: false },
    objects: {},
    skipped: ['first', 'second'],
  },
  {
    name: 'waits for data that never comes, and leaves it out of the status',
    graph: missingData,
    values: {},
    objects: { config: configMap('config', { a: 'b' }) },
    pending: ['waiting', 'behind', 'wantsNote'],
    status: { name: 'config' },
  },
  {
    name: 'reads an object that is not its own',
    graph: externalByName,
    values: { database: 'orders' },
    given: [given('orders')],
    objects: { app: configMap('app', { database: 'of orders' }) },
    skipped: ['shared', 'other'],
    status: { value: 'of orders' },
  },
  {
    name: 'waits for an object that is not its own',
    graph: externalByName,
    values: { database: 'missing' },
    objects: {},
    pending: ['app'],
    skipped: ['shared', 'other'],
  },
  {
    name: 'reads all objects with some labels',
    graph: externalBySelector,
    values: { tier: 'web' },
    given: [
      given('one', { tier: 'web', run: 'NAMESPACE' }),
      given('two', { tier: 'web', run: 'NAMESPACE' }),
      given('three', { tier: 'db', run: 'NAMESPACE' }),
    ],
    objects: { summary: configMap('list', { names: 'one,two' }) },
    status: { names: ['one', 'two'], count: 2 },
  },
  {
    name: 'reads no objects where no labels fit',
    graph: externalBySelector,
    values: { tier: 'none' },
    objects: { summary: configMap('list', { names: '' }) },
    status: { names: [], count: 0 },
  },
];
