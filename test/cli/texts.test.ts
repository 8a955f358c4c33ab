import pico from 'picocolors';
import { describe, expect, it } from 'vitest';
import { destroyText } from '../../src/cli/destroy.ts';
import { takeAllText } from '../../src/cli/take.ts';
import { KubewrightError } from '../../src/errors.ts';
import { mergeDeep } from '../../src/cli/merge.ts';
import { planText } from '../../src/cli/plan-text.ts';
import { duration, localProgress } from '../../src/cli/session.ts';
import { driftLines } from '../../src/cli/status-reasons.ts';
import { statusText } from '../../src/cli/status-text.ts';
import type { Plan, PlannedChange } from '../../src/deploy/options.ts';

const plain = pico.createColors(false);
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
          path: 'later',
          reason: 'waits for new',
          unknown: [{ path: 'data.ip', expression: '${service.spec.clusterIP}' }],
        },
      ],
      warnings: ['a definition has other instances'],
      problems: [new Error('theirs exists'), new Error('web: 2 problems\n  - one\n  - two')],
    };
    expect(planText(plan, plain)).toBe(
      [
        '  + Namespace dev',
        '  + ConfigMap dev/new           new',
        '  ~ ConfigMap dev/old-and-long  old-and-long',
        `      data.a: 1 → "${'x'.repeat(56)}…`,
        '      data.b: 2 (removed)',
        '      data.c: "(secret)" (new)',
        '  - ConfigMap dev/gone          gone',
        '  ! ConfigMap dev/theirs        theirs',
        '  · later: waits for new',
        '      data.ip: ${service.spec.clusterIP}',
        '  warning: a definition has other instances',
        '  error: theirs exists',
        '  error: web: 2 problems',
        '    - one',
        '    - two',
        '  2 to create, 1 to update, 1 to take over, 1 to delete, 1 unchanged',
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
    const text = planText({ ...nothing, changed: true, changes }, plain);
    expect(text.split('\n').length).toBeLessThan(50);
    expect(text).toContain('… and 4960 more objects\n  5000 to create');
  });

  it('says when there is nothing to do', () => {
    expect(planText({ ...nothing, changes: [change('unchanged', 'same')] }, plain)).toBe('  no changes (1 unchanged)');
    expect(planText(nothing, plain)).toBe('  nothing to do');
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

it.each([
  [1, '1 object deleted'],
  [2, '2 objects deleted'],
])('%i that destroy deleted are counted', (count, text) => {
  const one = { label: 'a', apiVersion: 'v1', kind: 'ConfigMap', name: 'a', action: 'deleted', ready: false } as const;
  const objects = Array.from({ length: count }, () => one);
  const result = { objects, kept: [], writes: count, duration: 1234 };
  expect(destroyText({ name: 'shop' }, result, { colors: plain })).toBe(`✓ shop: ${text}, 1.2 s`);
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
