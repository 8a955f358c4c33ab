import pico from 'picocolors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeployView } from '../../src/cli/deploy-view.ts';
import type { Screen } from '../../src/cli/terminal.ts';
import type { DeployEvent, ObjectAddress, Plan, PlannedChange } from '../../src/deploy/options.ts';
import { documentedEvents, expectDocumented } from './documented-events.ts';

const plain = pico.createColors(false);

interface Recorded {
  readonly lines: string[];
  readonly events: object[];
  readonly view: DeployView;
  /** What is on the screen now. */
  readonly screen: (size?: Partial<Screen>) => readonly string[];
}

function record(isLive: boolean, work: 'deploy' | 'destroy' = 'deploy'): Recorded {
  const lines: string[] = [];
  const events: object[] = [];
  let draw: (screen: Screen) => readonly string[] = () => [];
  const progress = {
    isLive,
    line: (text: string) => void lines.push(text),
    live: (next: typeof draw) => void (draw = next),
    event: (event: object) => void events.push(event),
    stop: () => undefined,
  };
  const view = new DeployView(progress, { colors: plain, graph: 'shop', namespace: 'dev', work });
  return { lines, events, view, screen: (size) => draw({ columns: 80, rows: 24, ...size }) };
}

function deployment(label: string, name = label): ObjectAddress {
  return { label, apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'dev', name };
}

function change(object: ObjectAddress, action: PlannedChange['action']): PlannedChange {
  return { ...object, action, fields: [] };
}

function planOf(changes: readonly PlannedChange[]): Extract<DeployEvent, { type: 'plan' }> {
  const plan: Plan = { changes, pending: [], changed: true, warnings: [], problems: [] };
  return { type: 'plan', plan };
}

const web = deployment('web', 'shop-web');

describe('the progress of a deployment in a log', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is a line for every change, once, with how long it took, and for what keeps waiting', () => {
    const { lines, view } = record(false);
    view.show(planOf([change(web, 'create'), change(deployment('old'), 'unchanged')]));
    view.show({ type: 'pending', path: 'url', reason: 'waits for web' });
    view.show({ type: 'object', object: web, action: 'created' });
    view.show({ type: 'waiting', object: web, reason: 'its controller has not seen generation 1 yet' });
    view.show({ type: 'waiting', object: web, reason: '0 of 2 replicas are ready' });
    view.show({ type: 'ready', object: deployment('old') });
    vi.advanceTimersByTime(2000);
    view.show({ type: 'waiting', object: web, reason: '1 of 2 replicas are ready' });
    view.show({ type: 'retry', object: web, reason: 'the server says 429' });
    view.show({ type: 'problem', object: web, reason: 'ImagePullBackOff' });
    view.show({ type: 'problem', object: web, reason: 'ImagePullBackOff' });
    vi.advanceTimersByTime(1500);
    view.show({ type: 'ready', object: web });
    view.show({ type: 'object', object: deployment('gone'), action: 'deleted' });
    vi.advanceTimersByTime(10_000);
    expect(lines).toEqual([
      '  created Deployment shop-web',
      '  waits url: waits for web',
      '  waits Deployment shop-web: 0 of 2 replicas are ready',
      '  retries Deployment shop-web: the server says 429',
      '  fails Deployment shop-web: ImagePullBackOff',
      '  ready Deployment shop-web after 3.5 s',
      '  deleted Deployment gone',
    ]);
  });

  it('does not tell of what is over soon, nor of anything after the end', () => {
    const { lines, view } = record(false);
    view.show({ type: 'object', object: web, action: 'created' });
    view.show({ type: 'waiting', object: web, reason: '0 of 1 replicas are ready' });
    vi.advanceTimersByTime(40);
    view.show({ type: 'ready', object: web });
    view.show({ type: 'waiting', object: deployment('slow'), reason: 'kro has not seen it yet' });
    view.end();
    vi.advanceTimersByTime(10_000);
    expect(lines).toEqual(['  created Deployment shop-web', '  ready Deployment shop-web']);
  });

  it('does not tell of a resource that waits once it is there', () => {
    const { lines, view } = record(false);
    for (const path of ['web', 'workers', 'shop']) view.show({ type: 'pending', path, reason: 'it waits' });
    for (const label of ['web', 'workers[0]', 'shop/api'])
      view.show({ type: 'object', object: deployment(label), action: 'created' });
    vi.advanceTimersByTime(10_000);
    expect(lines.filter((line) => line.includes('waits'))).toEqual([]);
  });

  it('names another namespace than that of the instance', () => {
    const { lines, view } = record(false);
    view.show({ type: 'object', object: { ...web, namespace: 'other' }, action: 'created' });
    expect(lines).toEqual(['  created Deployment other/shop-web']);
  });

  it('knows what was done until now', () => {
    const { view } = record(false);
    expect(view.soFar()).toBe('');
    for (const action of ['created', 'updated'] as const) view.show({ type: 'object', object: web, action });
    view.show({ type: 'object', object: deployment('old'), action: 'deleted' });
    expect(view.soFar()).toBe('1 created, 1 deleted');
  });

  it('tells of the end of the namespace once', () => {
    const { lines, view } = record(false, 'destroy');
    const namespace = { label: 'namespace dev', apiVersion: 'v1', kind: 'Namespace', name: 'dev' };
    view.show({ type: 'waiting', object: namespace, reason: 'it is still being deleted' });
    vi.advanceTimersByTime(1000);
    view.show({ type: 'namespace', name: 'dev', action: 'deleted' });
    view.show({ type: 'namespace', name: 'other', action: 'kept', reason: 'it holds ConfigMap mine' });
    expect(lines).toEqual(['  deleted Namespace dev after 1.0 s', '  kept Namespace other: it holds ConfigMap mine']);
  });
});

