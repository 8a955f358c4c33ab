import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { KubewrightError } from '../errors.ts';
import { displayPath } from './display-path.ts';

/**
 * Imports a stack or environment file, TypeScript included: with tsx where the project has it, else by Node itself.
 *
 * @throws KubewrightError `ModuleFailed` that names the file and carries what it threw
 */
export async function loadModule(file: string): Promise<Record<string, unknown>> {
  const path = realpathSync(file);
  if (/\.[cm]?ts$/.test(path)) await prepareTypeScript(path);
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    throw moduleFailed(path, cause);
  }
}

let prepared = false;

async function prepareTypeScript(path: string): Promise<void> {
  if (prepared || underTsx() || underNode()) return;
  prepared = true;
  let api: string;
  try {
    api = createRequire(path).resolve('tsx/esm/api');
  } catch {
    if (process.features.typescript) return;
    throw new KubewrightError({
      code: 'NoTypeScript',
      resource: displayPath(path),
      message: `Node.js ${process.version} does not read TypeScript by itself and the project has no tsx`,
      hint: 'Run `npm install --save-dev tsx`.',
    });
  }
  const { register } = (await import(pathToFileURL(api).href)) as { register: () => unknown };
  register();
}

function underTsx(): boolean {
  return process.execArgv.some((argument) => /(^|[\\/=])tsx([\\/]|$)/.test(argument));
}

/** A program that Node itself reads as TypeScript goes on that way. */
function underNode(): boolean {
  return Boolean(process.features.typescript) && /\.[cm]?ts$/.test(process.argv[1] ?? '');
}

function moduleFailed(path: string, cause: unknown): KubewrightError {
  const problem = cause instanceof Error ? cause : new Error(String(cause));
  const own = problem instanceof KubewrightError;
  const place = own ? undefined : frameIn(problem, path);
  return new KubewrightError({
    code: own ? problem.code : 'ModuleFailed',
    resource: displayPath(path),
    message: own ? problem.message : `throws while it is loaded: ${problem.name}: ${problem.message}`,
    hint: place && `(${place})`,
    cause,
    ...(own && { problems: problem.problems.length > 0 ? problem.problems : [problem] }),
  });
}

/** Where in the user's files it was thrown: the first frame that is neither Node's nor a package's. */
function frameIn(error: Error, path: string): string | undefined {
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line));
  const frame = frames.find((line) => line.includes(path)) ?? frames[0];
  return /((?:file:\/\/)?[^\s()]+:\d+:\d+)\)?$/.exec(frame ?? '')?.[1]?.replace(/^file:\/\//, '');
}
