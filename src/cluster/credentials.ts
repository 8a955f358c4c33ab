/** Credentials that are written down: certificates, tokens, token files, service accounts. */
import { readFileSync } from 'node:fs';
import { KubewrightError } from '../errors.ts';
import type { Credentials, Headers, TlsOptions } from './http.ts';
import type { ClusterEntry, ContextEntry, UserEntry } from './kubeconfig.ts';

/** Gives the credentials of the next request; see `Endpoint.credentials`. */
export type CredentialSource = (refused?: Credentials) => Promise<Credentials>;

/** Token files are rotated by whoever writes them; client-go re-reads them as often. */
const tokenFileAgeMs = 60_000;

/** Credentials of a context whose user needs no program and no identity provider. */
export function staticCredentials(entry: ContextEntry): CredentialSource {
  const { user } = entry;
  const tls = { ...serverTls(entry.cluster), ...clientTls(user) };
  const headers = impersonation(user);
  if (user.tokenFile) return tokenFileCredentials(user.tokenFile, { headers, tls });
  if (user.token) return fixed({ headers: { ...headers, authorization: `Bearer ${user.token}` }, tls });
  if (user.username !== undefined) {
    const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    return fixed({ headers: { ...headers, authorization: `Basic ${basic}` }, tls });
  }
  return fixed({ headers, tls });
}

/** The same credentials for ever. */
export function fixed(credentials: Credentials): CredentialSource {
  return () => Promise.resolve(credentials);
}

/** A bearer token that is read again every minute, and at once when it is refused. */
export function tokenFileCredentials(file: string, base: Credentials): CredentialSource {
  let current: Credentials | undefined;
  let token = '';
  let readAt = 0;
  return async (refused) => {
    if (current && !refused && Date.now() - readAt < tokenFileAgeMs) return current;
    const text = readNamedFile(file, 'token file').toString('utf8').trim();
    readAt = Date.now();
    if (!current || text !== token) {
      token = text;
      current = { ...base, headers: { ...base.headers, authorization: `Bearer ${text}` } };
    }
    return current;
  };
}

/** How the server's certificate is checked. */
export function serverTls(cluster: ClusterEntry): TlsOptions {
  const ca = dataOrFile(
    cluster['certificate-authority-data'],
    cluster['certificate-authority'],
    'certificate authority',
  );
  const servername = cluster['tls-server-name'];
  return {
    ...(ca && { ca }),
    ...(servername && { servername }),
    ...(cluster['insecure-skip-tls-verify'] && { rejectUnauthorized: false }),
  };
}

/** The client certificate of a user, if it has one. */
function clientTls(user: UserEntry): TlsOptions {
  const cert = dataOrFile(user['client-certificate-data'], user['client-certificate'], 'client certificate');
  const key = dataOrFile(user['client-key-data'], user['client-key'], 'client key');
  return { ...(cert && { cert }), ...(key && { key }) };
}

/** Headers that ask the server to act as somebody else; those of several values are sent several times, as client-go does it. */
export function impersonation(user: UserEntry): Headers {
  const groups = user['as-groups'] ?? [];
  const extra = Object.entries(user['as-user-extra'] ?? {});
  return {
    ...(user.as && { 'impersonate-user': user.as }),
    ...(user['as-uid'] && { 'impersonate-uid': user['as-uid'] }),
    ...(groups.length > 0 && { 'impersonate-group': groups }),
    ...Object.fromEntries(extra.map(([key, values]) => [`impersonate-extra-${headerName(key)}`, values])),
  };
}

function headerName(key: string): string {
  return encodeURIComponent(key).replaceAll('(', '%28').replaceAll(')', '%29').toLowerCase();
}

/** Reads a file that some configuration names. */
export function readNamedFile(file: string, what: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KubewrightError({
      code: 'CredentialsMissing',
      resource: `${what} ${file}`,
      message: code === 'ENOENT' ? 'does not exist' : `cannot be read (${code ?? 'unknown error'})`,
      hint: 'Correct the path, or make the file readable.',
      cause: error,
    });
  }
}

function dataOrFile(data: string | undefined, file: string | undefined, what: string): Buffer | undefined {
  if (data) return Buffer.from(data, 'base64');
  return file ? readNamedFile(file, what) : undefined;
}
