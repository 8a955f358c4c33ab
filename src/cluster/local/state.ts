import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { KubewrightError } from '../../errors.ts';
import type { RunningProcess } from './process-table.ts';

/** The processes of a control plane, in the order in which they start. */
export const components = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'kro',
] as const;

export type Component = (typeof components)[number];

export interface ComponentProcess extends RunningProcess {
  readonly component: Component;
}

/** Which control plane is meant. */
export interface LocalSelector {
  /** @default 'default' */
  readonly name?: string | undefined;
  /** Folder of state, data and logs. @default `$XDG_STATE_HOME/kubewright/<name>`, or `~/.local/state/kubewright/<name>` */
  readonly directory?: string | undefined;
}

/** What is known about a control plane that was started, kept in its folder. */
export interface LocalState {
  readonly ready: boolean;
  readonly port: number;
  readonly kroPort: number;
  readonly binaries: string;
  readonly kubernetesVersion: string;
  readonly featureGates: string;
  readonly startedAt: string;
  readonly processes: readonly ComponentProcess[];
}

/** Where the files of one control plane are. */
export interface LocalFiles {
  readonly name: string;
  readonly directory: string;
  readonly state: string;
  readonly kubeconfig: string;
  readonly token: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly certificates: string;
  readonly caFile: string;
  readonly data: string;
  readonly logs: string;
}

export function localFiles(selector: LocalSelector = {}): LocalFiles {
  const name = selector.name ?? 'default';
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) {
    throw new KubewrightError({
      code: 'LocalName',
      message: `local control plane: the name ${JSON.stringify(name)} is not a DNS label`,
      hint: 'Use lower-case letters, digits and inner dashes, at most 63 characters.',
    });
  }
  const stateHome = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const directory = resolve(selector.directory ?? join(stateHome, 'kubewright', name));
  const certificates = join(directory, 'certificates');
  return {
    name,
    directory,
    state: join(directory, 'control-plane.json'),
    kubeconfig: join(directory, 'kubeconfig'),
    token: join(directory, 'token.csv'),
    serviceAccountKey: join(directory, 'service-account.key'),
    serviceAccountPublicKey: join(directory, 'service-account.pub'),
    certificates,
    caFile: join(certificates, 'apiserver.crt'),
    data: join(directory, 'data'),
    logs: join(directory, 'logs'),
  };
}

/** Makes the folders, closed to other users even where they existed before. */
export function makeFolders(files: LocalFiles): void {
  for (const folder of [files.directory, files.certificates, files.data, files.logs]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }
}

export function readState(files: LocalFiles): LocalState | undefined {
  try {
    return JSON.parse(readFileSync(files.state, 'utf8')) as LocalState;
  } catch {
    return undefined;
  }
}

export function writeState(files: LocalFiles, state: LocalState): void {
  writePrivate(files.state, `${JSON.stringify(state, undefined, 2)}\n`);
}

/** Writes a file that only its owner reads and that never appears half written. */
export function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
