import { describe, expect, it } from 'vitest';
import { conflictError } from '../../src/deploy/conflict.ts';
import { excerpts } from '../../src/deploy/excerpt.ts';

const definition = (spec: object, kind = 'ResourceGraphDefinition'): never =>
  ({ apiVersion: 'kro.run/v1alpha1', kind, metadata: { name: 'shop' }, spec }) as never;

/** A resource as a definition has it, long enough that all of them do not fit into a message. */
const resource = (id: string, replicas: number): object => ({
  id,
  template: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: id, labels: { app: id } },
    spec: { replicas },
  },
});
const resources = (...replicas: number[]): object[] => replicas.map((count, index) => resource(`web${index}`, count));

/** As if a Secret had a long value. */
const secret = 'correct-horse-battery-staple'.repeat(10);
const hide = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll(secret, '(secret)') : value);

function conflict(theirs: object, ours: object, kind?: string): string {
  const object = definition(ours, kind);
  const wanted = {
    ...(object as object),
    label: 'definition shop',
    name: 'shop',
    object,
    source: () => undefined,
    hide,
  };
  return conflictError(wanted as never, definition(theirs, kind), [{ path: 'spec.resources', manager: 'kubectl-edit' }])
    .message;
}

describe('a conflict about a long list', () => {
  it.each<[title: string, theirs: unknown, ours: unknown, text: string]>([
    [
      'names the field in it',
      resources(1, 2, 3),
      resources(1, 2, 4),
      'kubectl-edit set spec.resources[2].template.spec.replicas to 3, the graph says 4. Take',
    ],
    [
      'counts those that do not fit',
      resources(1, 1, 1, 1, 1),
      resources(2, 2, 2, 2, 2),
      'spec.resources[2].template.spec.replicas to 1, the graph says 2; 2 more of its fields differ. Take',
    ],
    [
      'shows what is missing',
      resources(1),
      resources(1, 2),
      'set spec.resources[1] to nothing, the graph says {"id":"web1"',
    ],
    ['of a short one shows it', ['a'], 'b', 'set it to ["a"], the graph says "b". Take'],
    ['joins keys', { a: { b: 1 } }, { a: { b: 2 } }, 'set spec.resources.a.b to 1, the graph says 2. Take'],
    ['of equal values shows them', [1], [1], 'set it to [1], the graph says [1]. Take'],
  ])('%s', (_title, theirs, ours, text) => {
    expect(conflict({ resources: theirs }, { resources: ours })).toContain(text);
  });

  it('shows no part of what a Secret holds', () => {
    const text = conflict({ resources: `url=${secret};a` }, { resources: `url=${secret};b` });
    expect(text).toContain('set it to "url=(secret);a", the graph says "url=(secret);b"');
  });

  it('shows nothing of a Secret', () => {
    const text = conflict({ resources: { key: 'horse' } }, { resources: { key: 'battery' } }, 'Secret');
    expect(text).toContain('set it to (secret), the graph says (secret)');
    expect(text).not.toMatch(/horse|battery/);
  });
});

describe('excerpts of two values', () => {
  const long = 'x'.repeat(100);
  it.each<[title: string, before: unknown, after: unknown, shown: [string, string]]>([
    ['short ones are whole', 1, { a: 'b' }, ['1', '{"a":"b"}']],
    ['what is not there', undefined, 1, ['nothing', '1']],
    ['a difference at the end', `${long}a`, `${long}b`, [`…${'x'.repeat(20)}a"`, `…${'x'.repeat(20)}b"`]],
    [
      'a difference in the middle',
      `${long}a${long}`,
      `${long}b${long}`,
      [`…${'x'.repeat(20)}a${'x'.repeat(7)}…`, `…${'x'.repeat(20)}b${'x'.repeat(7)}…`],
    ],
    ['a difference at the beginning', 'a', long, ['"a"', `"${'x'.repeat(28)}…`]],
  ])('%s', (_title, before, after, shown) => {
    expect(excerpts(before, after, 30)).toEqual(shown);
  });
});
