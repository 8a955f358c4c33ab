import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { validate } from '../../src/kro/validate.ts';

interface Case {
  readonly name: string;
  /** The message of the condition GraphAccepted or KindReady, or `accepted`: what kro 0.9.4 said on Kubernetes 1.36. */
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
