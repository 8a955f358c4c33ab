import pico from 'picocolors';
import { describe, expect, it } from 'vitest';
import { type Counting, doneCounts, plannedCounts } from '../../src/cli/counts.ts';
import { destroyText } from '../../src/cli/destroy.ts';
import { takeAllText } from '../../src/cli/take.ts';
import { KubewrightError } from '../../src/errors.ts';
import { mergeDeep } from '../../src/cli/merge.ts';
import { planText } from '../../src/cli/plan-text.ts';
import { duration, localProgress } from '../../src/cli/session.ts';
import { driftLines, reasonLines } from '../../src/cli/status-reasons.ts';
import { statusText } from '../../src/cli/status-text.ts';
import type {
  DeployedObject,
  ExpressionReason,
  ExpressionTree,
  Plan,
  PlannedChange,
} from '../../src/deploy/options.ts';

const plain = pico.createColors(false);
const directly = { mode: 'direct', work: 'deploy' } as const;
const nothing: Plan = { changes: [], pending: [], changed: false, warnings: [], problems: [] };
const change = (
  action: PlannedChange['action'],
  name: string,
  fields: PlannedChange['fields'] = [],
): PlannedChange => ({
  action,
  label: name,
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: 'dev',
  name,
  fields,
});

describe('a plan', () => {
  it('is one screen', () => {
    const plan: Plan = {
      ...nothing,
      changed: true,
      createsNamespace: 'dev',
      changes: [
        change('create', 'new'),
        change('update', 'old-and-long', [
          { path: 'data.a', before: 1, after: 'x'.repeat(100) },
          { path: 'data.b', before: 2 },
          { path: 'data.c', after: '(secret)' },
        ]),
        change('delete', 'gone'),
        change('adopt', 'theirs'),
        change('unchanged', 'same'),
      ],
      pending: [
        {
          path: 'unclear',
          reason: 'waits for new',
          unknown: [{ path: 'data.ip', expression: '${service.spec.clusterIP}' }],
        },
        { path: 'certain', kind: 'ConfigMap', name: 'next', action: 'create', reason: 'waits for new', unknown: [] },
        { path: 'shop', kind: 'Shop', action: 'create', objects: 3, reason: 'waits for new', unknown: [] },
      ],
      warnings: ['a definition has other instances'],
      problems: [new Error('theirs exists'), new Error('web: 2 problems\n  - one\n  - two')],
    };
    expect(planText(plan, plain, directly)).toBe(
      [
        '  + Namespace dev',
        '  + ConfigMap dev/new           new',
        '  ~ ConfigMap dev/old-and-long  old-and-long',
        `      data.a: 1 → "${'x'.repeat(56)}…`,
        '      data.b: 2 (removed)',
        '      data.c: "(secret)" (new)',
        '  - ConfigMap dev/gone          gone',
        '  ! ConfigMap dev/theirs        theirs',
        '  · unclear  later: waits for new',
        '      data.ip: ${service.spec.clusterIP}',
        '  + ConfigMap next  later: waits for new',
        '  + Shop shop (3 objects)  later: waits for new',
        '  warning: a definition has other instances',
        '  error: theirs exists',
        '  error: web: 2 problems',
        '    - one',
        '    - two',
        '  would be refused; otherwise 5 to create (4 of them later), 1 to update, 1 to take over, 1 to delete, 1 unchanged, 1 to decide later, and Namespace dev',
      ].join('\n'),
    );
  });

  it('ends conflicts about several fields with the command that takes all of them', () => {
    const conflict = (resource: string, path: string): KubewrightError =>
      new KubewrightError({ code: 'FieldConflict', resource, path, message: 'is theirs' });
    const line = ['npx', 'kubewright', 'plan', 'my app.ts', '--env', 'dev'];
    const [one, two] = [conflict('web', 'spec.replicas'), conflict('workers[0]', 'data.a')];
    const both = new KubewrightError({ code: 'FieldConflict', message: '2 problems', problems: [one, two] });
    const text =
      "To take all of these fields over: npx kubewright plan 'my app.ts' --env dev --take web:spec.replicas --take 'workers[0]:data.a'";
    expect([takeAllText([both], line), takeAllText([one, two, one], line)]).toEqual([text, text]);
    expect([
      takeAllText([one], line),
      takeAllText([both], [...line, '--plan', 'x']),
      takeAllText([new Error('x')], line),
    ]).toEqual(['', '', '']);
  });

  it('gives a hint its own line below a list', () => {
    const error = new KubewrightError({ code: 'Timeout', message: 'left:\n  - web\n', hint: 'Look.' });
    expect(error.message).toBe('left:\n  - web\nLook.');
  });

  it('stays one screen with very many objects', () => {
    const changes = Array.from({ length: 5000 }, (_, index) => change('create', `config-${index}`));
    const text = planText({ ...nothing, changed: true, changes }, plain, directly);
    expect(text.split('\n').length).toBeLessThan(50);
    expect(text).toContain('… and 4960 more objects\n  5000 to create');
  });

  it('says when there is nothing to do', () => {
    expect(planText({ ...nothing, changes: [change('unchanged', 'same')] }, plain, directly)).toBe(
      '  no changes (1 unchanged)',
    );
    expect(planText(nothing, plain, directly)).toBe('  nothing to do');
  });
});

