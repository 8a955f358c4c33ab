import type { Graph } from '../graph/graph.ts';
import type { EmitterName } from '../kro/emitters.ts';
import type { Instance } from '../resolve/resolution.ts';
import { definitionFiles } from './definition-files.ts';
import type { Files } from './folder.ts';
import { objectFiles } from './object-files.ts';
import { toYaml } from './yaml.ts';

/** What a graph is written for. */
export interface SynthOptions {
  readonly mode: 'direct' | 'kro';
  /** Name, namespace and valid values of the instance. */
  readonly instance: Instance;
  /** kro mode: kro's feature gates that are on. @default [] */
  readonly featureGates?: readonly string[] | undefined;
  /** mode kro: the form of what kro is given. @default 'definition' */
  readonly emitter?: EmitterName | undefined;
  /** Whether the Secret at a path of the graph may be written to a file, content and all. @default none of them */
  readonly writesSecret?: ((path: string) => boolean) | undefined;
}

/** The files of one graph, and what is not in them. */
export interface Synthesis {
  readonly files: Files;
  /** Names of the Secrets that are left out: they have to be in the cluster. */
  readonly omittedSecrets: readonly string[];
}

/** What the files of a mode are, before they get their namespace and Kustomization. */
export interface ModeFiles {
  /** In the order in which they are applied. */
  readonly files: Map<string, string>;
  readonly omittedSecrets: readonly string[];
  /** Names of the namespaces that the graph makes itself. */
  readonly namespaces: ReadonlySet<string>;
}

/**
 * The files that deploy a graph by GitOps: objects for direct mode; definitions and an instance for kro. Argo CD and Flux
 * read the folder as a Kustomization. Nothing is contacted and nothing is written.
 *
 * @throws KubewrightError `NeedsCluster` when a file would need a value that only the cluster knows
 * @example
 * writeFolder('dist/prod/app', synthesize(app, { mode: 'kro', instance: { name: 'app', namespace: 'prod', spec } }).files);
 */
export function synthesize(graph: Graph, options: SynthOptions): Synthesis {
  const { files, omittedSecrets, namespaces } =
    options.mode === 'direct' ? objectFiles(graph, options) : definitionFiles(graph, options);
  const { namespace } = options.instance;
  const all = new Map<string, string>();
  if (namespace !== undefined && namespace !== 'default' && !namespaces.has(namespace)) {
    all.set('namespace.yaml', toYaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }));
  }
  for (const [path, text] of files) all.set(path, text);
  all.set('kustomization.yaml', kustomization([...all.keys()], omittedSecrets));
  return { files: new Map([...all.keys()].sort().map((path) => [path, all.get(path) as string])), omittedSecrets };
}

function kustomization(resources: readonly string[], omittedSecrets: readonly string[]): string {
  const notes = omittedSecrets.map((name) => `# Not in these files: Secret ${name}. It has to be in the cluster.\n`);
  return notes.join('') + toYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}
