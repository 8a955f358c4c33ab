import type { Graph } from '../graph/graph.ts';
import { resolveOffline } from '../resolve/offline.ts';
import type { ResolvedObject } from '../resolve/resolution.ts';
import { isSecret, isWritable } from './secret-objects.ts';
import type { ModeFiles, SynthOptions } from './synth.ts';
import { toYamlDocuments } from './yaml.ts';

/** One file per node of the graph, a collection's objects together, in dependency order. */
export function objectFiles(graph: Graph, options: SynthOptions): ModeFiles {
  const { objects } = resolveOffline(graph, options.instance);
  const byPath = new Map<string, ResolvedObject[]>();
  const omittedSecrets: string[] = [];
  for (const resolved of objects) {
    if (isSecret(resolved) && !isWritable(resolved, options)) {
      omittedSecrets.push(resolved.object.metadata.name);
      continue;
    }
    const group = byPath.get(resolved.path);
    if (group) group.push(resolved);
    else byPath.set(resolved.path, [resolved]);
  }
  const names = new FileNames(['kustomization', 'namespace']);
  const files = new Map<string, string>();
  for (const [path, group] of byPath)
    files.set(`${names.unique(path)}.yaml`, toYamlDocuments(group.map(({ object }) => object)));
  return { files, omittedSecrets, namespaces: namespacesOf(objects) };
}

/** The namespaces among some objects. */
export function namespacesOf(objects: readonly ResolvedObject[]): ReadonlySet<string> {
  return new Set(
    objects
      .filter(({ object }) => object.apiVersion === 'v1' && object.kind === 'Namespace')
      .map(({ object }) => object.metadata.name),
  );
}

/** Names that stay different where upper and lower case are the same, as on macOS and Windows. */
export class FileNames {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  unique(wanted: string): string {
    for (let count = 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted}-${count}`;
      if (this.#taken.has(name.toLowerCase())) continue;
      this.#taken.add(name.toLowerCase());
      return name;
    }
  }
}
