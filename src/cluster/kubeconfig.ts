/** Reads kubeconfigs the way kubectl does: several files are merged, the first one to name a thing wins. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { KubewrightError } from '../errors.ts';

/** `clusters[].cluster`; paths are absolute. */
export interface ClusterEntry {
  readonly server: string;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'tls-server-name'?: string;
  readonly 'proxy-url'?: string;
}

/** `users[].user`; paths are absolute. */
export interface UserEntry {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly 'as-uid'?: string;
  readonly 'as-groups'?: readonly string[];
  readonly 'as-user-extra'?: Readonly<Record<string, readonly string[]>>;
  readonly exec?: ExecEntry;
  readonly 'auth-provider'?: { readonly name: string; readonly config?: Readonly<Record<string, string>> };
}

/** `users[].user.exec`: a command that prints credentials. */
export interface ExecEntry {
  readonly apiVersion: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: 'Never' | 'IfAvailable' | 'Always';
}

/** A context with everything that it names. */
export interface ContextEntry {
  readonly context: string;
  readonly namespace: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

interface Kubeconfig {
  readonly files: readonly string[];
  readonly clusters: Map<string, Record<string, unknown>>;
  readonly users: Map<string, Record<string, unknown>>;
  readonly contexts: Map<string, Record<string, unknown>>;
}

const sections = { clusters: 'cluster', users: 'user', contexts: 'context' } as const;
const pathFields = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Reads one context.
 *
 * @param kubeconfig the file to read. Absent: the files of `KUBECONFIG`, else `~/.kube/config`
 * @throws code `KubeconfigMissing`, `KubeconfigInvalid` or `ContextMissing`
 */
export function readContext(name: string, kubeconfig?: string): ContextEntry {
  const config = readKubeconfig(kubeconfig);
  const context = config.contexts.get(name);
  if (!context) throw missingContext(name, config);
  const clusterName = text(context['cluster']);
  const userName = text(context['user']);
  const cluster = config.clusters.get(clusterName);
  if (typeof cluster?.['server'] !== 'string') {
    throw invalid(config.files.join(', '), `context "${name}" names the cluster "${clusterName}", which has no server`);
  }
  const user = config.users.get(userName);
  if (!user && userName)
    throw invalid(config.files.join(', '), `context "${name}" names the user "${userName}", which does not exist`);
  return {
    context: name,
    namespace: text(context['namespace']) || 'default',
    cluster: { ...cluster, server: cluster['server'].replace(/\/$/, '') },
    user: user ?? {},
  };
}

/** Names of all contexts, in the order of the files. */
export function contextNames(kubeconfig?: string): readonly string[] {
  return [...readKubeconfig(kubeconfig).contexts.keys()];
}

function readKubeconfig(explicit: string | undefined): Kubeconfig {
  const files = candidateFiles(explicit);
  const config = { files: [] as string[], clusters: new Map(), users: new Map(), contexts: new Map() };
  for (const file of files) {
    const text = readIfPresent(file);
    if (text === undefined) continue;
    config.files.push(file);
    mergeFile(config, file, text);
  }
  if (config.files.length > 0) return config;
  throw new KubewrightError({
    code: 'KubeconfigMissing',
    message: `no kubeconfig: ${files.join(', ')} ${files.length === 1 ? 'does' : 'do'} not exist`,
    hint: 'Set KUBECONFIG, give the file as `kubeconfig`, or use `local()`.',
  });
}

function candidateFiles(explicit: string | undefined): readonly string[] {
  if (explicit) return [resolve(explicit)];
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean);
  return listed.length > 0 ? listed.map((file) => resolve(file)) : [join(homedir(), '.kube', 'config')];
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid(file, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, error);
  }
}

function mergeFile(config: Kubeconfig, file: string, content: string): void {
  const document = parse(file, content);
  for (const [section, field] of Object.entries(sections) as [keyof typeof sections, string][]) {
    const entries = document[section] ?? [];
    if (!Array.isArray(entries)) throw invalid(file, `"${section}" is not a list`);
    for (const entry of entries as Record<string, unknown>[]) {
      const name = text(entry?.['name']);
      if (!name || config[section].has(name)) continue;
      config[section].set(name, absolutePaths((entry[field] ?? {}) as Record<string, unknown>, dirname(file)));
    }
  }
}

function parse(file: string, content: string): Record<string, unknown> {
  let documents: readonly unknown[];
  try {
    documents = loadAll(content);
  } catch (error) {
    // The parser's message quotes lines of the file, which hold keys and tokens.
    const line = (error as { mark?: { line?: number } }).mark?.line;
    throw invalid(file, `is not YAML${line === undefined ? '' : ` (line ${line + 1})`}`);
  }
  const [document = {}] = documents;
  if (document === null) return {};
  if (typeof document !== 'object' || Array.isArray(document) || documents.length > 1)
    throw invalid(file, 'is not a kubeconfig');
  return document as Record<string, unknown>;
}

/** Names that YAML reads as numbers are names all the same. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
}

function absolutePaths(entry: Record<string, unknown>, folder: string): Record<string, unknown> {
  const result = { ...entry };
  for (const field of pathFields) {
    const path = result[field];
    if (typeof path === 'string' && path && !isAbsolute(path)) result[field] = join(folder, path);
  }
  const exec = result['exec'] as ExecEntry | undefined;
  // Like kubectl: a bare name is looked up in PATH, a relative path starts at the kubeconfig.
  if (exec && /[\\/]/.test(exec.command) && !isAbsolute(exec.command))
    result['exec'] = { ...exec, command: join(folder, exec.command) };
  return result;
}

function missingContext(name: string, config: Kubeconfig): KubewrightError {
  const names = [...config.contexts.keys()];
  return new KubewrightError({
    code: 'ContextMissing',
    message: `context "${name}" does not exist in ${config.files.join(', ')}`,
    hint: names.length > 0 ? `Contexts there: ${names.join(', ')}.` : 'There are no contexts in it.',
  });
}

function invalid(file: string, message: string, cause?: unknown): KubewrightError {
  return new KubewrightError({
    code: 'KubeconfigInvalid',
    resource: `kubeconfig ${file}`,
    message,
    hint: 'Correct the file.',
    cause,
  });
}
