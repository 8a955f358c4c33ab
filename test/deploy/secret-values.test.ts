import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SecretValues } from '../../src/deploy/secret-values.ts';

function knowing(...texts: readonly string[]): SecretValues {
  const values = new SecretValues([]);
  const data = texts.map((text, index) => [`k${index}`, Buffer.from(text).toString('base64')]);
  values.learn({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: Object.fromEntries(data) });
  return values;
}

const random = (bytes: number): string => randomBytes(bytes).toString('hex');

describe('values of Secrets are hidden', () => {
  it.each([
    ['one of 1 MiB', [random(500_000)]],
    ['many of 1 KiB', Array.from({ length: 2_000 }, () => random(500))],
    ['very many short ones', Array.from({ length: 50_000 }, () => random(8))],
  ])('%s', (_name, texts) => {
    const values = knowing(...texts);
    for (const secret of [texts[0] as string, texts.at(-1) as string]) {
      const said = `a ${secret} b ${Buffer.from(secret).toString('base64')} c`;
      expect([values.hide(said), values.hideIn(said)]).toEqual(['a (secret) b (secret) c', 'a (secret) b (secret) c']);
    }
  });

  it('the longest first, where one begins as another one', () => {
    const long = random(2_000);
    const values = knowing('correct-horse', 'correct-horse-battery', long, `${long}-more`);
    expect(values.hide(`correct-horse-battery correct-horse ${long}-more ${long}`)).toBe(
      '(secret) (secret) (secret) (secret)',
    );
  });
});
