import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubewrightError } from '../../errors.ts';

/** The Go sources and kwok stages: `control-plane/` of the package, whether this runs from `src/` or `lib/`. */
export function controlPlaneSources(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === 'kubewright') return join(folder, 'control-plane');
    if (folder === dirname(folder)) break;
  }
  throw new KubewrightError({
    code: 'LocalSourcesMissing',
    message: `local control plane: no package.json of kubewright above ${start}`,
    hint: 'Install kubewright as an npm package; a bundled copy cannot build its control plane.',
  });
}

function packageName(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name;
  } catch {
    return undefined;
  }
}
