import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { ownPackage } from '../cluster/local/package-root.ts';
import { KubewrightError } from '../errors.ts';
import { projectFiles } from './init-files.ts';
import { displayPath } from './load-module.ts';
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

async function runInit({ files: [given = '.'] }: Call): Promise<Outcome> {
  const folder = resolve(given);
  const files = Object.entries(projectFiles({ name: packageName(basename(folder)), ...versions() }));
  const paths = files.map(([path]) => path);
  refuseExisting(folder, paths);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { flag: 'wx' });
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

/** The versions that kubewright itself is tested with. */
function versions(): { dependencies: Record<string, string>; devDependencies: Record<string, string> } {
  const own = ownPackage();
  if (!own)
    throw new KubewrightError({
      code: 'NoPackage',
      message: 'kubewright does not find its own package.json',
      hint: 'Install it as an npm package.',
    });
  const { devDependencies: tested } = JSON.parse(readFileSync(join(own.folder, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const pick = (...names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, tested[name] ?? 'latest']));
  const installed = own.folder.includes(`${sep}node_modules${sep}`);
  // A Node that comes from a package means that the machine's own may be too old.
  const node = process.execPath.includes(`${sep}node_modules${sep}`) ? ['node'] : [];
  return {
    dependencies: { ...pick('arktype'), kubewright: installed ? `^${own.version}` : `file:${own.folder}` },
    devDependencies: pick('@types/node', ...node, 'oxlint', 'oxlint-tsgolint', 'tsx', 'typescript'),
  };
}
