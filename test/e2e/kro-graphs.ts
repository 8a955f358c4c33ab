import { type } from 'arktype';
import type { Cluster, KubernetesObject } from '../../src/cluster/cluster.ts';
import type { DeployOptions } from '../../src/deploy/options.ts';
import { toResourceGraph, type Graph } from '../../src/graph/graph.ts';
import { core } from '../../src/k8s/index.ts';
import { freshName, optionsFor } from './deploying.ts';

export const definitionRef = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' } as const;

interface Parts {
  readonly kind: string;
  readonly name?: string;
  readonly spec?: object;
  readonly status?: object;
  readonly apiVersion?: string;
}

/** A graph of one ConfigMap; each test has a kind of its own, as definitions are shared by a whole cluster. */
export function one({
  kind,
  name = kind.toLowerCase(),
  spec = {},
  status,
  apiVersion = 'modes.example.com/v1',
}: Parts): Graph {
  return toResourceGraph(
    { name, apiVersion, kind, spec: type({ text: 'string', ...spec } as never), status: type('object') as never },
    ((schema: { spec: { text: never } }) => ({
      config: core.v1.ConfigMap({ metadata: { name: 'config' }, data: { text: schema.spec.text } }),
    })) as never,
    ((_schema: never, { config }: { config: { metadata: { name: never } } }) =>
      status ?? { name: config.metadata.name }) as never,
  ) as never;
}

/** Deployments with kro in namespaces of their own. */
export function withKro(cluster: Cluster): {
  readonly options: (prefix: string, more?: Partial<DeployOptions>, of?: Cluster) => ReturnType<typeof optionsFor>;
  /** A definition by its name. */
  readonly read: (name: string) => Promise<KubernetesObject | undefined>;
} {
  return {
    options: (prefix, more = {}, of = cluster) => ({
      ...optionsFor({ cluster: of, namespace: freshName(prefix), mode: 'kro', spec: { text: 'a' } }),
      ...more,
    }),
    read: (name) => cluster.get({ ...definitionRef, name }),
  };
}
