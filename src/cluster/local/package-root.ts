import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubewrightError } from '../../errors.ts';

/** This package as it is installed. */
export interface OwnPackage {
  readonly folder: string;
  readonly version: string;
}

/** The folder of kubewright's package.json, whether this runs from `src/` or `lib/`; `undefined` in a bundle. */
export function ownPackage(): OwnPackage | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const { name, version } = readPackage(folder);
    if (name === 'kubewright' && version) return { folder, version };
    if (folder === dirname(folder)) return undefined;
  }
}

/** The Go sources and kwok stages: `control-plane/` of the package. */
export function controlPlaneSources(): string {
  const own = ownPackage();
  if (own) return join(own.folder, 'control-plane');
  throw new KubewrightError({
    code: 'LocalSourcesMissing',
    message: `local control plane: no package.json of kubewright above ${fileURLToPath(import.meta.url)}`,
    hint: 'Install kubewright as an npm package; a bundled copy cannot build its control plane.',
  });
}

function readPackage(folder: string): { name?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string };
  } catch {
    return {};
  }
}
