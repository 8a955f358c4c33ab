import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { KubewrightError } from '../../errors.ts';
import { assetFiles } from './assets.ts';
import { buildBinaries, isComplete, programs } from './build.ts';
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
  const sources = controlPlaneSources();
  const folder = cacheFolder(sources);
  await buildBinaries(sources, folder, onProgress);
  return folder;
}

/** The folder with the binaries if there is one already. */
export function findBinaries(): string | undefined {
  const named = process.env['KUBEWRIGHT_CONTROL_PLANE'];
  if (named) return requireComplete(resolve(named));
  const kubebuilder = process.env['KUBEBUILDER_ASSETS'];
  if (kubebuilder && isComplete(kubebuilder)) return resolve(kubebuilder);
  const cached = cacheFolder(controlPlaneSources());
  return isComplete(cached) ? cached : undefined;
}

/** File and leading arguments that run one of the programs. */
export function programCommand(binaries: string, program: Component | 'kubectl'): { file: string; args: string[] } {
  if (program === 'kro') return { file: join(binaries, programs.kro), args: [] };
  return { file: join(binaries, programs.kubernetes), args: [program] };
}

/** The Kubernetes version of the binaries, such as `v1.36.3`. */
export function kubernetesVersion(binaries: string): string {
  return (JSON.parse(readFileSync(join(binaries, assetFiles.versions), 'utf8')) as { kubernetes: string }).kubernetes;
}

function requireComplete(folder: string): string {
  if (isComplete(folder)) return folder;
  const files = [programs.kubernetes, programs.kro, ...Object.values(assetFiles)];
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  throw new KubewrightError({
    code: 'LocalBinariesIncomplete',
    message: `KUBEWRIGHT_CONTROL_PLANE: the folder ${folder} has no ${missing.join(', ')}`,
    hint: 'Give a folder that kubewright has built (~/.cache/kubewright/<key>), or unset the variable.',
  });
}

/** Everything that decides what is built is in the key, so a folder never has to be checked for its age. */
function cacheFolder(sources: string): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  const tree = readdirSync(sources, { recursive: true, encoding: 'utf8' });
  const files = tree.filter((name) => /^(go\.(mod|sum)|main\.go|gateway\/.*\.go|stages\/.*\.yaml)$/.test(name)).sort();
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(sources, file)));
  return join(cache, 'kubewright', `control-plane-${hash.digest('hex').slice(0, 16)}`);
}
