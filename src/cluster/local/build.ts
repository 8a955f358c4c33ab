import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assembleAssets } from './assets.ts';
import { binaryFiles, folderPrefix, isComplete } from './binaries-folder.ts';
import { requireGo, runGo } from './go.ts';
import { withLock } from './lock.ts';
import type { OnProgress } from './progress.ts';

const unusedMs = 30 * 24 * 60 * 60 * 1000;

const kroPackage = 'github.com/kubernetes-sigs/kro/cmd/controller';

/**
 * Builds the binaries and their assets into `folder`, which appears complete or not at all; one build at a time.
 *
 * @throws KubewrightError `LocalNoGo`, `LocalOldGo`, `LocalBuildFailed`
 */
export async function buildBinaries(sources: string, folder: string, onProgress: OnProgress): Promise<void> {
  requireGo();
  const cache = dirname(folder);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const onWait = (): void =>
    onProgress({ phase: 'wait', text: 'Another process builds the control plane; waiting for it' });
  const build = async (): Promise<void> => {
    if (isComplete(folder)) return;
    removeLeftovers(cache);
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

/** Drafts of builds that were killed (we hold the lock, so none is in use), and what nobody used for a month. */
function removeLeftovers(cache: string): void {
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    const unused = Date.now() - statSync(folder).mtimeMs > unusedMs;
    const ours = name.startsWith(folderPrefix);
    if (name.startsWith(`.${folderPrefix}`) || (ours && unused)) rmSync(folder, { recursive: true, force: true });
  }
}

async function compile(sources: string, draft: string, onProgress: OnProgress): Promise<void> {
  const report = buildReporter(onProgress, await countPackages(sources, onProgress));
  const version = moduleVersion(sources, 'k8s.io/kubernetes');
  const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-v', '-ldflags', linkerFlags(version)];
  await runGo(sources, ['build', ...flags, '-o', `${draft}/`, '.', kroPackage], report);
  renameSync(join(draft, 'control-plane'), join(draft, binaryFiles.kubernetes));
  renameSync(join(draft, 'controller'), join(draft, binaryFiles.kro));
  writeFileSync(
    join(draft, binaryFiles.versions),
    JSON.stringify({ kubernetes: version, kro: moduleVersion(sources, 'github.com/kubernetes-sigs/kro') }),
  );
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
  const settings = packages.flatMap((path) =>
    Object.entries(values).map(([key, value]) => `-X ${path}.${key}=${value}`),
  );
  return ['-s', '-w', ...settings].join(' ');
}

async function countPackages(sources: string, onProgress: OnProgress): Promise<number> {
  onProgress({
    phase: 'build',
    text: 'Building the local control plane, once: Kubernetes and kro from their Go modules (about 5 minutes on 2 cores)',
  });
  let downloads = 0;
  const list = await runGo(sources, ['list', '-mod=readonly', '-deps', '.', kroPackage], (line) => {
    if (!line.startsWith('go: downloading')) return;
    downloads += 1;
    onProgress({
      phase: 'build',
      text: `Downloading Go modules (${downloads}): ${line.slice('go: downloading '.length)}`,
    });
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
