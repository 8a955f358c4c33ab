import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { KubewrightError } from '../../errors.ts';
import { binaryFiles, folderPrefix, isComplete, missingFiles } from './binaries-folder.ts';
import { controlPlaneSources } from './package-root.ts';
import type { OnProgress } from './progress.ts';
import type { Component } from './state.ts';

/**
 * The folder with the binaries, in this order: `KUBEWRIGHT_CONTROL_PLANE` (a folder that kubewright has built),
 * `KUBEBUILDER_ASSETS` when it is such a folder (envtest's own holds three of seven programs and cannot run
 * Deployments, so it is left alone), the user's cache, and else a new build in that cache.
 *
 * @throws KubewrightError `LocalNoGo`, `LocalOldGo`, `LocalBuildFailed`, `LocalBinariesIncomplete`
 */
export async function findOrBuildBinaries(onProgress: OnProgress): Promise<string> {
  const found = findBinaries();
  if (found) return found;
  if (process.platform === 'win32') throw noWindows();
  const sources = controlPlaneSources();
  const folder = cacheFolder(sources);
  // Loaded here only: the build reads YAML, a control plane that is built does not.
  const { buildBinaries } = await import('./build.ts');
  await buildBinaries(sources, folder, onProgress);
  return folder;
}

/** The folder with the binaries if there is one already. */
function findBinaries(): string | undefined {
  const named = process.env['KUBEWRIGHT_CONTROL_PLANE'];
  if (named) return requireComplete(resolve(named));
  const kubebuilder = process.env['KUBEBUILDER_ASSETS'];
  if (kubebuilder && isComplete(kubebuilder)) return resolve(kubebuilder);
  const cached = cacheFolder(controlPlaneSources());
  if (!isComplete(cached)) return undefined;
  markUsed(cached);
  return cached;
}

/** File and leading arguments that run one of the binaryFiles. */
export function programCommand(binaries: string, program: Component | 'kubectl'): { file: string; args: string[] } {
  if (program === 'kro') return { file: join(binaries, binaryFiles.kro), args: [] };
  return { file: join(binaries, binaryFiles.kubernetes), args: [program] };
}

/** The Kubernetes version of the binaries, such as `v1.36.3`. */
export function kubernetesVersion(binaries: string): string {
  return (JSON.parse(readFileSync(join(binaries, binaryFiles.versions), 'utf8')) as { kubernetes: string }).kubernetes;
}

function requireComplete(folder: string): string {
  const missing = missingFiles(folder);
  if (missing.length === 0) return folder;
  throw new KubewrightError({
    code: 'LocalBinariesIncomplete',
    message: `KUBEWRIGHT_CONTROL_PLANE: the folder ${folder} has no ${missing.join(', ')}`,
    hint: 'Give a folder that kubewright has built (~/.cache/kubewright/control-plane-<key>), or unset the variable.',
  });
}

function noWindows(): KubewrightError {
  return new KubewrightError({
    code: 'LocalPlatform',
    message: 'local control plane: Windows is not supported',
    hint: 'Run kubewright in WSL, or name a cluster instead: cluster: context("<name>") in the environment.',
  });
}

/** The next build removes what was not used for a month. */
function markUsed(folder: string): void {
  try {
    utimesSync(folder, new Date(), new Date());
  } catch {
    // A cache that is shared and read-only is fine, too.
  }
}

/** Everything that decides what is built is in the key, so a folder never has to be checked for its age. */
function cacheFolder(sources: string): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  const tree = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  const files = tree.filter((name) => /^(go\.(mod|sum)|main\.go|gateway\/.*\.go|stages\/.*\.yaml)$/.test(name)).sort();
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(sources, file)));
  return join(cache, 'kubewright', `${folderPrefix}${hash.digest('hex').slice(0, 16)}`);
}
