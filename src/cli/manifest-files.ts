import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KubewrightError } from '../errors.ts';
import type { Source } from '../kro/read/source.ts';

/** Whether a path is a manifest, or a folder of manifests, rather than a stack. */
export function isManifestFile(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path) || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/**
 * Reads manifests; of a folder those directly in it and below.
 *
 * @throws KubewrightError `FileMissing`
 */
export function readManifestFiles(paths: readonly string[]): Source[] {
  return paths.flatMap((path) => filesOf(path).map((file) => ({ file, content: readFileSync(file, 'utf8') })));
}

function filesOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found)
    throw new KubewrightError({
      code: 'FileMissing',
      resource: path,
      message: 'does not exist',
      hint: 'Name a YAML or JSON file.',
    });
  if (!found.isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ya?ml|json)$/i.test(name))
    .sort()
    .map((name) => join(path, name));
}
