// Compiles src/ to lib/: declarations by tsc, code by esbuild. Bundled, because a file for each module doubles the time
// that `import 'kubewright'` takes (bench/start.ts); what is imported lazily stays a file of its own.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lib = join(root, 'lib');
const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const packing = ['pack', 'publish'].includes(process.env.npm_command);
const entries = [...Object.values(exports).map(({ default: file }) => file), ...Object.values(bin)].filter(Boolean);

// Beside lib/, so that it can be renamed, and with a name of its own, so that two builds do not meet.
const made = mkdtempSync(`${lib}.`);
process.on('exit', () => rmSync(made, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130)).on('SIGTERM', () => process.exit(143));

declarations();
await code();
swap();

function declarations() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', made], {
      cwd: root,
      stdio: 'inherit',
    });
  } catch {
    process.exit(1);
  }
}

async function code() {
  await build({
    absWorkingDir: root,
    // package.json names lib/node-version.js as a file with side effects, so it must not end in a chunk.
    entryPoints: [...entries, './lib/node-version.js'].map((file) =>
      file.replace(/^\.\/lib\//, 'src/').replace(/\.js$/, '.ts'),
    ),
    outdir: made,
    outbase: 'src',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifyWhitespace: true,
    minifySyntax: true,
    minifyIdentifiers: true,
    // Node.js shows the line of an uncaught error.
    lineLimit: 160,
    logLevel: 'warning',
  });
  // Beside the chunks, which look for it there.
  cpSync(join(root, 'src/schema/kubernetes.json'), join(made, 'kubernetes.json'));
  chmodSync(join(made, 'bin.js'), 0o755);
}

/** Complete or not at all: programs that run while it happens find the old lib/ or the new one. */
function swap() {
  chmodSync(made, 0o755);
  const old = `${made}.old`;
  for (;;) {
    try {
      if (!packing) keepChunks();
      renameSync(lib, old);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    try {
      renameSync(made, lib);
      rmSync(old, { recursive: true, force: true });
      return;
    } catch (error) {
      rmSync(old, { recursive: true, force: true });
      // Another build put its own in between.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    }
  }
}

/** A program that has started before imports its chunks when it needs them, from a path that is the new lib/ by then. */
function keepChunks() {
  const recent = Date.now() - 3_600_000;
  for (const file of readdirSync(lib)) {
    const isChunk = /-[A-Z0-9]{8}\.js$/.test(file);
    if (isChunk && statSync(join(lib, file)).mtimeMs > recent)
      cpSync(join(lib, file), join(made, file), { force: false, preserveTimestamps: true });
  }
}
