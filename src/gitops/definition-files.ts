import type { Graph } from '../graph/graph.ts';
import { definitionsOf } from '../kro/chain.ts';
import { toDefinition } from '../kro/definition.ts';
import { toInstance } from '../kro/instance.ts';
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
  const { instance } = options;
  const names = new FileNames(['kustomization', 'namespace', 'instance']);
  const files = new Map<string, string>();
  const { objects } = settle(graph, instance);
  const split = new Set(splitSecretPaths(graph));
  const omittedSecrets: string[] = [];
  for (const resolved of objects) {
    if (!split.has(resolved.path)) continue;
    if (isWritable(resolved, options)) files.set(`${names.unique(resolved.path)}.yaml`, toYaml(resolved.object));
    else omittedSecrets.push(resolved.object.metadata.name);
  }
  const chain = definitionsOf(graph);
  for (const [index, member] of chain.entries()) {
    const last = index === chain.length - 1;
    const object = toDefinition(member, { featureGates: options.featureGates });
    const annotations = { [syncWave]: String(index - chain.length) };
    files.set(
      `${names.unique(last ? 'definition' : `definition-${member.name}`)}.yaml`,
      toYaml({ ...object, metadata: { ...object.metadata, annotations } }),
    );
  }
  files.set('instance.yaml', toYaml(toInstance(graph, instance)));
  return { files, omittedSecrets, namespaces: namespacesOf(objects) };
}
