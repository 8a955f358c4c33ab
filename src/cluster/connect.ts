import { ApiCluster } from './api-cluster.ts';
import type { Cluster } from './cluster.ts';
import { fixed, readNamedFile, staticCredentials } from './credentials.ts';
import type { CredentialSource } from './credentials.ts';
import type { KnownKinds } from './discovery.ts';
import type { Endpoint } from './http.ts';
import { inClusterEndpoint } from './in-cluster.ts';
import type { OnProgress } from './local/progress.ts';
import type { ContextEntry } from './kubeconfig.ts';
import { environmentProxy } from './proxy.ts';
import type { ClusterSource, ContextSource, LocalSource, ServerSource } from './source.ts';

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Kinds that every server serves, such as the built-in ones: they cost no discovery request. */
  readonly knownKinds?: KnownKinds;
  /** Told what happens while a local control plane is started or built, which may take minutes. */
  readonly onProgress?: OnProgress;
}

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Connects to a cluster. Nothing is sent yet, except that the local control plane is started when it does not run.
 *
 * @throws code `ContextMissing`, `KubeconfigMissing`, `KubeconfigInvalid`, `CredentialsMissing`, `NotInCluster`
 *
 * @example
 * const cluster = await connect(context('prod'));
 */
export async function connect(source: ClusterSource, options: ConnectOptions = {}): Promise<Cluster> {
  const endpoint = await endpointOf(source, options);
  return new ApiCluster(endpoint, options);
}

function endpointOf(source: ClusterSource, options: ConnectOptions): Promise<Endpoint> {
  switch (source.kind) {
    case 'local':
      return localEndpoint(source, options);
    case 'context':
      return contextEndpoint(source);
    case 'inCluster':
      return Promise.resolve(inClusterEndpoint(serviceAccount));
    case 'server':
      return serverEndpoint(source);
  }
}

async function localEndpoint(source: LocalSource, options: ConnectOptions): Promise<Endpoint> {
  const { up } = await import('./local/local.ts');
  const { server, token, caFile, name } = await up({
    name: source.name,
    directory: source.directory,
    onProgress: options.onProgress,
  });
  return {
    name: `local control plane "${name}"`,
    server,
    namespace: 'default',
    credentials: fixed({
      headers: { authorization: `Bearer ${token}` },
      tls: { ca: readNamedFile(caFile, 'certificate authority') },
    }),
  };
}

async function contextEndpoint(source: ContextSource): Promise<Endpoint> {
  const { readContext } = await import('./kubeconfig.ts');
  const entry = readContext(source.name, source.kubeconfig);
  const { cluster } = entry;
  const direct = await credentialsOf(entry);
  const proxy = cluster['proxy-url'] ?? environmentProxy(cluster.server);
  const credentials = proxy
    ? (await import('./client-node.ts')).throughProxy(direct, { server: cluster.server, proxy })
    : direct;
  return { name: `context "${entry.context}"`, server: cluster.server, namespace: entry.namespace, credentials };
}

async function credentialsOf(entry: ContextEntry): Promise<CredentialSource> {
  // The heavy ways to authenticate load when a context asks for them.
  if (entry.user.exec) return (await import('./exec-credentials.ts')).execCredentials(entry, entry.user.exec);
  if (entry.user['auth-provider']) return (await import('./client-node.ts')).authProviderCredentials(entry);
  return staticCredentials(entry);
}

function serverEndpoint({ server, token, ca }: ServerSource): Promise<Endpoint> {
  const credentials = fixed({ headers: { authorization: `Bearer ${token}` }, tls: ca ? { ca } : {} });
  return Promise.resolve({ name: 'server', server: server.replace(/\/$/, ''), namespace: 'default', credentials });
}