describe('a status', () => {
  it('is aligned', () => {
    const status = {
      gatewayUrl: 'https://a',
      services: { user: { url: 'http://b', ready: true } },
      regions: ['eu'],
      empty: {},
      health: 'healthy',
    };
    expect(statusText(status, plain)).toBe(
      [
        'gatewayUrl  https://a',
        'services',
        '  user',
        '    url     http://b',
        '    ready   true',
        'regions     ["eu"]',
        'empty       {}',
        'health      healthy',
      ].join('\n'),
    );
  });

  it('has the order of its author', () => {
    const order = { url: '', services: { user: {}, admin: {} }, health: '' };
    expect(
      statusText({ health: 'healthy', services: { admin: 1, user: 2 }, state: 'ACTIVE', url: 'a' }, plain, order),
    ).toBe(['url      a', 'services', '  user   2', '  admin  1', 'health   healthy', 'state    ACTIVE'].join('\n'));
  });

  it('shows in colours what is good and what is not', () => {
    const colors = pico.createColors(true);
    expect(statusText({ a: true, b: false, c: 'degraded', d: 'Healthy', e: 3 }, colors)).toBe(
      [
        `a  ${colors.green('true')}`,
        `b  ${colors.red('false')}`,
        `c  ${colors.yellow('degraded')}`,
        `d  ${colors.green('Healthy')}`,
        'e  3',
      ].join('\n'),
    );
  });
});

describe('why a status is as it is', () => {
  const leaf = (expression: string, value: unknown): ExpressionTree => ({ expression, value, parts: [] });
  const text = (condition: boolean): ExpressionReason => ({
    path: '',
    field: 'status.health',
    expression: 'a == b ? "healthy" : "degraded"',
    value: condition ? 'healthy' : 'degraded',
    parts: [{ ...leaf('a == b', condition), parts: [leaf('a', 1)] }],
  });

  it.each<[title: string, reason: ExpressionReason, lines: readonly string[]]>([
    ['nothing of what is well', text(true), []],
    ['nothing of a condition that holds', { ...text(true), value: true }, []],
    [
      'the parts of what depends on a condition that does not hold',
      text(false),
      ['  status.health', '    a == b ? "healthy" : "degraded" = "degraded"', '      a == b = false', '        a = 1'],
    ],
    [
      'what has no value',
      { path: 'web', field: 'readyWhen', expression: 'a > 1', error: 'a is not there', parts: [] },
      ['  web readyWhen', '    a > 1 : a is not there'],
    ],
    [
      'one line of what is left out',
      { path: 'route', field: 'includeWhen', ...leaf('spec.public', false), parts: [leaf('spec', {})] },
      ['  route is left out: spec.public = false'],
    ],
  ])('says %s', (_title, reason, lines) => {
    expect(reasonLines([reason], plain)).toEqual(lines);
  });
});

describe('progress', () => {
  const record = (
    isLive: boolean,
  ): { lines: string[]; shown: string[][]; progress: Parameters<typeof localProgress>[0] } => {
    const lines: string[] = [];
    const shown: string[][] = [];
    return {
      lines,
      shown,
      progress: {
        isLive,
        line: (text) => void lines.push(text),
        live: (draw) => void shown.push([...draw({ columns: 80, rows: 24 })]),
        event: () => undefined,
        stop: () => undefined,
      },
    };
  };
  it('of a first build has an estimate', () => {
    const { shown, progress } = record(true);
    localProgress(progress)({ phase: 'build', text: 'Building', fraction: 0.25, secondsLeft: 200 });
    expect(shown).toEqual([['█████░░░░░░░░░░░░░░░ Building (25 %, about 3 min left)']]);
    expect([duration(0.2), duration(75), duration(100)]).toEqual(['1 s', '75 s', '2 min']);
  });

  it('is in a log a line for each step, not for each percent', () => {
    const { lines, progress } = record(false);
    const show = localProgress(progress);
    for (const fraction of [0.1, 0.11, 0.12]) show({ phase: 'build', text: 'Building', fraction });
    show({ phase: 'start', text: 'Starting etcd' });
    expect(lines).toEqual(['Building (10 %)', 'Starting etcd']);
  });
});

describe('an environment that extends another one', () => {
  it.each([
    ['merges objects', { a: { b: 1, c: 2 } }, { a: { c: 3 } }, { a: { b: 1, c: 3 } }],
    ['replaces lists', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['replaces by null', { a: { b: 1 } }, { a: null }, { a: null }],
    ['keeps what is undefined', { a: 1 }, { a: undefined }, { a: 1 }],
    ['replaces a scalar by an object', { a: 1 }, { a: { b: 2 } }, { a: { b: 2 } }],
  ])('%s', (_title, base, override, merged) => {
    expect(mergeDeep(base, override)).toEqual(merged);
  });

  it('takes every key as a key', () => {
    const merged = mergeDeep(JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"b":2}}')) as object;
    expect(Object.entries(merged)).toEqual([['__proto__', { a: 1, b: 2 }]]);
    expect(({} as { b?: unknown }).b).toBeUndefined();
  });
});

