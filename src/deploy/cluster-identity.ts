import { KubewrightError } from '../errors.ts';
import { subject, type Run } from './run.ts';

/** A namespace that every cluster has and nobody deletes: its UID is the cluster's identity. */
const oldest = { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' } as const;

/**
 * Refuses to work on a cluster that is not the one that the caller means: contexts are edited, clusters are made anew
 * under their old names.
 */
export async function checkCluster(run: Run, wanted: string | undefined): Promise<void> {
  if (wanted === undefined) return;
  const found = (await run.cluster.get(oldest, { signal: run.signal }))?.metadata.uid;
  if (found === wanted) return;
  throw new KubewrightError({
    code: 'OtherCluster',
    resource: subject(run),
    message: `${run.cluster.name} (${run.cluster.server}) leads to cluster ${found ?? 'unknown'}, not ${wanted}`,
    hint: 'Correct the context, or the `clusterId` that the environment names, if the cluster was made anew.',
  });
}
