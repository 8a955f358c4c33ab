/** Where a cluster is: plain data, as environment files write it. Nothing is loaded and nothing is contacted. */
export type ClusterSource = LocalSource | ContextSource | InClusterSource | ServerSource;

/** The control plane on this machine; started (and first built) when it is needed. */
export interface LocalSource {
  readonly kind: 'local';
  readonly name?: string;
  readonly directory?: string;
}

/** A context of the user's kubeconfig. */
export interface ContextSource {
  readonly kind: 'context';
  readonly name: string;
  readonly kubeconfig?: string;
  readonly clusterId?: string;
}

/** The cluster that this process runs in as a pod. */
export interface InClusterSource {
  readonly kind: 'inCluster';
}

/** A server and a token, without any file. */
export interface ServerSource {
  readonly kind: 'server';
  /** URL of the API server. */
  readonly server: string;
  readonly token: string;
  /** Certificate authority of the server, PEM. Absent: the authorities that Node trusts. */
  readonly ca?: string;
}

/** Options of {@link local}. */
export interface LocalOptions {
  /**
   * Several control planes may live side by side under different names.
   * @default 'default'
   */
  readonly name?: string;
  /** Folder of its state. @default the user's state folder */
  readonly directory?: string;
}

/**
 * The control plane on this machine.
 *
 * @example
 * export default defineEnvironment({ cluster: local(), mode: 'direct' });
 */
export function local(options: LocalOptions = {}): LocalSource {
  return Object.freeze({ kind: 'local', ...options });
}

/** Options of {@link context}. */
export interface ContextOptions {
  /** The kubeconfig to read. @default the files of `KUBECONFIG`, else `~/.kube/config` */
  readonly kubeconfig?: string;
  /**
   * The cluster that is meant, whatever the context leads to by now: `kubectl get namespace kube-system -o
   * jsonpath={.metadata.uid}`. Deployments to another one are refused. @default not looked at
   */
  readonly clusterId?: string;
}

/**
 * A context of a kubeconfig. There is no way to name "the current context": what runs where is written down.
 *
 * @example
 * export default defineEnvironment({ cluster: context('prod'), mode: 'kro' });
 */
export function context(name: string, options: ContextOptions = {}): ContextSource {
  return Object.freeze({ kind: 'context', name, ...options });
}

/** The cluster that this process runs in as a pod, with its service account. */
export function inCluster(): InClusterSource {
  return Object.freeze({ kind: 'inCluster' });
}
