/** The real kubectl, and the real Helm 3 and 4, as processes. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findOrBuildBinaries, programCommand } from '../../src/cluster/local/binaries.ts';

const execute = promisify(execFile);

/** Runs kubectl and gives what it printed. */
export async function kubectl(
  kubeconfig: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { file, args: first } = programCommand(await findOrBuildBinaries(() => undefined), 'kubectl');
  const { stdout } = await execute(file, [...first, ...args], {
    env: { ...process.env, ...env, KUBECONFIG: kubeconfig },
  });
  return stdout;
}

const modules = fileURLToPath(new URL('helm', import.meta.url));

function helmPath(major: 3 | 4): string {
  const key = createHash('sha256')
    .update(readFileSync(join(modules, 'go.sum')))
    .digest('hex')
    .slice(0, 16);
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'kubewright', 'test-helm', `${key}-${major}`);
}

/** Whether Helm is built, or can be. */
export function hasHelm(): boolean {
  return existsSync(helmPath(4)) || spawnSync('go', ['version']).status === 0;
}

/** Builds the program of a major version, once per machine: it takes minutes. */
async function helmBinary(major: 3 | 4): Promise<string> {
  const binary = helmPath(major);
  if (existsSync(binary)) return binary;
  mkdirSync(dirname(binary), { recursive: true });
  const draft = `${binary}-${process.pid}`;
  const build = ['build', '-trimpath', '-buildvcs=false', '-o', draft, `helm.sh/helm/v${major}/cmd/helm`];
  await execute('go', build, { cwd: modules, maxBuffer: 1 << 26 });
  renameSync(draft, binary);
  return binary;
}

/** Builds both, for `beforeAll`. */
export async function buildHelm(): Promise<void> {
  for (const major of [3, 4] as const) await helmBinary(major);
}

/** Runs Helm and gives what it printed. */
export async function helm(major: 3 | 4, kubeconfig: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(await helmBinary(major), [...args], {
    env: { ...process.env, KUBECONFIG: kubeconfig, HELM_NO_PLUGINS: '1' },
  });
  return stdout;
}

/** A chart of these manifests, in which templates are allowed. */
export function chartOf(manifests: readonly object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-chart-'));
  mkdirSync(join(folder, 'templates'));
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: shop\nversion: 1.0.0\n');
  writeFileSync(join(folder, 'templates', 'all.yaml'), manifests.map((each) => JSON.stringify(each)).join('\n---\n'));
  return folder;
}
