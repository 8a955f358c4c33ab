import { ownPackage } from '../cluster/local/package-root.ts';
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
  const document = { version: ownPackage()?.version ?? 'unknown', node: process.version };
  return { document, text: document.version };
}
