import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KubernetesObject, WatchEvent } from '../../src/cluster/cluster.ts';
import type { DeployEvent } from '../../src/deploy/options.ts';
import { PodProblems } from '../../src/deploy/pod-problems.ts';

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'nginx' }] },
};
const workload = (name: string, made: object = template): never =>
  ({
    desired: {
      label: name,
      namespace: 'ns',
      object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { template: made } },
    },
  }) as never;

interface Container {
  readonly waiting?: string;
  readonly ready?: boolean;
  readonly unscheduled?: boolean;
}

function podOf(uid: string, { waiting, ready = false, unscheduled }: Container): KubernetesObject {
  const state = waiting ? { waiting: { reason: waiting } } : { running: {} };
  const status = unscheduled
    ? { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' }] }
    : { containerStatuses: [{ name: 'main', ready, state }] };
  const metadata = { name: `web-${uid}`, namespace: 'ns', uid, labels: { app: 'web' } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec, status };
}

/** A namespace whose pods are what a test says, and a deployment that looks at them. */
class Scene {
  readonly events: DeployEvent[] = [];
  readonly problems: PodProblems;
  #send: (event: WatchEvent) => void = () => undefined;

  constructor() {
    const cluster = {
      list: () => Promise.resolve({ items: [], resourceVersion: '1' }),
      watch: () => this.#watch(),
    };
    const emit = (event: DeployEvent): number => this.events.push(event);
    this.problems = new PodProblems({ cluster, emit, secretValues: { hide: String } } as never, () => undefined);
    this.problems.follow(workload('web'));
  }

  async *#watch(): AsyncGenerator<WatchEvent> {
    for (;;) yield await new Promise<WatchEvent>((resolve) => (this.#send = resolve));
  }

  async shows(container: Container, uid = 'a'): Promise<void> {
    this.#send({ type: 'modified', object: podOf(uid, container) });
    await this.after(0);
  }

  async loses(uid = 'a'): Promise<void> {
    this.#send({ type: 'deleted', object: podOf(uid, {}) });
    await this.after(0);
  }

  async after(seconds: number): Promise<string | undefined> {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
    return this.problems.fatal('web');
  }
}

describe('problems of pods', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  const scene = async (): Promise<Scene> => {
    const started = new Scene();
    await started.after(2);
    return started;
  };

  it('are fatal when an image cannot be pulled for 10 s', async () => {
    const pods = await scene();
    await pods.shows({ waiting: 'ErrImagePull' });
    expect(await pods.after(5)).toBeUndefined();
    await pods.shows({ waiting: 'ImagePullBackOff' });
    expect(await pods.after(6)).toMatch(/pod web-a, container main: ImagePullBackOff/);
    expect(pods.problems.isFatal()).toBe(true);
  });

  it('are over when the image was pulled in another try, however slowly the container starts', async () => {
    const pods = await scene();
    await pods.shows({ waiting: 'ErrImagePull' });
    await pods.after(5);
    await pods.shows({});
    expect(await pods.after(60)).toBeUndefined();
    await pods.shows({ waiting: 'ErrImagePull' });
    expect(await pods.after(9)).toBeUndefined();
    expect(await pods.after(2)).toMatch(/ErrImagePull/);
  });

  it('are fatal when a container crashes again and again for 60 s, also where it runs in between', async () => {
    const pods = await scene();
    for (const _ of [1, 2, 3]) {
      await pods.shows({ waiting: 'CrashLoopBackOff' });
      expect(await pods.after(15)).toBeUndefined();
      await pods.shows({});
      expect(await pods.after(6)).toBeUndefined();
    }
    await pods.shows({ waiting: 'CrashLoopBackOff' });
    expect(await pods.after(1)).toMatch(/CrashLoopBackOff/);
  });

  it('are over when a container that crashed is ready, or runs for long', async () => {
    const pods = await scene();
    await pods.shows({ waiting: 'CrashLoopBackOff' });
    await pods.after(20);
    await pods.shows({ ready: true });
    expect(await pods.after(45)).toBeUndefined();
    await pods.shows({ waiting: 'CrashLoopBackOff' });
    expect(await pods.after(50)).toBeUndefined();
    await pods.shows({});
    expect(await pods.after(65)).toBeUndefined();
    await pods.shows({ waiting: 'CrashLoopBackOff' });
    expect(await pods.after(50)).toBeUndefined();
  });

  it('belong to one pod: its successor has time of its own, and one that is gone is none', async () => {
    const pods = await scene();
    await pods.shows({ waiting: 'ErrImagePull' }, 'a');
    await pods.after(9);
    await pods.loses('a');
    await pods.shows({ waiting: 'ErrImagePull' }, 'b');
    expect(await pods.after(9)).toBeUndefined();
    await pods.loses('b');
    expect(await pods.after(30)).toBeUndefined();
    await pods.shows({ waiting: 'ErrImagePull' }, 'c');
    await pods.shows({ ready: true }, 'd');
    expect(await pods.after(11)).toMatch(/pod web-c/);
  });

  it('are told once, and no node for a pod after 15 s, which is never fatal', async () => {
    const pods = await scene();
    await pods.shows({ unscheduled: true }, 'a');
    await pods.shows({ unscheduled: true }, 'b');
    await pods.after(14);
    expect(pods.events).toEqual([]);
    expect(await pods.after(600)).toBeUndefined();
    const object = { label: 'web', namespace: 'ns' };
    expect(pods.events).toMatchObject([{ type: 'waiting', object, reason: 'pod web-a, Unschedulable: no node' }]);
    await pods.shows({ waiting: 'ErrImagePull' }, 'a');
    await pods.shows({ waiting: 'ImagePullBackOff' }, 'b');
    expect(pods.events.slice(1)).toMatchObject([{ type: 'problem', object }]);
  });

  it('are told to be over, and told again when they are back', async () => {
    const pods = await scene();
    await pods.shows({ waiting: 'ErrImagePull' }, 'a');
    await pods.shows({ waiting: 'ErrImagePull' }, 'b');
    await pods.shows({}, 'a');
    await pods.loses('b');
    await pods.shows({ waiting: 'ErrImagePull' }, 'c');
    expect(pods.events).toMatchObject([
      { type: 'problem', reason: 'pod web-a, container main: ErrImagePull' },
      { type: 'waiting', reason: 'over: pod web-b, container main: ErrImagePull' },
      { type: 'problem', reason: 'pod web-c, container main: ErrImagePull' },
    ]);
  });

  it('are those of a Pod without a workload, too', async () => {
    const pods = await scene();
    const pod = podOf('a', {});
    pods.problems.follow({ desired: { label: 'pod', name: 'web-a', namespace: 'ns', object: pod } } as never);
    await pods.shows({ waiting: 'ErrImagePull' }, 'b');
    await pods.after(11);
    expect(pods.problems.fatal('pod')).toBeUndefined();
    await pods.shows({ waiting: 'ErrImagePull' }, 'a');
    expect(pods.problems.fatal('pod')).toBeUndefined();
    await pods.after(11);
    expect(pods.problems.fatal('pod')).toMatch(/pod web-a, container main: ErrImagePull/);
  });

  const { metadata, spec } = template;
  const [main] = spec.containers;
  it.each<readonly [string, object]>([
    ['image', { metadata, spec: { containers: [{ ...main, image: 'nginx:2' }] } }],
    ['variable', { metadata, spec: { containers: [{ ...main, env: [{ name: 'A', value: 'b' }] }] } }],
    ['command', { metadata, spec: { containers: [{ ...main, command: ['sh'] }] } }],
    ['container less', { metadata, spec: { containers: [main, { name: 'side', image: 'nginx' }] } }],
    ['annotation', { metadata: { ...metadata, annotations: { checksum: 'b' } }, spec }],
    ['label', { metadata: { labels: { ...metadata.labels, version: 'b' } }, spec }],
  ])('are not those of a version with another %s', async (_what, next) => {
    const pods = await scene();
    pods.problems.follow(workload('web', next));
    await pods.shows({ waiting: 'ErrImagePull' });
    expect(await pods.after(20)).toBeUndefined();
    expect(pods.events).toEqual([]);
  });

  it('are those of the version that is wanted now, with what the server leaves out', async () => {
    const pods = await scene();
    const empty = { ...main, args: [], env: [], envFrom: null, command: undefined };
    pods.problems.follow(
      workload('web', { metadata: { ...metadata, annotations: {} }, spec: { containers: [empty] } }),
    );
    await pods.shows({ waiting: 'ErrImagePull' });
    expect(await pods.after(20)).toMatch(/ErrImagePull/);
  });

  it('says nothing of a pod that found its node in time', async () => {
    const pods = await scene();
    await pods.shows({ unscheduled: true });
    await pods.after(10);
    await pods.shows({});
    await pods.after(60);
    expect(pods.events).toEqual([]);
  });

  it('are seen by a workload that is followed only later', async () => {
    const pods = await scene();
    await pods.shows({ waiting: 'ErrImagePull' });
    pods.problems.follow(workload('late'));
    await pods.after(11);
    expect(pods.problems.fatal('late')).toMatch(/pod web-a/);
    expect(pods.events.map((event) => 'object' in event && event.object.label)).toEqual(['web', 'late']);
  });
});
