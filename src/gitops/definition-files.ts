import type { Graph } from '../graph/graph.ts';
import { emitters } from '../kro/emitters.ts';
import { splitSecretPaths } from '../kro/secrets.ts';
import { settle } from '../resolve/offline.ts';
import { FileNames, namespacesOf } from './object-files.ts';
import { isWritable } from './secret-objects.ts';
import type { ModeFiles, SynthOptions } from './synth.ts';
import { toYaml } from './yaml.ts';

/** Argo CD applies lower waves first and waits for them to be healthy; nothing else reads it. */
const syncWave = 'argocd.argoproj.io/sync-wave';

/** The Secrets that are applied before the instance, the definitions (of children first) and the instance. */
export function definitionFiles(graph: Graph, options: SynthOptions): ModeFiles {
  const { instance, emitter = 'definition' } = options;
  const names = new FileNames(['kustomization', 'namespace', 'instance', 'graph']);
  const files = new Map<string, string>();
  const { objects } = settle(graph, instance);
  const split = new Set(splitSecretPaths(graph));
  const omittedSecrets: string[] = [];
  for (const resolved of objects) {
    if (!split.has(resolved.path)) continue;
    if (isWritable(resolved, options)) files.set(`${names.unique(resolved.path)}.yaml`, toYaml(resolved.object));
    else omittedSecrets.push(resolved.object.metadata.name);
  }
  const emitted = emitters[emitter](graph, instance, options.featureGates ?? []);
  for (const [index, { name, object }] of emitted.entries()) {
    const isLast = index === emitted.length - 1;
    const annotations = { [syncWave]: String(index + 1 - emitted.length) };
    const path = isLast ? name : names.unique(name);
    files.set(`${path}.yaml`, toYaml(isLast ? object : { ...object, metadata: { ...object.metadata, annotations } }));
  }
  return { files, omittedSecrets, namespaces: namespacesOf(objects) };
}
