import { describe, expect, test } from 'vitest';
import { schemaReference } from '../../src/graph/schema-reference.ts';
import * as simple from '../../src/k8s/simple.ts';
import { objectOf } from './draft-of.ts';

interface Spec {
  name: string;
  image: string;
  replicas: number;
  host: string;
  command: string[];
  labels: Record<string, string>;
  ports: { containerPort: number }[];
}

const { spec } = schemaReference<Spec>();

/** A Deployment named `web` with these parts of its container, its pod and its labels. */
function web(parts: { container?: object; pod?: object; labels?: object; replicas?: unknown } = {}): object {
  const { container, pod, labels, replicas = 1 } = parts;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web', ...labels } },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web', ...labels } },
        spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...pod },
      },
    },
  };
}

const required = { name: 'web', image: 'web:1' };
const mount = { name: 'web-config', mountPath: '/etc/web' };
const valueFrom = { secretKeyRef: { name: 'db', key: 'password' } };
const probe = { httpGet: { path: '/health', port: 3000 } };

describe('simple.Deployment', () => {
  const cases: [string, Partial<simple.DeploymentProperties>, object][] = [
    ['only what is required', {}, web()],
    ['an id, which is no field', { id: 'web' }, web()],
    ['replicas: 0', { replicas: 0 }, web({ replicas: 0 })],
    ['replicas as an expression', { replicas: spec.replicas }, web({ replicas: '${schema.spec.replicas}' })],
    ['labels beside app', { labels: { tier: 'front', app: 'web' } }, web({ labels: { tier: 'front' } })],
    [
      'command and args',
      { command: ['a'], args: ['b', spec.host] },
      web({ container: { command: ['a'], args: ['b', '${schema.spec.host}'] } }),
    ],
    [
      'a whole list as an expression',
      { command: spec.command },
      web({ container: { command: '${schema.spec.command}' } }),
    ],
    ['ports', { ports: [{ containerPort: 80 }] }, web({ container: { ports: [{ containerPort: 80 }] } })],
    ['an empty list as it is', { ports: [] }, web({ container: { ports: [] } })],
    [
      'env as a list',
      {
        env: [
          { name: 'HOST', value: spec.host },
          { name: 'PASSWORD', valueFrom },
        ],
      },
      web({
        container: {
          env: [
            { name: 'HOST', value: '${schema.spec.host}' },
            { name: 'PASSWORD', valueFrom },
          ],
        },
      }),
    ],
    [
      'env as a map, in its order',
      { env: { PORT: '3000', HOST: spec.host, PASSWORD: { valueFrom } } },
      web({
        container: {
          env: [
            { name: 'PORT', value: '3000' },
            { name: 'HOST', value: '${schema.spec.host}' },
            { name: 'PASSWORD', valueFrom },
          ],
        },
      }),
    ],
    ['an empty env', { env: {} }, web()],
    [
      'envFrom',
      { envFrom: [{ configMapRef: { name: 'c' } }] },
      web({ container: { envFrom: [{ configMapRef: { name: 'c' } }] } }),
    ],
    [
      'probes',
      { livenessProbe: probe, readinessProbe: probe },
      web({ container: { livenessProbe: probe, readinessProbe: probe } }),
    ],
    [
      'resources',
      { resources: { requests: { cpu: 1, memory: '64Mi' } } },
      web({ container: { resources: { requests: { cpu: 1, memory: '64Mi' } } } }),
    ],
    [
      'volumes',
      { volumes: [{ name: 'tmp', emptyDir: {} }], volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }] },
      web({
        container: { volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }] },
        pod: { volumes: [{ name: 'tmp', emptyDir: {} }] },
      }),
    ],
  ];

  test.each(cases)('%s', (_title, properties, expected) => {
    expect(objectOf(simple.Deployment({ ...required, ...properties }))).toEqual(expected);
  });

  test('takes a namespace, and a name that is an expression', () => {
    expect(objectOf(simple.Deployment({ name: spec.name, image: spec.image, namespace: 'shop' }))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: '${schema.spec.name}', namespace: 'shop', labels: { app: '${schema.spec.name}' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: '${schema.spec.name}' } },
        template: {
          metadata: { labels: { app: '${schema.spec.name}' } },
          spec: { containers: [{ name: '${schema.spec.name}', image: '${schema.spec.image}' }] },
        },
      },
    });
  });

  test('labels as an expression keep the app label', () => {
    const labels = '${schema.spec.labels.merge({"app": "web"})}';
    expect(objectOf(simple.Deployment({ ...required, labels: spec.labels }))).toMatchObject({
      metadata: { labels },
      spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels } } },
    });
  });
});

