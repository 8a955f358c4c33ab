import { expect, it } from 'vitest';
import { compareDefinitions } from '../../src/kro/compare.ts';

const definition = (
  spec: Record<string, string>,
  more: object = {},
  status: object = { name: '${map.metadata.name}' },
): object => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'app' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'App', spec, status, ...more },
    resources: [
      { id: 'map', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.metadata.name}' } } },
    ],
  },
});

it.each([
  ['a field removed', { a: 'string', b: 'string' }, { a: 'string' }, 'Property b was removed'],
  ['another type', { a: 'string' }, { a: 'integer' }, 'Type changed from string to integer'],
  ['newly required', { a: 'string' }, { a: 'string | required=true' }, 'Field a is newly required'],
  ['new and required', { a: 'string' }, { a: 'string', b: 'string | required=true' }, 'Optional property b was added'],
  [
    'a default of a required field removed',
    { a: 'string | required=true default=x' },
    { a: 'string | required=true' },
    'Default value removed from required field a',
  ],
  ['an enum value removed', { a: 'string | enum="x,y"' }, { a: 'string | enum="x"' }, 'Enum value "y" was removed'],
  ['a pattern added', { a: 'string' }, { a: 'string | pattern="^a$"' }, 'Validation pattern ^a$ was added'],
  [
    'a pattern changed',
    { a: 'string | pattern="^b$"' },
    { a: 'string | pattern="^a$"' },
    'Validation pattern changed from ^b$ to ^a$',
  ],
  ['a bound added', { a: 'integer' }, { a: 'integer | minimum=1' }, 'Minimum constraint 1 was added'],
  [
    'a bound tightened',
    { a: 'string | maxLength=9' },
    { a: 'string | maxLength=5' },
    'MaxLength was decreased from 9 to 5',
  ],
  ['items of another type', { a: '[]string' }, { a: '[]integer' }, 'Type changed from string to integer'],
])('%s is breaking', (_, before, after, message) => {
  const { breaking, refusal } = compareDefinitions(definition(before), definition(after));
  expect(breaking.map((change) => change.message)).toEqual([message]);
  expect(refusal).toBe(`breaking changes detected: ${message}`);
});

it.each([
  ['a field added', { a: 'string' }, { a: 'string', b: 'string' }, 'Optional property b was added'],
  ['no longer required', { a: 'string | required=true' }, { a: 'string' }, 'Field a is no longer required'],
  ['an enum value added', { a: 'string | enum="x"' }, { a: 'string | enum="x,y"' }, 'Enum value "y" was added'],
  ['a bound relaxed', { a: 'integer | minimum=3' }, { a: 'integer | minimum=1' }, 'Minimum was decreased from 3 to 1'],
  ['a description', { a: 'string' }, { a: 'string | description="A"' }, 'Description field was changed from  to A'],
])('%s is compatible', (_, before, after, message) => {
  const { breaking, compatible } = compareDefinitions(definition(before), definition(after));
  expect(breaking).toEqual([]);
  expect(compatible.map((change) => change.message)).toEqual([message]);
});

it.each([
  ['rules', { a: 'string' }, { a: 'string | immutable=true' }],
  ['list types', { a: '[]string' }, { a: '[]string | uniqueItems=true' }],
  ['values of a map', { a: 'map[string]string' }, { a: 'map[string]integer' }],
  ['a whole enum', { a: 'string' }, { a: 'string | enum="x"' }],
])('%s are not compared', (_, before, after) => {
  const { breaking, compatible, notCompared } = compareDefinitions(definition(before), definition(after));
  expect([breaking, compatible]).toEqual([[], []]);
  expect(notCompared).toHaveLength(1);
});

it('compares the status, names what is cut off, and what can never change', () => {
  const before = definition(
    { a: 'string', b: 'string', c: 'string', d: 'string' },
    { scope: 'Cluster', shortNames: ['ap'] },
    { name: '${map.metadata.name}', labels: '${map.metadata.labels}' },
  );
  const after = definition({}, { kind: 'Apps' });
  (before as never as { spec: { resources: { template: { metadata: object } }[] } }).spec
    .resources[0]!.template.metadata = { name: 'x', namespace: 'y' };
  const { breaking, compatible, immutable, refusal } = compareDefinitions(before, after);
  expect(breaking).toHaveLength(5);
  expect(compatible).toContainEqual({ path: 'names.shortNames', message: 'shortNames were changed' });
  expect(immutable.map(({ path }) => path)).toEqual(['spec.schema.kind', 'spec.schema.scope']);
  expect(refusal).toMatch(/; and 2 more changes$/);
});
