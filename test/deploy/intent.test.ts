import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/cluster/cluster.ts';
import { migrate } from '../../src/deploy/adopt.ts';
import { diff } from '../../src/deploy/diff.ts';
import { edgesOf } from '../../src/deploy/edges.ts';
import { valueAt } from '../../src/deploy/field-path.ts';
import { handOver } from '../../src/deploy/hand-over.ts';
import { applySetId, identify } from '../../src/deploy/identity.ts';
import { canonical, intentHash } from '../../src/deploy/intent.ts';
import { ownsAll } from '../../src/deploy/ownership.ts';
import { secretContent } from '../../src/deploy/secrets.ts';
import { Deferred } from '../../src/expr/value.ts';

const base = (more: object): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a' },
  ...more,
});
const owned = (fieldsV1: object, manager = 'kubewright'): KubernetesObject =>
  base({ metadata: { name: 'a', managedFields: [{ manager, operation: 'Apply', fieldsV1 }] } });

describe('the intent hash', () => {
  it('does not depend on the order of keys', () => {
    expect(canonical({ b: 1, a: [{ d: null, c: undefined }] })).toBe('{"a":[{"d":null}],"b":1}');
    expect(intentHash({ a: 1, b: 2 }, 'salt')).toBe(intentHash({ b: 2, a: 1 }, 'salt'));
  });

  it.each([3, 16, 17, 2_000])('sorts %i keys', (count) => {
    const names = Array.from({ length: count }, (_, index) => `k${(index * 7919) % count}-${index}`);
    const sorted = [...names].sort().map((name) => [name, name]);
    expect(canonical(Object.fromEntries(names.map((name) => [name, name])))).toBe(
      JSON.stringify(Object.fromEntries(sorted)),
    );
  });

  it('says nothing to who lacks the salt', () => {
    expect(intentHash({ password: 'a' }, 'one')).not.toBe(intentHash({ password: 'a' }, 'two'));
  });
});

describe('ownership', () => {
  it.each([
    ['a field that is ours', { data: { k: 'v' } }, { 'f:data': { 'f:k': {} } }, true],
    ['a field that is not', { data: { k: 'v', l: 'w' } }, { 'f:data': { 'f:k': {} } }, false],
    ['an atomic list', { spec: { args: ['a'] } }, { 'f:spec': { 'f:args': {} } }, true],
    [
      'a keyed list, key filled in by the server',
      { spec: { ports: [{ port: 80, name: 'http' }] } },
      { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:name': {} } } } },
      true,
    ],
    [
      'a keyed list without the item',
      { spec: { ports: [{ port: 81 }] } },
      { 'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { 'f:port': {} } } } },
      false,
    ],
    [
      'a set',
      { metadata: { name: 'a', finalizers: ['x'] } },
      { 'f:metadata': { 'f:finalizers': { 'v:"x"': {} } } },
      true,
    ],
    [
      'empty values, which leave no trace',
      { spec: { list: [], map: {}, nothing: null } },
      { 'f:spec': { 'f:other': {} } },
      true,
    ],
  ])('knows %s', (_title, intent, fields, expected) => {
    expect(ownsAll(base(intent), owned(fields))).toBe(expected);
  });

  it('is lost when nothing is left of ours', () => {
    expect(ownsAll(base({ data: { k: 'v' } }), owned({}))).toBe(false);
    expect(ownsAll(base({ metadata: { name: 'a', labels: { app: 'a' } } }), owned({ 'f:metadata': {} }))).toBe(false);
  });

  it('is lost when somebody else took all fields', () => {
    expect(ownsAll(base({ data: { k: 'v' } }), owned({ 'f:data': { 'f:k': {} } }, 'kubectl'))).toBe(false);
  });

  it('moves from tools to us in one entry, and stays with controllers', () => {
    const tool = {
      manager: 'kubectl-client-side-apply',
      operation: 'Update',
      apiVersion: 'v1',
      fieldsV1: { 'f:data': { 'f:a': {} } },
    };
    const helm = { manager: 'helm', operation: 'Update', apiVersion: 'v1', fieldsV1: { 'f:data': { 'f:b': {} } } };
    const controller = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'status', fieldsV1: {} };
    expect(migrate([tool, helm, controller])).toEqual([
      {
        manager: 'kubewright',
        operation: 'Apply',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } },
      },
      controller,
    ]);
    expect(migrate([controller])).toBeUndefined();
  });

  it('of replicas is handed to an autoscaler that there is, not to a person, nor when it is taken', () => {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'a' },
      spec: { replicas: 1, paused: false },
    };
    const scaledBy = (manager: string): KubernetesObject => ({
      ...deployment,
      metadata: {
        name: 'a',
        managedFields: [{ manager, subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }],
      },
    });
    const isTaken = (): boolean => false;
    const leaving = { autoscaled: true, isTaken };
    expect(handOver(deployment, scaledBy('kube-controller-manager'), leaving)['spec']).toEqual({ paused: false });
    expect(handOver(deployment, scaledBy('kubectl'), leaving)).toEqual(deployment);
    for (const other of [
      { autoscaled: false, isTaken },
      { autoscaled: true, isTaken: () => true },
    ])
      expect(handOver(deployment, scaledBy('kube-controller-manager'), other)).toEqual(deployment);
  });
});

