/**
 * The whole stack from the command line, to ready and with nothing to change, against what one would type without it:
 * `npx tsx` of its schemas alone, `kubectl apply` of its manifests, `kubectl wait`.
 *
 *   npx tsx bench/stack.ts [rounds]
 *
 * It works on the local control plane, and takes the deployment of `dev` away.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { up } from '../src/cluster/local/local.ts';
import { kubectl } from './kubectl.ts';
import { median, ratio, timeAsync } from './measure.ts';

const [rounds = '3'] = process.argv.slice(2);
const { kubeconfig: config } = await up();
const namespace = 'microservices-dev';
const folder = mkdtempSync(join(process.cwd(), 'bench/.tmp-'));
const schemas = join(folder, 'schemas.ts');
const stack = readFileSync('stacks/app.ts', 'utf8');
const body = stack.slice(stack.indexOf('const Service ='), stack.indexOf('const gateway ='));
writeFileSync(schemas, `import { type } from 'arktype';\n${body}\nvoid [MicroservicesSpec, MicroservicesStatus];\n`);

const tsx = async (...args: string[]): Promise<void> =>
  void execFileSync('npx', ['tsx', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
const ours = (): Promise<void> => tsx('stacks/app.ts', '--env', 'dev');
const manifests = join(folder, 'dev', 'microservices-app');

async function byHand(): Promise<void> {
  await tsx(schemas);
  // The namespace is there first, as objects of one file do not wait for each other.
  await kubectl(['apply', '--server-side', '-f', join(manifests, 'namespace.yaml')], config);
  await kubectl(['apply', '--server-side', '-k', manifests], config);
  await kubectl(
    ['wait', '-n', namespace, '--for=condition=Available', 'deployment', '--all', '--timeout=120s'],
    config,
  );
}

try {
  await tsx('stacks/app.ts', 'synth', '--env', 'dev', '--out', folder);
  const rows: { deploy: number; again: number; schemas: number; byHand: number }[] = [];
  for (let round = 0; round <= Number(rounds); round += 1) {
    const deploy = await timeAsync(ours);
    const again = await timeAsync(ours);
    const alone = await timeAsync(() => tsx(schemas));
    await tsx('stacks/app.ts', 'destroy', '--env', 'dev', '--yes');
    const hand = await timeAsync(byHand);
    await kubectl(['delete', 'namespace', namespace, '--wait'], config);
    if (round > 0) rows.push({ deploy, again, schemas: alone, byHand: hand });
  }
  const middle = (name: keyof (typeof rows)[number]): number => median(rows.map((row) => row[name]));
  const more = median(rows.map(({ again, schemas: alone }) => again - alone));
  for (const name of ['deploy', 'byHand', 'again', 'schemas'] as const)
    console.log(`${name}: ${middle(name).toFixed(0)} ms`);
  console.log(
    `to ready, over schemas + kubectl apply + kubectl wait: ${ratio(middle('deploy'), middle('byHand'))} × (bar: <= 1.3)`,
  );
  console.log(`nothing changed: ${more.toFixed(0)} ms over the schemas alone (bar: <= 600 ms)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
