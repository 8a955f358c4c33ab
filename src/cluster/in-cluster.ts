import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { KubewrightError } from '../errors.ts';
import { readNamedFile, tokenFileCredentials } from './credentials.ts';
import type { Endpoint } from './http.ts';

/**
 * The cluster of the pod that this process runs in.
 *
 * @param folder where Kubernetes mounts the files of the service account
 * @throws code `NotInCluster`
 */
export function inClusterEndpoint(folder: string): Endpoint {
  const host = process.env['KUBERNETES_SERVICE_HOST'];
  const port = process.env['KUBERNETES_SERVICE_PORT'] || '443';
  if (!host || !existsSync(`${folder}/token`)) {
    throw new KubewrightError({
      code: 'NotInCluster',
      message: 'this process does not run in a pod with a service account',
      hint: 'Use `context(name)` or `local()` outside of a cluster.',
    });
  }
  const namespaceFile = `${folder}/namespace`;
  const tls = { ca: readNamedFile(`${folder}/ca.crt`, 'certificate authority') };
  return {
    name: 'the cluster of this pod',
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: existsSync(namespaceFile) ? readFileSync(namespaceFile, 'utf8').trim() : 'default',
    credentials: tokenFileCredentials(`${folder}/token`, { headers: {}, tls }),
  };
}
