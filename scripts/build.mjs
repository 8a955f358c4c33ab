// Compiles src/ to lib/ and puts beside it what is no TypeScript. The old lib/ stays until the new one is complete.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const fresh = join(root, `lib.${process.pid}`);
const old = join(root, `lib.${process.pid}.old`);
const lib = join(root, 'lib');

const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root, stdio: 'inherit' });
if (existsSync(join(fresh, 'bin.js'))) {
  cpSync(join(root, 'src/schema/kubernetes.json'), join(fresh, 'schema/kubernetes.json'));
  chmodSync(join(fresh, 'bin.js'), 0o755);
  if (existsSync(lib)) renameSync(lib, old);
  renameSync(fresh, lib);
  rmSync(old, { recursive: true, force: true });
}
rmSync(fresh, { recursive: true, force: true });
process.exitCode = status ?? 1;
