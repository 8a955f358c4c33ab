import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const stack = `import { type } from 'arktype';
import { Cel, run, simple, toResourceGraph } from 'kubewright';
import { apps } from 'kubewright/k8s';

export const web = toResourceGraph(
  { name: 'web', apiVersion: 'example.com/v1', kind: 'Web', spec: type({ image: 'string', replicas: 'number.integer = 1' }), status: type({ ready: 'boolean', url: 'string' }) },
  (schema) => ({
    web: simple.Deployment({ name: 'web', image: schema.spec.image, replicas: schema.spec.replicas }),
    worker: apps.v1.Deployment({
      metadata: { name: 'worker' },
      spec: {
        selector: { matchLabels: { app: 'worker' } },
        template: { metadata: { labels: { app: 'worker' } }, spec: { containers: [{ name: 'worker', image: schema.spec.image }] } },
      },
    }),
  }),
  (schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0), url: Cel.template\`https://\${schema.spec.image}\` }),
);

run(import.meta, web);
`;
const environment = `import { defineEnvironment, local } from 'kubewright';
import type { web } from '../stacks/web.js';

export default defineEnvironment<{ web: typeof web }>({ cluster: local(), mode: 'direct', namespace: 'web', values: { web: { image: 'nginx' } } });
`;

const folder = mkdtempSync(join(tmpdir(), 'kubewright-consumer-'));
const environmentVariables = {
  ...process.env,
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .join(delimiter),
};
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: environmentVariables,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

beforeAll(() => {
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  mkdirSync(join(folder, 'stacks'));
  mkdirSync(join(folder, 'environments'));
  writeFileSync(join(folder, 'stacks/web.ts'), stack);
  writeFileSync(join(folder, 'environments/dev.ts'), environment);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2024',
        module: 'nodenext',
        strict: true,
        skipLibCheck: false,
        types: ['node'],
        outDir: 'out',
        rootDir: '.',
      },
      include: ['stacks', 'environments'],
    }),
  );
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const pinned = ['arktype', 'tsx', 'typescript', '@types/node', 'node', 'oxlint', 'oxlint-tsgolint'].map(
    (name) => `${name}@${devDependencies[name]}`,
  );
  run('npm', 'install', '--no-audit', '--no-fund', `./${tarball}`, ...pinned);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package in an empty project', { timeout: 120_000 }, () => {
  const written = (): string[] => readdirSync(join(folder, 'dist/dev/web')).sort();

  it('runs a stack with tsx', () => {
    run('npx', 'tsx', 'stacks/web.ts', 'synth', '--env', 'dev');
    expect(written()).toEqual(['kustomization.yaml', 'namespace.yaml', 'web.yaml', 'worker.yaml']);
  });

  it('type-checks with skipLibCheck off, and runs compiled on plain Node', () => {
    const compiled = spawnSync('npx', ['tsc', '-p', '.'], { cwd: folder, encoding: 'utf8', env: environmentVariables });
    expect(compiled.stdout).toBe('');
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    run('npx', 'node', 'out/stacks/web.js', 'synth', '--env', 'dev', '--out', 'dist');
    expect(written()).toEqual(['kustomization.yaml', 'namespace.yaml', 'web.yaml', 'worker.yaml']);
  });

  it('has its command', () => {
    expect(run('npx', 'kubewright', 'help')).toContain('synth');
  });

  it('makes a new project that runs, compiles and passes its own lint', () => {
    run('npx', 'kubewright', 'init', 'shop');
    run('npx', 'tsx', 'shop/stacks/app.ts', 'synth', '--out', 'shop/dist');
    expect(readdirSync(join(folder, 'shop/dist/dev/app')).sort()).toEqual([
      'config.yaml',
      'kustomization.yaml',
      'namespace.yaml',
      'service.yaml',
      'web.yaml',
    ]);
    expect(run('npx', 'tsc', '-p', 'shop')).toBe('');
    expect(run('npx', 'kubewright', 'validate', 'shop/stacks/app.ts')).toBe('✓ shop/stacks/app.ts app for dev\n');
  });

  it('lints a project that extends its preset', () => {
    const file = join(folder, 'stacks/misused.ts');
    writeFileSync(file, stack.replace('image: schema.spec.image,', 'image: schema.spec.image || "nginx",'));
    writeFileSync(join(folder, '.oxlintrc.json'), '{ "extends": ["./node_modules/kubewright/oxlint.json"] }');
    const { status, stdout } = spawnSync('npx', ['oxlint', '--type-aware', file], {
      cwd: folder,
      encoding: 'utf8',
      env: environmentVariables,
    });
    rmSync(file);
    expect(stdout).toContain('no-unnecessary-condition');
    expect(status).toBe(1);
  });

  it('says in one line that an older Node is too old', (context) => {
    const node = spawnSync('node', ['--version'], { encoding: 'utf8', env: environmentVariables }).stdout.trim();
    if (Number(/^v(\d+)/.exec(node)?.[1] ?? 99) >= 22) context.skip(`this machine has no older Node (${node})`);
    cpSync(join(folder, 'out/stacks/web.js'), join(folder, 'old.js'));
    const { status, stderr } = spawnSync('node', ['old.js'], {
      cwd: folder,
      encoding: 'utf8',
      env: environmentVariables,
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `kubewright needs Node.js 22 or newer; this is ${node}. Install a newer Node.js, or run \`npm i -D node@24\` and use npx.\n`,
    });
  });
});
