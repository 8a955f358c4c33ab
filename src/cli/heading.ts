import type { ClusterSource } from '../cluster/source.ts';
import type { Target } from './target.ts';
import type { Progress, Terminal } from './terminal.ts';

/** `microservices-app in dev: direct, namespace dev, local control plane` */
export function heading(target: Target, environment: string, { colors }: Terminal): string {
  const { name, mode, instance, cluster } = target;
  return `${colors.bold(name)} in ${environment}: ${mode}, namespace ${instance.namespace ?? 'default'}, ${clusterText(cluster)}`;
}

/** Says what is worked on from here. */
export function announce(
  progress: Progress,
  target: Target,
  { environment, terminal }: { readonly environment: string; readonly terminal: Terminal },
): void {
  const { name, mode, instance, cluster } = target;
  const place = { instance: instance.name, namespace: instance.namespace ?? 'default', cluster: clusterText(cluster) };
  progress.event({ type: 'start', graph: name, environment, mode, ...place });
  progress.line(heading(target, environment, terminal));
}

/** Where a cluster is, for people. */
export function clusterText(source: ClusterSource): string {
  switch (source.kind) {
    case 'local':
      return source.name === undefined || source.name === 'default'
        ? 'local control plane'
        : `local control plane ${source.name}`;
    case 'context':
      return `context ${source.name}`;
    case 'inCluster':
      return 'the cluster of this pod';
    case 'server':
      return source.server;
  }
}
