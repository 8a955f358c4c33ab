import type { GraphNode } from '../graph/graph.ts';
import type { Resolution } from '../resolve/resolution.ts';
import { isOurs, type Orphans } from './decide.ts';
import { describe, keys, refOf } from './identity.ts';
import type { KubernetesObject } from '../cluster/cluster.ts';
import { isApiError } from '../cluster/api-error.ts';
import type { PlannedChange } from './options.ts';
import { isPassing, retrying } from './retry.ts';
import type { Run } from './run.ts';
import type { RecordedObject, Snapshot } from './snapshot.ts';

/** A run whose graph is what a revision consisted of: every object as it was asked for then, in the order of then. */
export function restoringRun(run: Run, { objects, values = {} }: Snapshot, rollbackTo: number): Run {
  const entries = objects.filter(({ left }) => !left);
  const nodes = new Map(entries.map((entry) => [entry.path, nodeOf(entry)]));
  const resolution: Resolution = {
    values,
    objects: entries.map(({ path, label, index, object }) => ({
      path,
      label,
      ...(index !== undefined && { index }),
      node: nodes.get(path) as GraphNode,
      object: object as never,
    })),
    externals: [],
    skipped: [],
    pending: [],
    waiting: [],
    ready: new Set(),
    status: {},
    statusPending: [],
  };
  const graph = { ...run.graph, nodes: [...nodes.values()], order: [...nodes.keys()], status: {} };
  // Values of Secrets are those of then, wherever they came from.
  return { ...run, graph, secrets: 'plain', rollbackTo, resolve: () => resolution };
}

/** The node that an object of a revision stands for. */
export function nodeOf({ path, object, needs = [], after = [], keep }: RecordedObject): GraphNode {
  return {
    id: path,
    apiVersion: object.apiVersion,
    kind: object.kind,
    namespaced: object.metadata.namespace !== undefined,
    template: object as never,
    includeWhen: [],
    readyWhen: [],
    forEach: [],
    dependsOn: after,
    dependencies: needs,
    keep: keep ?? false,
    source: () => undefined,
  };
}

/** What no rollback brings back. */
export function notRestored(changes: readonly PlannedChange[], { released }: Orphans): readonly string[] {
  const lines = changes.flatMap(({ action, ...address }): readonly string[] => {
    const name = describe(address);
    const goes = action === 'delete' || action === 'replace';
    if (address.kind === 'Job' && action !== 'unchanged')
      return [`${name}: what its runs did stays${action === 'delete' ? '' : ', and it runs once more'}`];
    if (address.kind === 'PersistentVolumeClaim')
      return [
        `${name}: ${action === 'create' || action === 'replace' ? 'it is made empty' : 'its data stays as it is now'}`,
      ];
    return address.kind === 'StatefulSet' && action !== 'unchanged'
      ? [`${name}: the data of its volumes ${goes ? 'is not brought back' : 'stays as it is now'}`]
      : [];
  });
  const freed = released.map(
    (object) => `${describe(refOf(object))}: it existed before it was taken over, so it stays and is let go`,
  );
  return [...lines, ...freed];
}

/** Takes our label off an object, so that it belongs to nobody; its content stays. */
export async function letGo(run: Run, object: KubernetesObject): Promise<void> {
  const ref = refOf(object);
  const nothing = Object.fromEntries([keys.intent, keys.adopted, keys.keep].map((key) => [key, null]));
  await retrying(
    async () => {
      const live = await run.cluster.get(ref, { signal: run.signal });
      if (!live || live.metadata.uid !== object.metadata.uid || !isOurs(run, live)) return;
      const { uid, resourceVersion } = live.metadata;
      const body = { metadata: { uid, resourceVersion, labels: { [keys.partOf]: null }, annotations: nothing } };
      await run.cluster.patch(ref, { type: 'merge', body });
    },
    { signal: run.signal, heals: (error) => isPassing(error) || isApiError(error, 'Conflict') },
  );
}
