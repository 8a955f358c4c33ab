import { X509Certificate, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalFiles, writePrivate } from './state.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Makes the token and the service-account keys that are not there yet; existing ones stay, so issued tokens do too. */
export function makeCredentials(files: LocalFiles): void {
  if (!existsSync(files.token)) {
    writePrivate(files.token, `${randomBytes(32).toString('hex')},admin,admin,"system:masters"\n`);
  }
  if (!existsSync(files.serviceAccountKey) || !existsSync(files.serviceAccountPublicKey)) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    writePrivate(files.serviceAccountKey, privateKey);
    writePrivate(files.serviceAccountPublicKey, publicKey);
  }
  dropOldCertificate(files);
}

export function readToken(files: LocalFiles): string {
  return readFileSync(files.token, 'utf8').split(',')[0] ?? '';
}

/** Writes the kubeconfig; it holds the certificate and token themselves, so it can be copied. */
export function writeKubeconfig(files: LocalFiles, server: string): void {
  const ca = readFileSync(files.caFile).toString('base64');
  const context = contextName(files.name);
  writePrivate(
    files.kubeconfig,
    `apiVersion: v1
kind: Config
clusters:
- name: ${context}
  cluster:
    server: ${server}
    certificate-authority-data: ${ca}
users:
- name: ${context}
  user:
    token: ${readToken(files)}
contexts:
- name: ${context}
  context:
    cluster: ${context}
    user: ${context}
    namespace: default
current-context: ${context}
`,
  );
}

/** The context of the kubeconfig, recognisable in prompts and tools. */
function contextName(name: string): string {
  return name === 'default' ? 'kubewright-local' : `kubewright-local-${name}`;
}

/** The API server keeps the certificate it finds, even an expired one, and makes a new one when there is none. */
function dropOldCertificate(files: LocalFiles): void {
  try {
    const left = new X509Certificate(readFileSync(files.caFile)).validToDate.getTime() - Date.now();
    if (left > 30 * dayMs) return;
  } catch {
    // Missing or half written: both are replaced.
  }
  rmSync(files.caFile, { force: true });
  rmSync(join(files.certificates, 'apiserver.key'), { force: true });
}
