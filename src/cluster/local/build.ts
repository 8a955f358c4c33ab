import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assembleAssets, assetFiles } from './assets.ts';
import { requireGo, runGo } from './go.ts';
import { withLock } from './lock.ts';
import type { OnProgress } from './progress.ts';

/** Names of the two programs in a binaries folder. */
export const programs = { kubernetes: 'kubernetes', kro: 'kro' } as const;

const kroPackage = 'github.com/kubernetes-sigs/kro/cmd/controller';

/** Whether the folder holds everything that a control plane is started from. */
export function isComplete(folder: string): boolean {
  const files = [programs.kubernetes, programs.kro, ...Object.values(assetFiles)];
  return files.every((file) => existsSync(join(folder, file)));
}

/**
 * Builds the binaries and their assets into `folder`, which appears complete or not at all; one build at a time.
 *
 * @throws KubewrightError `LocalNoGo`, `LocalOldGo`, `LocalBuildFailed`
 */
export async function buildBinaries(sources: string, folder: string, onProgress: OnProgress): Promise<void> {
  requireGo();
  const cache = dirname(folder);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const onWait = (): void => onProgress({ phase: 'wait', text: 'Another process builds the control plane; waiting for it' });
  const build = async (): Promise<void> => {
    if (isComplete(folder)) return;
    const draft = mkdtempSync(join(cache, `.${basename(folder)}-`));
    try {
      await compile(sources, draft, onProgress);
      await assembleAssets(sources, draft);
      rmSync(folder, { recursive: true, force: true });
      renameSync(draft, folder);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  };
  await withLock(join(cache, '.locks'), build, { onWait });
}

async function compile(sources: string, draft: string, onProgress: OnProgress): Promise<void> {
  const report = buildReporter(onProgress, await countPackages(sources, onProgress));
  const version = moduleVersion(sources, 'k8s.io/kubernetes');
  const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-v', '-ldflags', linkerFlags(version)];
  await runGo(sources, ['build', ...flags, '-o', `${draft}/`, '.', kroPackage], report);
  renameSync(join(draft, 'control-plane'), join(draft, programs.kubernetes));
  renameSync(join(draft, 'controller'), join(draft, programs.kro));
  writeFileSync(join(draft, assetFiles.versions), JSON.stringify({ kubernetes: version, kro: moduleVersion(sources, 'github.com/kubernetes-sigs/kro') }));
}

/** The version that go.mod requires. */
function moduleVersion(sources: string, path: string): string {
  const lines = readFileSync(join(sources, 'go.mod'), 'utf8').split('\n');
  const line = lines.find((candidate) => candidate.trim().startsWith(`${path} v`));
  return line?.trim().split(' ')[1] ?? 'v0.0.0';
}

/** Without a version the server calls itself v0.0.0-master+$Format:%H$ and clients trip over it. */
function linkerFlags(version: string): string {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean', gitCommit: '' };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const settings = packages.flatMap((path) => Object.entries(values).map(([key, value]) => `-X ${path}.${key}=${value}`));
  return ['-s', '-w', ...settings].join(' ');
}

async function countPackages(sources: string, onProgress: OnProgress): Promise<number> {
  onProgress({ phase: 'build', text: 'Building the local control plane, once: Kubernetes and kro from their Go modules (about 5 minutes on 2 cores)' });
  let downloads = 0;
  const list = await runGo(sources, ['list', '-mod=readonly', '-deps', '.', kroPackage], (line) => {
    if (!line.startsWith('go: downloading')) return;
    downloads += 1;
    onProgress({ phase: 'build', text: `Downloading Go modules (${downloads}): ${line.slice('go: downloading '.length)}` });
  });
  return new Set(list.trim().split('\n')).size;
}

/** `go build -v` names each package that it compiles; those in Go's build cache are never named. */
function buildReporter(onProgress: OnProgress, total: number): (line: string) => void {
  const start = Date.now();
  let compiled = 0;
  let last = 0;
  return (line) => {
    if (line.includes(' ')) return;
    compiled += 1;
    const now = Date.now();
    if (now - last < 500) return;
    last = now;
    // Linking takes about a tenth of the time and has no output of its own.
    const fraction = Math.min(0.9, (0.9 * compiled) / total);
    const elapsed = (now - start) / 1000;
    const text = `Building the local control plane: ${compiled} of ${total} packages`;
    const estimate = compiled > 50 ? { secondsLeft: Math.round(elapsed / fraction - elapsed) } : {};
    onProgress({ phase: 'build', text, fraction, ...estimate });
  };
}
