/**
 * What type-checking the stack costs over its arktype schemas alone, in type instantiations.
 *
 *     npx tsx bench/types.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = mkdtempSync(join(process.cwd(), 'bench/.tmp-'));
const instantiations = (file: string): number => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: [file], exclude: [] }),
  );
  const { stdout } = spawnSync('node_modules/.bin/tsc', ['-p', folder, '--extendedDiagnostics', '--singleThreaded'], {
    encoding: 'utf8',
  });
  if (/error TS/.test(stdout)) throw new Error(stdout);
  return Number(/Instantiations:\s+(\d+)/.exec(stdout)?.[1]);
};

try {
  const stack = readFileSync('stacks/app.ts', 'utf8');
  const schemas = stack.slice(stack.indexOf('const Service ='), stack.indexOf('const gateway ='));
  writeFileSync(
    join(folder, 'schemas.ts'),
    `import { type } from 'arktype';\n${schemas}\nvoid [MicroservicesSpec, MicroservicesStatus];\n`,
  );
  const alone = instantiations('schemas.ts');
  const whole = instantiations('../../stacks/app.ts');
  console.log(
    `tsc on stacks/app.ts: ${whole} instantiations, ${whole - alone} over its schemas alone (${alone}) (bar: <= 20,000)`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
