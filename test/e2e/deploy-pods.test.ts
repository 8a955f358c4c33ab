import { afterAll, describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { deploy } from '../../src/deploy/deploy.ts';
import type { DeployEvent, Mode } from '../../src/deploy/options.ts';
import { status } from '../../src/deploy/status.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { kind } from '../../src/k8s/index.ts';
import { connectTo, freshName, graphOf, optionsFor } from './deploying.ts';
import { place } from './place.ts';

const cluster = await connectTo(place);
afterAll(() => cluster.close());

/** A Deployment of one pod. */
const webOf = ({ annotations = {}, cpu = '1m' }: Wanted): never =>
  kind({ apiVersion: 'apps/v1', kind: 'Deployment' })({
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' }, annotations },
        spec: { containers: [{ name: 'main', image: 'nginx', resources: { requests: { cpu } } }] },
      },
    },
  } as never) as never;

/** Definitions are shared by a whole cluster, so each graph has a name and a kind of its own. */
const oneDeployment = (name: string, wanted: Wanted): Graph => ({
  ...graphOf(name, () => ({ web: webOf(wanted) })),
  kind: `P${name.replaceAll('-', '')}`,
});

interface Wanted {
  readonly annotations?: Record<string, string>;
  readonly cpu?: string;
}

async function podIn(namespace: string): Promise<KubernetesObject | undefined> {
  return (await cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace })).items[0];
}

/** What a kubelet reports of a container that was started after all. */
async function started(pod: KubernetesObject, ready: boolean): Promise<void> {
  const { name, namespace } = pod.metadata;
  const now = new Date().toISOString();
  const condition = (type: string): object => ({ type, status: ready ? 'True' : 'False', lastTransitionTime: now });
  const container = { name: 'main', image: 'nginx', imageID: '', restartCount: 0, ready, started: true };
  const body = {
    status: {
      phase: 'Running',
      conditions: [condition('Ready'), condition('ContainersReady')],
      containerStatuses: [{ ...container, state: { running: { startedAt: now } } }],
    },
  };
  await cluster.patch(
    { apiVersion: 'v1', kind: 'Pod', name, namespace },
    { type: 'merge', body },
    { subresource: 'status', fieldManager: 'kubelet' },
  );
}

const reasons = (events: readonly DeployEvent[], type: 'problem' | 'waiting', label: string): string[] =>
  events.flatMap((event) => (event.type === type && event.object.label === label ? [event.reason] : []));

describe('pods of a deployment', () => {
  it.each<Mode>(['direct', 'kro'])(
    'mode %s: an image that was pulled in another try does not fail a slow start',
    async (mode) => {
      const name = freshName('healed');
      const options = optionsFor({ cluster, namespace: name, mode });
      const graph = oneDeployment(name, { annotations: { 'simulate.kubewright.dev/pod': 'image-pull-error' } });
      const deploying = deploy(graph, options);
      deploying.catch(() => undefined);
      await expect.poll(() => reasons(options.events, 'problem', 'web'), { timeout: 15_000 }).toHaveLength(1);
      const pod = (await podIn(name)) as KubernetesObject;
      await started(pod, false);
      await new Promise((done) => setTimeout(done, 12_000));
      await started(pod, true);
      expect((await deploying).objects).toContainEqual(expect.objectContaining({ label: 'web', ready: true }));
    },
  );

  it('says after 15 s that no node takes a pod, and goes on waiting', async () => {
    const name = freshName('greedy');
    const options = { ...optionsFor({ cluster, namespace: name }), timeoutMs: 22_000 };
    const graph = oneDeployment(name, { cpu: '1000000' });
    const startedAt = performance.now();
    await expect(deploy(graph, options)).rejects.toThrow(
      /not finished after 22 s.*pod web-\S+: Unschedulable: .*Insufficient cpu/s,
    );
    expect(performance.now() - startedAt).toBeGreaterThan(21_000);
    expect(reasons(options.events, 'problem', 'web')).toEqual([]);
    const told = reasons(options.events, 'waiting', 'web').filter((reason) => reason.includes('Unschedulable'));
    expect(told).toEqual([expect.stringMatching(/^pod web-\S+, Unschedulable: .*Insufficient cpu/)]);
    const { objects } = await status(graph, { ...options, why: true });
    expect(objects[0]).toMatchObject({
      state: 'waiting',
      details: expect.arrayContaining([expect.stringMatching(/^pod web-\S+: Unschedulable: .*Insufficient cpu/)]),
    });
  });

  it('a Job that is deleted after its success is done, while the rest still starts', async () => {
    const name = freshName('job');
    const options = optionsFor({ cluster, namespace: name });
    const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'task', namespace: name };
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } };
    const graph = graphOf(name, () => ({
      web: webOf({ annotations: { 'simulate.kubewright.dev/start-delay': '20s' } }),
      task: kind({ apiVersion: 'batch/v1', kind: 'Job' })({
        metadata: { name: 'task' },
        spec: { ttlSecondsAfterFinished: 1, template },
      } as never),
    }));
    const deploying = deploy(graph, options);
    deploying.catch(() => undefined);
    const poll = { timeout: 17_000 };
    await expect.poll(() => cluster.get(job), poll).toBeDefined();
    await expect.poll(async () => (await cluster.get(job)) === undefined, poll).toBe(true);
    expect(options.events.filter((event) => event.type === 'ready' && event.object.label === 'web')).toEqual([]);
    const { objects } = await deploying;
    expect(objects).toContainEqual(expect.objectContaining({ label: 'task', action: 'created', ready: true }));
    expect(await cluster.get(job)).toBeUndefined();
  });
});