describe('configMaps of simple.Deployment', () => {
  const parts = (configMaps: readonly object[], rest: object = {}): unknown => {
    const made = objectOf(simple.Deployment({ ...required, ...rest, configMaps: configMaps as never }));
    const { spec: pod } = (
      made as { spec: { template: { spec: { containers: { volumeMounts: unknown }[]; volumes: unknown } } } }
    ).spec.template;
    return [pod.volumes, pod.containers[0]?.volumeMounts];
  };

  test('one volume and one mount', () => {
    expect(parts([{ ...mount, subPath: 'web.conf' }])).toEqual([
      [{ name: 'web-config', configMap: { name: 'web-config' } }],
      [{ name: 'web-config', mountPath: '/etc/web', subPath: 'web.conf' }],
    ]);
  });

  test('two files of one ConfigMap share its volume', () => {
    expect(parts([mount, { name: 'web-config', mountPath: '/etc/other' }])).toEqual([
      [{ name: 'web-config', configMap: { name: 'web-config' } }],
      [
        { name: 'web-config', mountPath: '/etc/web' },
        { name: 'web-config', mountPath: '/etc/other' },
      ],
    ]);
  });

  test('volumes are added to those of the author, under free names', () => {
    const own = {
      volumes: [{ name: 'web-config', emptyDir: {} }],
      volumeMounts: [{ name: 'web-config', mountPath: '/tmp' }],
    };
    expect(parts([mount], own)).toEqual([
      [
        { name: 'web-config', emptyDir: {} },
        { name: 'web-config-2', configMap: { name: 'web-config' } },
      ],
      [
        { name: 'web-config', mountPath: '/tmp' },
        { name: 'web-config-2', mountPath: '/etc/web' },
      ],
    ]);
  });

  const long = 'a'.repeat(100);
  test.each([
    ['dots become dashes', ['app.example.com'], ['app-example-com']],
    ['names that become the same stay apart', ['a.b', 'a-b', 'a..b'], ['a-b', 'a-b-2', 'a--b']],
    ['long names are cut', [long, `${long}.x`], [long.slice(0, 63), `${long.slice(0, 59)}-2`]],
    ['no dash at the end', [`${'a'.repeat(62)}.b`], ['a'.repeat(62)]],
    ['expressions are numbered', [spec.name, 'config-2', spec.host], ['config-1', 'config-2', 'config-2-2']],
  ])('%s', (_title, names, expected) => {
    const [volumes] = parts(names.map((name) => ({ name, mountPath: '/x' }))) as [{ name: string }[]];
    expect(volumes.map(({ name }) => name)).toEqual(expected);
  });
});

test('simple.StatefulSet', () => {
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } },
  };
  const made = simple.StatefulSet({
    ...required,
    serviceName: 'web',
    env: { A: 'b' },
    ports: [{ containerPort: 80 }],
    volumeClaimTemplates: [claim],
  });
  expect(objectOf(made)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      serviceName: 'web',
      replicas: 1,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            { name: 'web', image: 'web:1', env: [{ name: 'A', value: 'b' }], ports: [{ containerPort: 80 }] },
          ],
        },
      },
      volumeClaimTemplates: [claim],
    },
  });
});

test('simple.DaemonSet', () => {
  const volumeMounts = [{ name: 'log', mountPath: '/var/log' }];
  const volumes = [{ name: 'log', hostPath: { path: '/var/log' } }];
  expect(
    objectOf(simple.DaemonSet({ ...required, resources: { limits: { memory: '64Mi' } }, volumes, volumeMounts })),
  ).toEqual({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [{ name: 'web', image: 'web:1', resources: { limits: { memory: '64Mi' } }, volumeMounts }],
          volumes,
        },
      },
    },
  });
});

describe('simple.Job and simple.CronJob', () => {
  const template = (restartPolicy: string, container: object = {}): object => ({
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: 'web:1', ...container }], restartPolicy },
  });
  const job = (spec: object): object => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec,
  });

  test.each([
    ['only what is required', {}, { template: template('OnFailure') }],
    [
      'zeros are kept',
      { backoffLimit: 0, completions: 0 },
      { backoffLimit: 0, completions: 0, template: template('OnFailure') },
    ],
    [
      'restartPolicy and command',
      { restartPolicy: 'Never' as const, command: ['run'] },
      { template: template('Never', { command: ['run'] }) },
    ],
  ])('Job: %s', (_title, properties, expected) => {
    expect(objectOf(simple.Job({ ...required, ...properties }))).toEqual(job(expected));
  });

  test('CronJob', () => {
    expect(objectOf(simple.CronJob({ ...required, schedule: '0 3 * * *', command: ['run'] }))).toEqual({
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: template('OnFailure', { command: ['run'] }) } } },
    });
  });
});
