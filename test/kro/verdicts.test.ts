import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { validate } from '../../src/kro/validate.ts';

interface Case {
  readonly name: string;
  /** What the API server (server-side apply, Kubernetes 1.36) or kro 0.9.4 (GraphAccepted, KindReady) said, or `accepted`. */
  readonly said: string;
  readonly definition: object;
}

const cases = JSON.parse(readFileSync(new URL('../cases/kro-verdicts.json', import.meta.url), 'utf8')) as Case[];

const flat = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    // Go's words for what is no JSON.
    .replace(/(cannot be handled as a CustomResourceDefinition: ).*/, '$1');

it.each(cases.map((one) => [one.name, one] as const))('%s', (_, { definition, said }) => {
  const [verdict] = validate([definition]);
  expect(flat(verdict?.errors[0]?.message ?? 'accepted')).toBe(flat(said));
});
