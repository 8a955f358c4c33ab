import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type OwnPackage, ownPackage } from '../cluster/local/package-root.ts';
import { KubewrightError } from '../errors.ts';
import { displayPath } from './display-path.ts';
import type { Call, Outcome, Verb } from './verb.ts';

/** `init`: a new project that runs. */
export const initVerb: Verb = {
  name: 'init',
  summary: 'makes a new project: a stack, an environment, and what they need',
  examples: ['init'],
  operand: 'folder',
  sample: 'shop',
  environment: 'none',
  run: runInit,
};

/** Files of `template/` by the path that they get; npm would not pack, and tools would obey, the names with a dot. */
const templates: Readonly<Record<string, string>> = {
  'tsconfig.json': 'tsconfig.json',
  '.oxlintrc.json': 'oxlintrc.json',
  '.gitignore': 'gitignore',
  'README.md': 'README.md',
  'stacks/app.ts': 'stacks/app.ts',
  'environments/dev.ts': 'environments/dev.ts',
};

async function runInit({ files: [given = '.'] }: Call): Promise<Outcome> {
  const folder = resolve(given);
  const own = ownPackage();
  if (!own)
    throw new KubewrightError({
      code: 'NoPackage',
      message: 'kubewright does not find its own package.json',
      hint: 'Install it as an npm package.',
    });
  const name = packageName(basename(folder));
  const read = (path: string): string => readFileSync(join(own.folder, 'template', path), 'utf8');
  const files = {
    'package.json': `${JSON.stringify(packageJson(name, own), null, 2)}\n`,
    ...Object.fromEntries(Object.entries(templates).map(([path, template]) => [path, read(template)])),
  };
  const paths = Object.keys(files);
  refuseExisting(folder, paths);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path === 'README.md' ? text.replace(/^# .*/, `# ${name}`) : text, { flag: 'wx' });
  }
  const steps = [
    ...(folder === process.cwd() ? [] : [`cd ${quoted(displayPath(folder))}`]),
    'npm install',
    'npm run deploy',
  ];
  return {
    document: { folder, files: paths },
    text: [
      ...paths.map((path) => `+ ${displayPath(join(folder, path))}`),
      '',
      'Next:',
      ...steps.map((it) => `  ${it}`),
    ].join('\n'),
  };
}

/** As a shell reads it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}

function refuseExisting(folder: string, paths: readonly string[]): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new KubewrightError({
      code: 'NotAFolder',
      resource: displayPath(folder),
      message: 'is a file',
      hint: 'Name a folder, which need not exist.',
    });
  const existing = paths.filter((path) => existsSync(join(folder, path)));
  if (existing.length === 0) return;
  throw new KubewrightError({
    code: 'FilesExist',
    resource: displayPath(folder),
    message: `has files that would be overwritten: ${existing.join(', ')}`,
    hint: 'Name another folder, or remove them.',
  });
}

function packageName(folder: string): string {
  return (
    folder
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'app'
  );
}

function packageJson(name: string, own: OwnPackage): object {
  // The versions that kubewright itself is tested with.
  const { devDependencies: tested } = JSON.parse(readFileSync(join(own.folder, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const pick = (...names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((it) => [it, tested[it] ?? 'latest']));
  const isInstalled = own.folder.includes(`${sep}node_modules${sep}`);
  // A Node that comes from a package means that the machine's own may be too old.
  const node = process.execPath.includes(`${sep}node_modules${sep}`) ? ['node'] : [];
  return {
    name,
    private: true,
    type: 'module',
    scripts: {
      deploy: 'tsx stacks/app.ts --env dev',
      synth: 'tsx stacks/app.ts synth',
      check: 'tsc && oxlint && tsx stacks/app.ts validate',
    },
    dependencies: { ...pick('arktype'), kubewright: isInstalled ? `^${own.version}` : `file:${own.folder}` },
    devDependencies: pick('@types/node', ...node, 'oxlint', 'oxlint-tsgolint', 'tsx', 'typescript'),
    // Newer versions of npm ask before they run the install scripts of packages.
    allowScripts: Object.fromEntries(['esbuild', ...node].map((it) => [it, true])),
  };
}
