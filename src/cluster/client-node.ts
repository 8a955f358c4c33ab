/** The ways to a cluster that `@kubernetes/client-node` knows and we do not: OIDC and other auth providers, proxies. It costs a second to load. */
import type { Agent, OutgoingHttpHeaders } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { KubewrightError } from '../errors.ts';
import { impersonation, serverTls } from './credentials.ts';
import type { CredentialSource } from './credentials.ts';
import type { Credentials, TlsOptions } from './http.ts';
import type { ContextEntry } from './kubeconfig.ts';

type HttpsOptions = Parameters<KubeConfig['applyToHTTPSOptions']>[0];

/** Credentials of a user with an auth provider; client-node refreshes them when they expire. */
export function authProviderCredentials(entry: ContextEntry): CredentialSource {
  const tls = serverTls(entry.cluster);
  let config = configOf(entry);
  let current: Credentials | undefined;
  return async (refused) => {
    // It caches by expiry only, so refused credentials need a new start.
    if (refused && refused === current) config = configOf(entry);
    const { authorization, certificate } = await authenticate(entry, config);
    const same = current?.headers['authorization'] === authorization && current?.tls.cert === certificate.cert;
    if (current && same) return current;
    current = {
      headers: { ...impersonation(entry.user), ...(authorization && { authorization }) },
      tls: { ...tls, ...certificate },
    };
    return current;
  };
}

/** Sends everything of these credentials through a proxy (`http`, `https`, `socks5`). */
export function throughProxy(
  source: CredentialSource,
  way: { readonly server: string; readonly proxy: string },
): CredentialSource {
  const wrapped = new WeakMap<Credentials, Credentials>();
  const originals = new WeakMap<Credentials, Credentials>();
  return async (refused) => {
    const credentials = await source(refused && originals.get(refused));
    const known = wrapped.get(credentials);
    if (known) return known;
    const [requests, streams] = await Promise.all([proxyAgent(credentials.tls, way), proxyAgent(credentials.tls, way)]);
    const result: Credentials = {
      ...credentials,
      pool: ({ keepAlive, maxSockets }) => Object.assign(keepAlive ? requests : streams, { keepAlive, maxSockets }),
    };
    wrapped.set(credentials, result);
    originals.set(result, credentials);
    return result;
  };
}

function configOf(entry: ContextEntry): KubeConfig {
  const config = new KubeConfig();
  const name = entry.context;
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name, cluster: entry.cluster }],
      users: [{ name, user: entry.user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    }),
  );
  return config;
}

interface Authentication {
  readonly authorization: string | undefined;
  readonly certificate: TlsOptions;
}

async function authenticate(entry: ContextEntry, config: KubeConfig): Promise<Authentication> {
  const options: HttpsOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new KubewrightError({
      code: 'AuthProviderFailed',
      resource: `context "${entry.context}"`,
      message: `the auth provider "${entry.user['auth-provider']?.name}" gave no credentials (${error instanceof Error ? error.name : 'unknown error'})`,
      hint: 'Log in again.',
    });
  }
  const header = (options.headers as OutgoingHttpHeaders | undefined)?.['Authorization'];
  const { cert, key } = options as TlsOptions;
  return {
    authorization: header === undefined ? undefined : String(header),
    certificate: { ...(cert && { cert }), ...(key && { key }) },
  };
}

async function proxyAgent(tls: TlsOptions, way: { readonly server: string; readonly proxy: string }): Promise<Agent> {
  const config = new KubeConfig();
  const name = 'proxied';
  config.loadFromOptions({
    // Without TLS verification client-node would refuse plain http servers; here it only concerns those.
    clusters: [{ name, server: way.server, proxyUrl: way.proxy, skipTLSVerify: tls.rejectUnauthorized === false }],
    users: [{ name }],
    contexts: [{ name, cluster: name, user: name }],
    currentContext: name,
  });
  const options = { ...tls } as HttpsOptions;
  await config.applyToHTTPSOptions(options);
  return options.agent as Agent;
}
