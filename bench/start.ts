/**
 * What a user waits for before anything happens: the import, and `synth` from a cold start.
 *
 *     npx tsx bench/start.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, time } from './measure.ts';

const node = process.execPath;
const run = (command: string, args: string[]): number => time(() => execFileSync(command, args, { stdio: 'ignore' }));
/** In pairs, so that a slow moment of the machine hits both. */
const pairs = (count: number, a: () => number, b: () => number): { a: number; b: number; difference: number } => {
  a();
  b();
  const rows = Array.from({ length: count }, () => ({ a: a(), b: b() }));
  return {
    a: median(rows.map((row) => row.a)),
    b: median(rows.map((row) => row.b)),
    difference: median(rows.map((row) => row.a - row.b)),
  };
};

const imported = pairs(
  15,
  () => run(node, ['--input-type=module', '-e', "await import('kubewright')"]),
  () => run(node, ['--input-type=module', '-e', '0']),
);
console.log(`import 'kubewright': ${imported.difference.toFixed(0)} ms over node -e 0 (bar: <= 60 ms)`);

const folder = mkdtempSync(join(process.cwd(), 'bench/.tmp-'));
try {
  const schemas = join(folder, 'schemas.ts');
  const stack = readFileSync('stacks/app.ts', 'utf8');
  // The arktype schemas of the stack and nothing else.
  writeFileSync(
    schemas,
    `import { type } from 'arktype';\n${stack.slice(stack.indexOf('const Service ='), stack.indexOf('const gateway ='))}\nvoid [MicroservicesSpec, MicroservicesStatus];\n`,
  );
  const synth = pairs(
    5,
    () => run('npx', ['tsx', 'stacks/app.ts', 'synth', '--env', 'prod', '--out', join(folder, 'dist')]),
    () => run('npx', ['tsx', schemas]),
  );
  console.log(
    `synth, cold: ${synth.difference.toFixed(0)} ms over npx tsx of the schemas alone, ${synth.a.toFixed(0)} ms in all (bar: <= 300 ms)`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
