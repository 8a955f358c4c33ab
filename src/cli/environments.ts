import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KubewrightError, throwProblems } from '../errors.ts';
import { didYouMean } from '../schema/nearest-name.ts';
import { checkEnvironment } from './check-environment.ts';
import { type Environment, isEnvironment } from './environment.ts';
import { displayPath } from './display-path.ts';
import { loadModule } from './load-module.ts';

/** An environment with the name and file that it was found by. */
export interface NamedEnvironment {
  readonly name: string;
  /** Path as messages show it. */
  readonly file: string;
  readonly environment: Environment;
}

const extensions = ['.ts', '.mts', '.js', '.mjs'] as const;

/** The environment files of a stack, by name: the nearest folder `environments` at or above the stack's. */
function findEnvironments(stackFile: string): ReadonlyMap<string, string> {
  for (let folder = dirname(stackFile); ; folder = dirname(folder)) {
    const candidate = join(folder, 'environments');
    if (existsSync(candidate) && statSync(candidate).isDirectory()) return environmentFiles(candidate);
    if (dirname(folder) === folder) return new Map();
  }
}

/**
 * Loads `environments/<name>`.
 *
 * @throws KubewrightError `NoEnvironment`, `UnknownEnvironment` (both list what there is), `InvalidEnvironment`
 */
export async function loadEnvironment(stackFile: string, name: string | undefined): Promise<NamedEnvironment> {
  const files = findEnvironments(stackFile);
  const file = name === undefined ? undefined : files.get(name);
  if (name === undefined || file === undefined) throw await notFound(stackFile, name, files);
  const found = await read(name, file);
  if (found.environment.cluster) return found;
  const usable = (await tryEnvironments(stackFile)).usable.map((environment) => environment.name);
  throw new KubewrightError({
    code: 'BaseEnvironment',
    resource: found.file,
    path: 'cluster',
    message: 'is missing: this environment is only a base for others',
    hint:
      usable.length > 0 ? `Use --env ${alternatives(usable)}.` : 'Give it a cluster, such as local() or context(name).',
  });
}

/** All environments of a stack that have a cluster, by name. Every file that cannot be loaded is told at once. */
export async function loadEnvironments(stackFile: string): Promise<readonly NamedEnvironment[]> {
  const { usable, broken } = await tryEnvironments(stackFile);
  throwProblems(
    'environments',
    broken.map(({ error }) => error),
  );
  if (usable.length === 0) throw await notFound(stackFile, undefined, findEnvironments(stackFile));
  return usable;
}

/** An environment file that cannot be loaded. */
export interface BrokenEnvironment {
  readonly name: string;
  /** Path as messages show it. */
  readonly file: string;
  readonly error: KubewrightError;
}

/** All environments of a stack that have a cluster, by name, and those that cannot be loaded. */
export async function tryEnvironments(
  stackFile: string,
): Promise<{ readonly usable: readonly NamedEnvironment[]; readonly broken: readonly BrokenEnvironment[] }> {
  const usable: NamedEnvironment[] = [];
  const broken: BrokenEnvironment[] = [];
  for (const [name, file] of findEnvironments(stackFile)) {
    try {
      const found = await read(name, file);
      if (found.environment.cluster) usable.push(found);
    } catch (error) {
      if (!(error instanceof KubewrightError)) throw error;
      broken.push({ name, file: displayPath(file), error });
    }
  }
  return { usable, broken };
}

async function read(name: string, file: string): Promise<NamedEnvironment> {
  const module = await loadModule(file);
  const environment = module['default'];
  const shown = displayPath(file);
  if (isEnvironment(environment)) {
    checkEnvironment(environment, shown);
    return { name, file: shown, environment };
  }
  throw new KubewrightError({
    code: 'InvalidEnvironment',
    resource: shown,
    message:
      environment === undefined ? 'has no default export' : 'its default export was not made by defineEnvironment',
    hint: 'Write `export default defineEnvironment({ … })`.',
  });
}

function environmentFiles(folder: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const extension of extensions) {
    for (const entry of readdirSync(folder).sort()) {
      const name = entry.slice(0, -extension.length);
      if (
        entry.endsWith(extension) &&
        name &&
        !name.endsWith('.d') &&
        !/\.(test|spec|test-d)$/.test(name) &&
        !files.has(name)
      )
        files.set(name, join(folder, entry));
    }
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function notFound(
  stackFile: string,
  name: string | undefined,
  files: ReadonlyMap<string, string>,
): Promise<KubewrightError> {
  if (files.size === 0) {
    return new KubewrightError({
      code: 'NoEnvironment',
      message: `there is no folder \`environments\` with an environment beside ${displayPath(stackFile)} or above it`,
      hint: 'Write environments/dev.ts with `export default defineEnvironment({ cluster: local(), values: { … } })`.',
    });
  }
  // A broken environment must not hide that another one was meant.
  const usable = (await tryEnvironments(stackFile)).usable.map((environment) => environment.name);
  const names = usable.length > 0 ? usable : [...files.keys()];
  const near = name === undefined ? undefined : didYouMean(name, names);
  return new KubewrightError({
    code: name === undefined ? 'NoEnvironment' : 'UnknownEnvironment',
    message: name === undefined ? 'the option --env is missing' : `there is no environment ${JSON.stringify(name)}`,
    hint: `${near ? `${near} ` : ''}Use --env ${alternatives(names)}.`,
  });
}

function alternatives(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