describe('the progress of a deployment on a terminal', () => {
  it('is state, age and reason of what is worked on', () => {
    const { lines, view, screen } = record(true);
    view.show(
      planOf([change(web, 'create'), change(deployment('api'), 'create'), change(deployment('old'), 'unchanged')]),
    );
    view.show({ type: 'object', object: web, action: 'created' });
    view.show({ type: 'waiting', object: web, reason: '0 of 2 replicas\nare ready' });
    view.show({ type: 'ready', object: deployment('old') });
    expect(screen()).toEqual([
      '  1 of 3 ready, 1 waiting, 1 queued, 0 s',
      '    … Deployment shop-web  waiting     0 s  0 of 2 replicas are ready',
      '    · Deployment api       queued      0 s',
    ]);
    view.show({ type: 'problem', object: web, reason: 'ImagePullBackOff' });
    view.show({ type: 'object', object: deployment('api'), action: 'created' });
    view.show({ type: 'ready', object: deployment('api') });
    expect(screen()).toEqual([
      '  2 of 3 ready, 1 failing, 0 s',
      '    ✗ Deployment shop-web  failing     0 s  ImagePullBackOff',
      '    ✓ Deployment api       ready       0 s',
    ]);
    expect(lines).toEqual([]);
  });

  it('shows instances and collections as branches', () => {
    const { view, screen } = record(true);
    const labels = ['web', 'shop/api', 'shop/workers[0]', 'shop/workers[1]', 'jobs[0]'];
    view.show(planOf(labels.map((label) => change(deployment(label, label.replaceAll(/\W/g, '-')), 'create'))));
    view.show({ type: 'namespace', name: 'dev', action: 'created' });
    expect(screen().map((line) => line.replace(/ +queued .*/, ''))).toEqual([
      '  0 of 5 ready, 5 queued, 0 s',
      '    · Deployment web',
      '    shop',
      '      · Deployment shop-api',
      '      workers',
      '        · Deployment shop-workers-0-',
      '        · Deployment shop-workers-1-',
      '    jobs',
      '      · Deployment jobs-0-',
    ]);
  });

  it.each([
    [80, 24],
    [120, 40],
    [40, 10],
  ])('fits %i columns and %i rows with 150 resources, the most urgent of them', (columns, rows) => {
    const { view, screen } = record(true);
    const all = Array.from({ length: 150 }, (_, index) => deployment(`r${index}`, `a-rather-long-name-${index}`));
    view.show(planOf(all.map((object) => change(object, 'create'))));
    for (const object of all.slice(0, 140)) {
      view.show({ type: 'object', object, action: 'created' });
      view.show({ type: 'ready', object });
    }
    view.show({ type: 'problem', object: all[145] as ObjectAddress, reason: 'CrashLoopBackOff '.repeat(20) });
    const lines = screen({ columns, rows });
    expect(lines.length).toBeLessThanOrEqual(rows - 1);
    for (const line of lines) expect(line.length).toBeLessThan(columns);
    expect(lines.join('\n')).toMatch(/✗ Deployment a-rather.*failing/);
    expect(lines.at(-1)).toMatch(/and \d+ more: .*ready/);
  });

  it('of a destruction counts what is gone', () => {
    const { view, screen } = record(true, 'destroy');
    view.show(planOf([change(web, 'delete'), change(deployment('api'), 'delete')]));
    view.show({ type: 'waiting', object: web, reason: 'its finalizers a/b hold it' });
    view.show({ type: 'object', object: deployment('api'), action: 'deleted' });
    expect(screen()).toEqual([
      '  1 of 2 deleted, 0 s',
      '    … Deployment shop-web  deleting    0 s  its finalizers a/b hold it',
      '    ✓ Deployment api       deleted     0 s',
    ]);
  });
});

/** One of each; a new type of event does not compile until it is here. */
const examples: { readonly [T in DeployEvent['type']]: readonly Extract<DeployEvent, { type: T }>[] } = {
  plan: [planOf([change(web, 'create')]), { type: 'plan', plan: { ...planOf([]).plan, createsNamespace: 'dev' } }],
  namespace: [
    { type: 'namespace', name: 'dev', action: 'created' },
    { type: 'namespace', name: 'dev', action: 'kept', reason: 'it holds a Pod' },
  ],
  lock: [{ type: 'lock', holder: 'machine/1/a' }],
  object: [{ type: 'object', object: web, action: 'created' }],
  waiting: [{ type: 'waiting', object: web, reason: 'a' }],
  ready: [{ type: 'ready', object: web }],
  problem: [{ type: 'problem', object: web, reason: 'a' }],
  pending: [{ type: 'pending', path: 'web', reason: 'a' }],
  retry: [{ type: 'retry', object: web, reason: 'a' }],
  warning: [{ type: 'warning', message: 'a' }],
};

describe('events for programs', () => {
  it.each(Object.entries(examples))('%s is as docs/command-line.md says', (type, samples) => {
    const { events, view } = record(false);
    for (const sample of samples) view.show(sample);
    expect(documentedEvents().has(type)).toBe(true);
    for (const event of events) expectDocumented({ at: new Date().toISOString(), ...event });
  });
});
