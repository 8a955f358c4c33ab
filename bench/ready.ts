/** How long after the API server reports 300 Deployments ready a deployment of them ends, and with how many watches. */
import { type } from 'arktype';
import type { Cluster, KubernetesObject } from '../src/cluster/cluster.ts';
import { informer } from '../src/cluster/watch.ts';
import { deploy } from '../src/deploy/deploy.ts';
import { toResourceGraph, type Graph } from '../src/graph/graph.ts';
import { simple } from '../src/k8s/index.ts';

/** What a deployment took, beside what the API server took. */
export interface Ready {
  /** Milliseconds until `deploy` ended. */
  readonly deployed: number;
  /** Milliseconds until a watch of somebody else saw the last one ready. */
  readonly reported: number;
  /** The most watches that were open at once, by kind and namespace. */
  readonly watches: ReadonlyMap<string, number>;
}

function deployments(count: number): Graph {
  const names = Array.from({ length: count }, (_, index) => `d${index}`);
  return toResourceGraph(
    { name: 'ready', apiVersion: 'bench.example.com/v1', kind: 'Ready', spec: type({}), status: type({}) },
    () => Object.fromEntries(names.map((name) => [name, simple.Deployment({ name, image: 'nginx' })])),
  );
}

/** Deploys them to a namespace that exists. `observer` is a connection of its own. */
export async function measureReady(
  { cluster, observer }: { readonly cluster: Cluster; readonly observer: Cluster },
  { namespace, count }: { readonly namespace: string; readonly count: number },
): Promise<Ready> {
  const ready = new Set<string>();
  let lastReadyAt = 0;
  const seen = informer(
    observer,
    { apiVersion: 'apps/v1', kind: 'Deployment', namespace },
    {
      onChange: ({ object }) => {
        if (!isReady(object) || ready.has(object.metadata.name)) return;
        ready.add(object.metadata.name);
        lastReadyAt = performance.now();
      },
    },
  );
  await seen.ready;
  const { counted, watches } = counting(cluster);
  const startedAt = performance.now();
  const instance = { name: 'ready', namespace, spec: {} };
  await deploy(deployments(count), { cluster: counted, mode: 'direct', instance });
  const deployed = performance.now() - startedAt;
  while (ready.size < count) await new Promise((resolve) => setTimeout(resolve, 10));
  seen.stop();
  return { deployed, reported: lastReadyAt - startedAt, watches };
}

function isReady({ metadata, spec, status }: KubernetesObject): boolean {
  const { replicas = 1 } = spec as { replicas?: number };
  const { observedGeneration, readyReplicas, updatedReplicas, availableReplicas } = (status ?? {}) as Record<
    string,
    number | undefined
  >;
  const all = [readyReplicas, updatedReplicas, availableReplicas].every((number) => (number ?? 0) >= replicas);
  return all && (observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** The same cluster, which counts its open watches. */
function counting(cluster: Cluster): { readonly counted: Cluster; readonly watches: ReadonlyMap<string, number> } {
  const open = new Map<string, number>();
  const watches = new Map<string, number>();
  async function* watch(
    ...[query, options]: Parameters<Cluster['watch']>
  ): ReturnType<Cluster['watch']> & AsyncGenerator {
    const key = `${query.kind} ${query.namespace ?? '*'}`;
    const now = (open.get(key) ?? 0) + 1;
    open.set(key, now);
    watches.set(key, Math.max(watches.get(key) ?? 0, now));
    try {
      yield* cluster.watch(query, options);
    } finally {
      open.set(key, (open.get(key) ?? 1) - 1);
    }
  }
  const counted = new Proxy(cluster, {
    get: (target, name) => {
      if (name === 'watch') return watch;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { counted, watches };
}
