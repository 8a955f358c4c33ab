import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parseSimpleSchema, type SimpleSchemaSource } from '../../src/schema/simple-schema-parse.ts';

const root = new URL('../../../shared/kro-corpus/', import.meta.url);
const present = existsSync(root);

interface Definition {
  readonly kind?: string;
  readonly spec?: { readonly schema?: SimpleSchemaSource };
}

function schemasOf(folder: string): [file: string, schema: SimpleSchemaSource][] {
  if (!present) return [];
  const files = readdirSync(new URL(folder, root)).filter(
    (file) => file.endsWith('.yaml') && !/\.(instance|extra)/.test(file),
  );
  return files.flatMap((file) => {
    const documents = loadAll(readFileSync(new URL(`${folder}${file}`, root), 'utf8'), {
      json: true,
    }) as (Definition | null)[];
    return documents.flatMap((one): [string, SimpleSchemaSource][] => {
      const schema = one?.kind === 'ResourceGraphDefinition' ? one.spec?.schema : undefined;
      return schema ? [[`${folder}${file}`, schema]] : [];
    });
  });
}

/** What kro said, by file; Go's map order decides where a cycle begins. */
function refusals(): Map<string, string> {
  if (!present) return new Map();
  const rows = readFileSync(new URL('INDEX.tsv', root), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const ofSchema = /failed to build OpenAPI schema for instance: (.*)/;
  return new Map(
    rows.flatMap(([file = '', , , , , message = '']) =>
      ofSchema.test(message) ? [[file, ofSchema.exec(message)?.[1] ?? '']] : [],
    ),
  );
}

test.skipIf(present)('the corpus of kro is not here: skipped', () => undefined);

describe.runIf(present)('SimpleSchemas of the corpus', () => {
  test.each(schemasOf('accepted/'))('%s is read', (_, schema) => {
    expect(parseSimpleSchema(schema)).toMatchObject({ type: 'object' });
  });

  const expected = refusals();
  test.each(schemasOf('rejected/').filter(([file]) => expected.has(file)))(
    '%s is refused as by kro',
    (file, schema) => {
      const message = (expected.get(file) ?? '').replace(/cyclic dependency in type.*/, 'cyclic dependency in type');
      expect(() => parseSimpleSchema(schema)).toThrow(message);
    },
  );

  test.each(schemasOf('rejected/').filter(([file]) => !expected.has(file)))(
    '%s is refused for another reason',
    (_, schema) => {
      expect(parseSimpleSchema(schema)).toMatchObject({ type: 'object' });
    },
  );
});
