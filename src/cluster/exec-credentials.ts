/**
 * Exec plugins: commands that print credentials (aws, gke-gcloud-auth-plugin, kubelogin, …).
 * client-node runs them too, but keeps neither exit code nor expiry of certificates and tells them nothing of the cluster.
 */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { KubewrightError } from '../errors.ts';
import { impersonation, serverTls } from './credentials.ts';
import type { CredentialSource } from './credentials.ts';
import type { Credentials } from './http.ts';
import type { ContextEntry, ExecEntry } from './kubeconfig.ts';

interface ExecCredential {
  readonly kind?: string;
  readonly status?: {
    readonly token?: string;
    readonly clientCertificateData?: string;
    readonly clientKeyData?: string;
    readonly expirationTimestamp?: string;
  };
}

interface Issued {
  readonly credentials: Credentials;
  readonly expiresAt: number;
}

/** A token that expires on its way to the server is refused. */
const expiryMarginMs = 10_000;

/** Runs the plugin when there are no credentials yet, when they expire, and when they are refused. */
export function execCredentials(entry: ContextEntry, exec: ExecEntry): CredentialSource {
  const tls = serverTls(entry.cluster);
  let issued: Issued | undefined;
  let running: Promise<Issued> | undefined;
  const issue = async (): Promise<Issued> => {
    const { status = {} } = await runPlugin(entry, exec);
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    if (!token && !(cert && key)) throw pluginError(exec, 'printed neither a token nor a client certificate');
    const headers = { ...impersonation(entry.user), ...(token && { authorization: `Bearer ${token}` }) };
    const credentials = { headers, tls: { ...tls, ...(cert && key && { cert, key }) } };
    return { credentials, expiresAt: expirationTimestamp ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY };
  };
  return async (refused) => {
    const usable = issued && issued.credentials !== refused && Date.now() < issued.expiresAt - expiryMarginMs;
    if (issued && usable) return issued.credentials;
    // Requests in parallel share one run.
    running ??= issue().finally(() => {
      running = undefined;
    });
    issued = await running;
    return issued.credentials;
  };
}

function runPlugin(entry: ContextEntry, exec: ExecEntry): Promise<ExecCredential> {
  const interactive = exec.interactiveMode !== 'Never' && process.stdin.isTTY;
  const env: NodeJS.ProcessEnv = { ...process.env, KUBERNETES_EXEC_INFO: execInfo(entry, exec, interactive) };
  for (const { name, value } of exec.env ?? []) env[name] = value;
  return new Promise((resolve, reject) => {
    const child = spawn(exec.command, exec.args ?? [], {
      env,
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
      // A plugin that asks a person something ("open this page and enter the code") asks there.
      if (interactive) process.stderr.write(text);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      reject(
        pluginError(
          exec,
          error.code === 'ENOENT' ? 'does not exist' : `cannot be started (${error.code ?? error.message})`,
        ),
      );
    });
    child.on('close', (exitCode, signal) => {
      if (exitCode === 0) return parseCredential(exec, output, { resolve, reject });
      const line = maskTokens(
        complaint
          .split('\n')
          .find((text) => text.trim())
          ?.trim() ?? 'no message on stderr',
      );
      reject(pluginError(exec, `failed with ${signal ? `signal ${signal}` : `exit code ${exitCode}`}: ${line}`));
    });
  });
}

interface Settle {
  readonly resolve: (value: ExecCredential) => void;
  readonly reject: (error: Error) => void;
}

function parseCredential(exec: ExecEntry, output: string, settle: Settle): void {
  try {
    const credential = JSON.parse(output) as ExecCredential;
    if (credential.kind !== 'ExecCredential')
      return settle.reject(pluginError(exec, 'did not print an ExecCredential'));
    settle.resolve(credential);
  } catch {
    // Not with the parser's message: it quotes the output, which holds the token.
    settle.reject(pluginError(exec, 'did not print JSON'));
  }
}

/** What the plugin is told, see the ExecCredential API. */
function execInfo(entry: ContextEntry, exec: ExecEntry, interactive: boolean): string {
  const { cluster } = entry;
  const details = {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': serverTls(cluster).ca?.toString('base64'),
    'proxy-url': cluster['proxy-url'],
  };
  const spec = { interactive, ...(exec.provideClusterInfo && { cluster: details }) };
  return JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec });
}

function pluginError(exec: ExecEntry, message: string): KubewrightError {
  return new KubewrightError({
    code: 'ExecPluginFailed',
    resource: `exec plugin ${basename(exec.command)}`,
    message,
    hint: exec.installHint?.trim() || 'Run the command of the kubeconfig by hand to see why, or log in again.',
  });
}

function maskTokens(text: string): string {
  return text.replace(/[A-Za-z0-9_.+/=~-]{24,}/g, (word) => (/^[A-Za-z./-]+$/.test(word) ? word : '…')).slice(0, 300);
}
