import { describe, expect, it } from 'vitest';
import type { KubernetesObject, ListQuery } from '../../src/cluster/cluster.ts';
import { ownedBy } from '../../src/deploy/owned.ts';

interface Made {
  readonly owner?: KubernetesObject;
  readonly annotations?: Record<string, string>;
  readonly labels?: Record<string, string>;
}

function object(type: string, name: string, { owner, annotations, labels }: Made = {}): KubernetesObject {
  const [kind = '', ...group] = type.split('.');
  const ownerReferences = owner && [
    { apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '' },
  ];
  const metadata = { name, namespace: 'ns', uid: `uid-${name}`, ...(ownerReferences && { ownerReferences }) };
  const more = { ...(annotations && { annotations }), ...(labels && { labels }) };
  return { apiVersion: [...group, 'v1'].join('.').replace(/\.v1$/, '/v1'), kind, metadata: { ...metadata, ...more } };
}

/** What is found, by name, and how many lists that took. */
async function found(head: KubernetesObject, objects: readonly KubernetesObject[], forbidden = ''): Promise<unknown> {
  let lists = 0;
  const list = ({ apiVersion, kind }: ListQuery): Promise<unknown> => {
    lists += 1;
    if (kind === forbidden) return Promise.reject(new Error('Forbidden'));
    return Promise.resolve({ items: objects.filter((each) => each.kind === kind && each.apiVersion === apiVersion) });
  };
  const { pods, middle } = await ownedBy({ cluster: { list } } as never, head);
  const names = (some: readonly KubernetesObject[]): readonly string[] => some.map(({ metadata }) => metadata.name);
  return { pods: names(pods), middle: names(middle), lists };
}

const pod = (name: string, made: Made = {}): KubernetesObject => ({ ...object('Pod', name, made), apiVersion: 'v1' });

describe('what an object runs', () => {
  it('is found over the ReplicaSet of the current version only', async () => {
    const rollout = object('Rollout.argoproj.io', 'web');
    const set = (name: string, revision: string): KubernetesObject =>
      object('ReplicaSet.apps', name, { owner: rollout, annotations: { 'rollout.argoproj.io/revision': revision } });
    const [old, current] = [set('old', '9'), set('new', '10')] as const;
    const other = object('ReplicaSet.apps', 'other', { owner: object('Deployment.apps', 'other') });
    const pods = [pod('a', { owner: old }), pod('b', { owner: current }), pod('c', { owner: other }), pod('d')];
    expect(await found(rollout, [old, current, other, ...pods])).toMatchObject({ pods: ['b'], middle: ['new'] });
  });

  it('is found over kinds of other projects, in a bounded number of requests', async () => {
    const kafka = object('Kafka.kafka.strimzi.io', 'logs');
    const set = object('StrimziPodSet.core.strimzi.io', 'logs-brokers', { owner: kafka });
    const strangers = Array.from({ length: 20 }, (_, index) =>
      pod(`stranger-${index}`, { owner: object(`Kind${index}.example.com`, `owner-${index}`) }),
    );
    const own = [pod('broker', { owner: set }), pod('direct', { owner: kafka })];
    expect(await found(kafka, [set, ...own, ...strangers])).toEqual({
      pods: ['broker', 'direct'],
      middle: ['logs-brokers'],
      lists: 10,
    });
  });

  it('is found by the label of kro where that is no owner', async () => {
    const instance = object('Shop.example.com', 'shop');
    const web = object('Deployment.apps', 'web', { labels: { 'kro.run/instance-id': 'uid-shop' } });
    const set = object('ReplicaSet.apps', 'web-1', { owner: web });
    expect(await found(instance, [web, set, pod('a', { owner: set })])).toMatchObject({ pods: ['a'] });
  });

  it('is what may be seen of it', async () => {
    const web = { ...object('Deployment.apps', 'web'), spec: { template: {} } };
    const set = object('ReplicaSet.apps', 'web-1', { owner: web });
    expect(await found(web, [set, pod('a', { owner: set })], 'Pod')).toMatchObject({ pods: [], middle: ['web-1'] });
    expect(await found(web, [set, pod('a', { owner: set })], 'Job')).toMatchObject({ pods: ['a'] });
  });

  it('is not asked for about objects that run nothing', async () => {
    expect(await found(object('ConfigMap', 'settings'), [])).toEqual({ pods: [], middle: [], lists: 0 });
  });

  it('ends where owners own each other', async () => {
    const head = object('Shop.example.com', 'shop');
    const one = object('ReplicaSet.apps', 'one', { owner: object('ReplicaSet.apps', 'two') });
    const two = object('ReplicaSet.apps', 'two', { owner: one });
    expect(await found(head, [one, two, pod('a', { owner: one })])).toMatchObject({ pods: [] });
  });
});