describe('a diff', () => {
  it('names fields and leaves out what the server keeps for itself', () => {
    const before = base({
      metadata: { name: 'a', resourceVersion: '1', labels: { 'applyset.kubernetes.io/part-of': 'x' } },
      data: { 'x.y': '1', gone: '2' },
      status: { a: 1 },
    });
    const after = base({
      metadata: { name: 'a', resourceVersion: '2' },
      data: { 'x.y': '3' },
      list: [{ a: 1 }],
      status: { a: 2 },
    });
    expect(diff(before, after)).toEqual([
      { path: 'data["x.y"]', before: '1', after: '3' },
      { path: 'data.gone', before: '2' },
      { path: 'list', after: [{ a: 1 }] },
    ]);
  });

  it('shows that a Secret changes, not how', () => {
    const of = (data: object): KubernetesObject => ({ ...base({ data }), kind: 'Secret' });
    expect(diff(of({ a: 'eA==' }), of({ a: 'eQ==', b: 'eg==' }))).toEqual([
      { path: 'data.a', before: '(secret)', after: '(secret)' },
      { path: 'data.b', after: '(secret)' },
    ]);
  });
});

describe('Secrets', () => {
  it('are sent as the server stores them', () => {
    process.env['INTENT_TEST'] = 'from env';
    const deferred = new Deferred({ env: 'INTENT_TEST' });
    const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();
    const { data, stringData } = secretContent(
      { data: { a: 'eA==', b: deferred }, stringData: { c: deferred, a: 'wins' } },
      { source: 'plain', label: 's' },
    ) as { data: Record<string, string>; stringData: unknown };
    expect(Object.fromEntries(Object.entries(data).map(([key, value]) => [key, decode(value)]))).toEqual({
      a: 'wins',
      b: 'from env',
      c: 'from env',
    });
    expect(stringData).toBeUndefined();
    const replaced = secretContent({ stringData: { a: 'one' } }, { source: { a: 'two' }, label: 's' }) as {
      data: Record<string, string>;
    };
    expect(decode(replaced.data['a'])).toBe('two');
  });

  it('name what is missing, never what was found', () => {
    const missing = new Deferred({ file: '/nowhere/at/all' });
    expect(() => secretContent({ data: { a: missing } }, { source: 'plain', label: 'db' })).toThrow(
      'db data.a: file /nowhere/at/all cannot be read (ENOENT). Create it, or name another source.',
    );
  });
});

describe('names', () => {
  it('follow KEP-3659', () => {
    expect(applySetId({ name: 'x', namespace: 'y' })).toMatch(/^applyset-[\w-]{43}-v1$/);
  });

  it('differ for graphs with instances of one name, and fit', () => {
    const of = (graph: string): string => identify({ name: graph }, { name: 'it', namespace: 'n' }, 'default').name;
    expect(of('one')).not.toBe(of('two'));
    expect(of('g'.repeat(300)).length).toBeLessThanOrEqual(253);
  });

  it.each([
    ['.spec.containers[name="web"].image', 'x'],
    ['spec.containers[0].image', 'x'],
    ['spec.containers[name="web"].ports[containerPort=80,protocol="TCP"].name', 'http'],
    ['spec.list[1]', 'b'],
    ['.spec.list[="a"]', 'a'],
    ['.spec.nothing.there', undefined],
    ['spec.list.length', undefined],
    ['metadata.labels["app.kubernetes.io/name"]', 'shop'],
    ['metadata.labels[app.kubernetes.io/name]', 'shop'],
    ['.metadata.labels.app.kubernetes.io/name', 'shop'],
    ['metadata.labels["app.kubernetes.io"].name', undefined],
    ['spec.dns[port=53,protocol="UDP"].name', 'udp'],
    ['spec.dns[port=53,protocol="TCP"].name', 'tcp'],
    ['data["a.b"]', 1],
    ['data["a.b"].c', undefined],
    ['data.a.b', 1],
    ['data.a.b.c', 2],
    ['data["it\\"s"]', 3],
    ['data[0]', 4],
    ['data.constructor', undefined],
  ])('of fields lead to values: %s', (path, value) => {
    const containers = [{ name: 'web', image: 'x', ports: [{ containerPort: 80, name: 'http' }] }];
    const object = {
      metadata: { labels: { app: 'other', 'app.kubernetes.io/name': 'shop' } },
      spec: {
        containers,
        list: ['a', 'b'],
        dns: [
          { port: 53, name: 'tcp' },
          { port: 53, protocol: 'UDP', name: 'udp' },
        ],
      },
      data: { 'a.b': 1, 'a.b.c': 2, 'it"s': 3, '0': 4 },
    };
    expect(valueAt(object, path)).toBe(value);
  });
});

describe('derived order', () => {
  it('comes from the names that an object holds', () => {
    const pod = {
      serviceAccountName: 'sa',
      volumes: [{ configMap: { name: 'cm' } }, { persistentVolumeClaim: { claimName: 'pvc' } }],
      containers: [{ envFrom: [{ secretRef: { name: 's' } }] }],
    };
    const edges = edgesOf({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'n' },
      spec: { template: { spec: pod } },
    });
    expect(edges.map(({ groupKind, name, needs }) => `${groupKind} ${name} ${needs}`)).toEqual([
      'Namespace n ready',
      'ServiceAccount sa applied',
      'ConfigMap cm applied',
      'PersistentVolumeClaim pvc applied',
      'Secret s applied',
    ]);
  });

  it('follows references with kind and group', () => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'b', namespace: 'n' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' },
      subjects: [{ kind: 'ServiceAccount', name: 'sa', namespace: 'other' }],
    };
    expect(
      edgesOf(binding).map(({ groupKind, namespace, name }) => `${groupKind} ${String(namespace)}/${name}`),
    ).toEqual(['Namespace undefined/n', 'ClusterRole.rbac.authorization.k8s.io n/r', 'ServiceAccount other/sa']);
  });
});
