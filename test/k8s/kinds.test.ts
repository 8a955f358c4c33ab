import { expect, test } from 'vitest';
import type { Kind } from '../../src/k8s/kind.ts';
import * as k8s from '../../src/k8s/kinds.generated.ts';
import { builtInKinds } from '../../src/schema/kubernetes.ts';

type Groups = Record<string, Record<string, Record<string, Pick<Kind<never>, 'apiVersion' | 'kind' | 'namespaced'>>>>;

const groups: Groups = k8s;
const factories = Object.values(groups).flatMap((versions) =>
  Object.values(versions).flatMap((kinds) => Object.entries(kinds)),
);

test('every built-in kind has one factory, with its API version and scope', () => {
  const made = factories.map(([name, { apiVersion, kind, namespaced }]) => ({ name, apiVersion, kind, namespaced }));
  const expected = builtInKinds().map(({ apiVersion, kind, namespaced }) => ({
    name: kind,
    apiVersion,
    kind,
    namespaced,
  }));
  expect(made).toEqual(expected);
});

test.each([
  ['core', 'v1', 'Pod', 'v1'],
  ['apps', 'v1', 'Deployment', 'apps/v1'],
  ['networking', 'v1', 'Ingress', 'networking.k8s.io/v1'],
  ['rbac', 'v1', 'Role', 'rbac.authorization.k8s.io/v1'],
  ['autoscaling', 'v2', 'HorizontalPodAutoscaler', 'autoscaling/v2'],
  ['flowcontrol', 'v1', 'FlowSchema', 'flowcontrol.apiserver.k8s.io/v1'],
])('%s.%s.%s is of %s', (group, version, name, apiVersion) => {
  expect(groups[group]?.[version]?.[name]?.apiVersion).toBe(apiVersion);
});
