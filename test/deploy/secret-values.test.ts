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

  it.each([
    ['in quotes', 'say "open\\sesame"', (text: string) => JSON.stringify(text)],
    [
      'as JSON of Go',
      'a<b>&c=open',
      (text: string) => text.replaceAll(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`),
    ],
    ['over several lines', 'first line\nsecond line', (text: string) => JSON.stringify(text)],
    ['in a URL', 'p@ss/word?&', (text: string) => `postgres://user:${encodeURIComponent(text)}@db`],
  ])('%s', (_name, secret, written) => {
    const values = knowing(secret);
    const said = `refused: ${written(secret)}`;
    expect(values.hideIn(said)).toBe(`refused: ${written('SECRET').replace('SECRET', '(secret)')}`);
  });

  it('the longest first, where one begins as another one', () => {
    const long = random(2_000);
    const values = knowing('correct-horse', 'correct-horse-battery', long, `${long}-more`);
    expect(values.hide(`correct-horse-battery correct-horse ${long}-more ${long}`)).toBe(
      '(secret) (secret) (secret) (secret)',
    );
  });
});
