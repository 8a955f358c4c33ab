import { expect, test } from 'vitest';
import type { AnyRef } from '../../src/expr/expression.ts';
import { schemaReference } from '../../src/graph/schema-reference.ts';
import * as simple from '../../src/k8s/simple.ts';

const { spec } = schemaReference<{ name: string; volumes: { name: string }[]; other: string }>();
const web = { name: 'web', image: 'web:1' };
/** What TypeScript would refuse in a literal. */
const any = (properties: unknown): AnyRef => properties;

const cases: [string, () => unknown, string][] = [
  [
    'a typing mistake',
    () => simple.Deployment({ ...web, ...any({ replica: 2 }) }),
    'simple.Deployment web replica: there is no such property. Did you mean "replicas"?',
  ],
  [
    'an unknown property',
    () => simple.ConfigMap({ name: 'web', data: {}, ...any({ immutable: true }) }),
    'simple.ConfigMap web immutable: there is no such property. It has name, id, namespace, data; the full factory of the kind takes everything else.',
  ],
  [
    'several problems at once',
    () => simple.Service(any({ name: 'web', port: 80 })),
    'simple.Service web: 3 problems\n  - simple.Service web port: there is no such property. Did you mean "ports"?\n  - simple.Service web selector: is required\n  - simple.Service web ports: is required',
  ],
  ['no name', () => simple.ConfigMap(any({ data: {} })), 'simple.ConfigMap name: is required'],
  [
    'no properties',
    () => simple.ConfigMap(any(undefined)),
    'simple.ConfigMap: takes one object of properties. For example { name: "web" }.',
  ],
  [
    'another app label',
    () => simple.Deployment({ ...web, labels: { app: 'shop' } }),
    'simple.Deployment web labels.app: has to be the name, "web", as the selector matches it. Remove it, or use another key such as app.kubernetes.io/name.',
  ],
  [
    'an app label that is not known',
    () => simple.Deployment({ ...web, labels: { app: spec.other } }),
    'simple.Deployment web labels.app: has to be the name, "web", as the selector matches it. Remove it, or use another key such as app.kubernetes.io/name.',
  ],
  [
    'a name that no container can have',
    () => simple.Deployment({ ...web, name: 'web.example.com' }),
    'simple.Deployment web.example.com name: is the name of the container too and has to be lower-case letters, digits and dashes, at most 63. Rename it, or use the full factory with another container name.',
  ],
  [
    'volumes as an expression beside configMaps',
    () => simple.Deployment({ ...web, volumes: any(spec).volumes, configMaps: [{ name: 'c', mountPath: '/c' }] }),
    'simple.Deployment web volumes: cannot be an expression where configMaps adds to it. Write the list out, or all of it as volumes and volumeMounts.',
  ],
  [
    'configMaps as an expression',
    () => simple.Deployment({ ...web, configMaps: any(spec).volumes }),
    'simple.Deployment web configMaps: has to be written out. Use volumes and volumeMounts for a list that is not known yet.',
  ],
  [
    'a typing mistake in a mount',
    () => simple.Deployment({ ...web, configMaps: [{ name: 'c', mountPath: '/c', ...any({ subpath: 'd' }) }] }),
    'simple.Deployment web configMaps[0].subpath: there is no such property. Did you mean "subPath"?',
  ],
  [
    'a scale target of another API',
    () =>
      simple.Hpa({
        name: 'web',
        target: { kind: 'Rollout', name: 'web', ...any({ apiVersion: 'argoproj.io/v1alpha1' }) },
        minReplicas: 1,
        maxReplicas: 2,
      }),
    'simple.HorizontalPodAutoscaler web target.apiVersion: there is no such property. It has kind, name.',
  ],
  [
    'a secret that is not base64, without showing it',
    () => simple.Secret({ name: 'db', data: { 'pass word': 'hunter2!' } }),
    'simple.Secret db data["pass word"]: is not base64. Write text into stringData, or encode it.',
  ],
  [
    'a volume without a source',
    () => simple.PersistentVolume({ name: 'data', size: '1Gi' }),
    'simple.PersistentVolume data hostPath: needs a source. Give it either hostPath or nfs.',
  ],
  [
    'a volume with two sources',
    () => simple.PersistentVolume({ name: 'data', size: '1Gi', hostPath: '/a', nfs: { server: 's', path: '/' } }),
    'simple.PersistentVolume data hostPath: has two sources, hostPath and nfs. Give it either hostPath or nfs.',
  ],
  [
    'a binding without a role',
    () => simple.RoleBinding({ name: 'web' }),
    'simple.RoleBinding web role: needs a role. Give it either role or clusterRole.',
  ],
];

test.each(cases)('%s is refused', (_title, make, message) => {
  expect(make).toThrow(expect.objectContaining({ name: 'KubewrightError', message }));
});

test('an app label that is the name is accepted, also as an expression', () => {
  expect(() => simple.Deployment({ ...web, labels: { app: 'web' } })).not.toThrow();
  expect(() => simple.Deployment({ ...web, name: spec.name, labels: { app: spec.name } })).not.toThrow();
});

test.each(['', 'YQ==', 'YWI=', 'YWJj', 'YWJj\nYWJj\n'])('base64 %j is accepted', (text) => {
  expect(() => simple.Secret({ name: 'db', data: { key: text } })).not.toThrow();
});
