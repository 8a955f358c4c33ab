import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome, Verb } from './verb.ts';

/** `help --output json`: the verbs and their flags. As text, the argument parser shows them. */
export function helpOutcome(verbs: readonly Verb[]): Outcome {
  return { document: { verbs: verbs.map(describe) }, text: '' };
}

function describe({ name, summary, environment, options = [], verbs = [], examples }: Verb): object {
  return {
    name,
    summary,
    environment,
    options: options.map(({ flags, text }) => ({ flags, text })),
    examples,
    ...(verbs.length > 0 && { verbs: verbs.map(describe) }),
  };
}

/** `--version` */
export function versionOutcome(): Outcome {
  const document = { version: packageVersion(), node: process.version };
  return { document, text: document.version };
}

function packageVersion(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'kubewright' && version) return version;
    } catch {
      // Not in this folder.
    }
    if (dirname(folder) === folder) return 'unknown';
  }
}
