import { readFileSync } from 'node:fs';
import { type } from 'arktype';
import { connect } from '../../src/cluster/connect.ts';
import type { Cluster, KubernetesObject, ObjectReference } from '../../src/cluster/cluster.ts';
import type { DeployEvent, DeployOptions, Mode } from '../../src/deploy/options.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { toResourceGraph } from '../../src/graph/graph.ts';
import { kind, simple } from '../../src/k8s/index.ts';

/** A connection of a test file's own. */
export function connectTo({
  server,
  token,
  caFile,
}: {
  server: string;
  token: string;
  caFile: string;
}): Promise<Cluster> {
  return connect({ kind: 'server', server, token, ca: readFileSync(caFile, 'utf8') });
}

let counter = 0;

/** A namespace that nothing else uses. */
export function freshName(prefix: string): string {
  counter += 1;
  return `${prefix}-${process.pid.toString(36)}-${counter}`;
}

export interface Situation {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly mode?: Mode;
  readonly spec?: Record<string, unknown>;
  readonly name?: string;
}

/** Options of a deployment that ends within the time of a test, and what it told. */
export function optionsFor({
  cluster,
  namespace,
  mode = 'direct',
  spec = {},
  name = 'it',
}: Situation): DeployOptions & { readonly events: DeployEvent[] } {
  const events: DeployEvent[] = [];
  return {
    cluster,
    mode,
    instance: { name, namespace, spec },
    timeoutMs: 40_000,
    onEvent: (event) => void events.push(event),
    events,
  };
}

/** A graph without values. Its kind is its own: a definition of another test may still be in the cluster. */
export function graphOf(name: string, resources: Parameters<typeof toResourceGraph>[1]): Graph {
  const definition = {
    name,
    apiVersion: 'tests.example.com/v1',
    kind: `Test${name.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    spec: type({ 'text?': 'string', 'number?': 'number.integer' }),
    status: type({}),
  };
  return toResourceGraph(definition as never, resources as never) as never;
}

export function configMaps(
  names: readonly string[],
  data: Record<string, string> = { key: 'value' },
): () => Record<string, never> {
  return () => Object.fromEntries(names.map((name) => [name, simple.ConfigMap({ name, data })])) as never;
}

/** What is in a namespace, of one kind. */
export async function namesIn(
  cluster: Cluster,
  namespace: string,
  kind: { apiVersion: string; kind: string },
): Promise<string[]> {
  const { items } = await cluster.list({ ...kind, namespace });
  return items
    .map(({ metadata }: KubernetesObject) => metadata.name)
    .filter((name) => name !== 'kube-root-ca.crt')
    .sort();
}

export const configMap = { apiVersion: 'v1', kind: 'ConfigMap' } as const;
export const secret = { apiVersion: 'v1', kind: 'Secret' } as const;

/** A token of a service account. */
export async function tokenOf(
  cluster: Cluster,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<string> {
  const { body } = await cluster.request({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
  });
  return (JSON.parse(body) as { status: { token: string } }).status.token;
}

/** The conditions that a definition declares: objects of the kind are waited for until one says `Ready`. */
export const declaredConditions = {
  type: 'object',
  properties: {
    conditions: {
      type: 'array',
      items: {
        type: 'object',
        properties: Object.fromEntries(
          ['type', 'status', 'reason', 'message'].map((name) => [name, { type: 'string' }]),
        ),
      },
    },
  },
};

/** A definition of the kind `Widget` with an integer `spec.size`, and what else its schema has. */
export function widgetDefinition(group: string, more: object = {}): never {
  const spec = { type: 'object', properties: { size: { type: 'integer' } } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec, ...more } } };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } };
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', namespaced: false };
  return kind(definition)({
    metadata: { name: `widgets.${group}` },
    spec: { group, scope: 'Namespaced', names, versions: [version] },
  } as never) as never;
}

/** A volume that only this claim gets. */
export async function volumeFor(cluster: Cluster, claim: ObjectReference, storageClassName: string): Promise<void> {
  await cluster.create({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: freshName('volume') },
    spec: {
      storageClassName,
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/none' },
      claimRef: claim,
    },
  });
}
