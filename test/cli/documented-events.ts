/** The events of `--output jsonl` as docs/command-line.md has them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Fields of an event by name, and whether they may be absent. */
type Fields = ReadonlyMap<string, boolean>;

/** Each type in the table, with its fields. */
export function documentedEvents(): ReadonlyMap<string, Fields> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/command-line.md'), 'utf8');
  const [, section = ''] = text.split('\n## Events\n');
  const rows = section.matchAll(/^\| `(\w+)` \| (.*?) ?\| /gm);
  return new Map(
    [...rows].map(([, type = '', fields = '']) => [
      type,
      new Map([...fields.matchAll(/`(\w+)(\??)`/g)].map(([, name = '', optional]) => [name, optional === '?'])),
    ]),
  );
}

const address: Fields = new Map([
  ['label', false],
  ['apiVersion', false],
  ['kind', false],
  ['namespace', true],
  ['name', false],
]);

/** Fails unless a line has the documented fields and no others; the result has more. */
export function expectDocumented(event: Readonly<Record<string, unknown>>): void {
  const { type, at, ...fields } = event;
  const documented = documentedEvents().get(String(type));
  expect(documented, `event ${String(type)}`).toBeDefined();
  expect(at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expectFields(fields, documented as Fields, { type, isOpen: type === 'result' });
  if (fields['object']) expectFields(fields['object'] as typeof event, address, { type: 'object' });
}

function expectFields(
  fields: Readonly<Record<string, unknown>>,
  documented: Fields,
  { type, isOpen = false }: { readonly type: unknown; readonly isOpen?: boolean },
): void {
  const needed = [...documented].filter(([, optional]) => !optional).map(([name]) => name);
  expect(Object.keys(fields), `fields of ${String(type)}`).toEqual(expect.arrayContaining(needed));
  const unknown = Object.keys(fields).filter((name) => !documented.has(name));
  if (!isOpen) expect(unknown, `undocumented fields of ${String(type)}`).toEqual([]);
}
