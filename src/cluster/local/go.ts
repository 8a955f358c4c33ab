import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { KubewrightError } from '../../errors.ts';

const neededMinor = 26;

const elsewhere =
  'or name a cluster instead of the local control plane: cluster: context("<name>") in the environment. ' +
  'Prebuilt binaries are used when KUBEWRIGHT_CONTROL_PLANE names their folder.';

/** Throws unless a Go that can build Kubernetes is on the PATH. */
export function requireGo(): void {
  const run = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8', env: goEnvironment() });
  if (run.error || run.status !== 0) {
    throw new KubewrightError({
      code: 'LocalNoGo',
      message:
        'local control plane: its binaries are not built yet, and building them needs Go, which is not on the PATH',
      hint: `Install Go 1.${neededMinor} or newer (https://go.dev/dl), ${elsewhere}`,
      cause: run.error,
    });
  }
  const version = run.stdout.trim();
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) === 1 && Number(minor) < neededMinor) {
    throw new KubewrightError({
      code: 'LocalOldGo',
      message: `local control plane: building its binaries needs Go 1.${neededMinor} or newer, but the PATH has ${version}`,
      hint: `Install a newer Go (https://go.dev/dl), ${elsewhere}`,
    });
  }
}

/** Runs `go` in `folder` and gives its standard output; `onLine` sees the lines of its standard error. */
export async function runGo(folder: string, args: string[], onLine?: (line: string) => void): Promise<string> {
  const child = spawn('go', args, { cwd: folder, env: goEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    onLine?.(line);
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const stop = (): boolean => child.kill();
  process.once('exit', stop);
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  process.off('exit', stop);
  if (code === 0) return output;
  throw new KubewrightError({
    code: 'LocalBuildFailed',
    message: `local control plane: go ${args[0] ?? ''} failed (exit ${String(code)}):\n${tail(lines)}\n`,
    hint: 'Go needs its module proxy (go env GOPROXY) and about 4 GB of disk; run the same verb again after that is solved.',
  });
}

function tail(lines: string[]): string {
  const telling = lines.filter((line) => /error|cannot|fail|no space|denied|:\d+:\d+|forbidden|timeout/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(-8).join('\n');
}

/** A user's workspace, flags or toolchain choice must not change what is built. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOOS: '', GOARCH: '' };
}