describe('what is counted', () => {
  const later = { path: 'later', reason: 'waits for new', unknown: [] };
  const both: Plan = { ...nothing, changed: true, changes: [change('create', 'new'), change('unchanged', 'same')] };

  it.each<[title: string, plan: Partial<Plan>, counting: Counting, text: string]>([
    [
      'what comes later is part of what is created',
      { createsNamespace: 'dev', pending: [{ ...later, action: 'create' }] },
      directly,
      '2 to create (1 of them later), 1 unchanged, and Namespace dev',
    ],
    [
      'everything comes later',
      { changes: [], pending: [{ ...later, action: 'create' }] },
      directly,
      '1 to create (later)',
    ],
    ['what nobody knows yet is named', { pending: [later] }, directly, '1 to create, 1 unchanged, 1 to decide later'],
    [
      'Secrets that are only read',
      { changes: [change('check', 'db')], changed: false },
      directly,
      'no changes (1 only read)',
    ],
    [
      'what would be refused',
      { problems: [new Error('x')] },
      directly,
      'would be refused; otherwise 1 to create, 1 unchanged',
    ],
    ['a namespace alone', { changes: [], createsNamespace: 'dev' }, directly, 'only Namespace dev'],
    ['kro', {}, { mode: 'kro', work: 'deploy' }, '1 to create, 1 unchanged; kro makes the objects of them'],
    [
      'a destruction with kro',
      { changes: [change('delete', 'app')], deletesNamespace: 'dev' },
      { mode: 'kro', work: 'destroy' },
      '1 to delete, and Namespace dev; kro deletes the objects that it made',
    ],
  ])('in a plan: %s', (_title, plan, counting, text) => {
    expect(plannedCounts({ ...both, ...plan }, counting)).toBe(text);
  });

  const done = (action: DeployedObject['action'], by?: 'kro'): DeployedObject => ({
    label: 'a',
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: 'a',
    action,
    ready: true,
    ...(by && { by }),
  });

  it.each<[title: string, result: Parameters<typeof doneCounts>[0], text: string]>([
    [
      'all that was made',
      { objects: [done('created'), done('created')], createdNamespace: 'dev', writes: 4 },
      '2 created, and Namespace dev',
    ],
    [
      'some of it',
      { objects: [done('unchanged'), done('updated'), done('deleted')], writes: 3 },
      '1 updated, 1 deleted, 1 unchanged',
    ],
    ['nothing', { objects: [done('unchanged')], writes: 0 }, 'no changes (1 unchanged)'],
    ['kro', { objects: [done('created'), done('checked', 'kro')], writes: 2 }, '1 created; 1 made by kro'],
    [
      'nothing with kro',
      { objects: [done('unchanged'), done('checked', 'kro')], writes: 0 },
      'no changes (1 unchanged); 1 made by kro',
    ],
    ['an end', { objects: [done('deleted')], deletedNamespace: 'dev', writes: 2 }, '1 deleted, and Namespace dev'],
  ])('in a result: %s', (_title, result, text) => {
    expect(doneCounts(result)).toBe(text);
  });

  it('an end with what is left', () => {
    const result = { objects: [done('deleted')], kept: ['ConfigMap b'], writes: 1, duration: 1234 };
    expect(destroyText({ name: 'shop' }, result, { colors: plain })).toBe(
      '✓ shop: 1 deleted, 1.2 s\n  kept: ConfigMap b',
    );
    const none = { objects: [], kept: [], writes: 0, duration: 5 };
    expect(destroyText({ name: 'shop' }, none, { colors: plain })).toBe('shop is not deployed');
  });
});

it('drift of a list names the fields in it that differ', () => {
  const drift = {
    label: 'a',
    apiVersion: 'v1',
    kind: 'Widget',
    name: 'a',
    change: 'field',
    path: 'spec.parts',
  } as const;
  const part = (size: number): object => ({ name: 'x'.repeat(200), size });
  const lines = driftLines([{ ...drift, reason: 'bob set it', wanted: [part(1)], found: [part(2)] }], 'direct', plain);
  expect(lines).toEqual(['  drift Widget a spec.parts[0].size: 1 → 2 (bob set it)']);
});

it.each([
  ['Secret', '(secret)', '(secret)', '(secret) changes'],
  ['Secret', '(secret)', undefined, '(secret) → nothing'],
  ['Secret', undefined, '(secret)', 'nothing → (secret)'],
  ['ConfigMap', 'a', 'b', '"a" → "b"'],
])('drift of a %s from %s to %s', (kind, wanted, found, text) => {
  const drift = {
    label: 'a',
    apiVersion: 'v1',
    kind,
    name: 'a',
    change: 'field',
    path: 'data.KEY',
    reason: 'x set it',
  } as const;
  expect(driftLines([{ ...drift, wanted, found }], 'direct', plain)).toEqual([
    `  drift ${kind} a data.KEY: ${text} (x set it)`,
  ]);
});
