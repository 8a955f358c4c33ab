// Compiles src/ to lib/: declarations by tsc, code by esbuild. Bundled, because a file for each module doubles the time
// that `import 'kubewright'` takes (bench/start.ts); what is imported lazily stays a file of its own.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = [...Object.values(exports).map(({ default: file }) => file), ...Object.values(bin)].filter(Boolean);

rmSync(join(root, 'lib'), { recursive: true, force: true });
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
} catch {
  process.exit(1);
}
await build({
  absWorkingDir: root,
  entryPoints: entries.map((file) => file.replace(/^\.\/lib\//, 'src/').replace(/\.js$/, '.ts')),
  outdir: 'lib',
  outbase: 'src',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: 'node22',
  sourcemap: true,
  sourcesContent: false,
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
});
// Beside the chunks, which look for it there.
cpSync(join(root, 'src/schema/kubernetes.json'), join(root, 'lib/kubernetes.json'));
chmodSync(join(root, 'lib/bin.js'), 0o755);
