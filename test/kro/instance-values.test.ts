import { describe, expect, it } from 'vitest';
import { fromDefinition } from '../../src/kro/import.ts';
import { simulate } from '../../src/testing/simulate.ts';
import { render } from '../../src/testing/render.ts';

const definition = (spec: object, types: object = {}): object => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'valued' },
  spec: {
    schema: { apiVersion: 'v1', kind: 'Valued', spec: { ...spec }, types },
    resources: [
      {
        id: 'values',
        template: {
          apiVersion: 'example.com/v1',
          kind: 'Copy',
          metadata: { name: 'values' },
          spec: '${schema.spec}',
        },
      },
    ],
  },
});

const item = { Item: { name: 'string | required=true', size: 'integer | default=1' } };

/** What the API server says to values, through the oracle: the stored ones, or what is wrong. */
const cases: readonly (readonly [string, object, object, object | RegExp])[] = [
  [
    'fills in defaults of objects that are there',
    { a: { b: 'string | default=x', c: 'string | required=true' } },
    {},
    {},
  ],
  ['fills in nested defaults', { a: { b: { c: 'string | default=x' } } }, {}, { a: { b: { c: 'x' } } }],
  ['fills in defaults of items', { a: '[]Item' }, { a: [{ name: 'n' }] }, { a: [{ name: 'n', size: 1 }] }],
  [
    'fills in defaults of a map',
    { a: 'map[string]Item' },
    { a: { k: { name: 'n' } } },
    { a: { k: { name: 'n', size: 1 } } },
  ],
  ['drops null', { a: 'string', b: { c: 'string' } }, { a: null, b: { c: null } }, { b: {} }],
  ['replaces null by a default', { a: 'string | default=x' }, { a: null }, { a: 'x' }],
  ['keeps any content', { a: 'object' }, { a: { b: [null, { c: 1 }] } }, { a: { b: [null, { c: 1 }] } }],
  ['counts characters, not bytes', { a: 'string | maxLength=1' }, { a: '😀' }, { a: '😀' }],
  ['compares integers with the whole part of a bound', { a: 'float | minimum=0.5' }, { a: 0 }, { a: 0 }],
  ['refuses null in a list', { a: '[]string' }, { a: ['x', null] }, /spec a\[1\]: must be of type string: "null"/],
  ['refuses missing fields', { a: '[]Item' }, { a: [{}] }, /spec a\[0\]\.name: is required/],
  [
    'refuses unknown fields',
    { count: 'integer' },
    { cuont: 1 },
    /spec cuont: is not a field of this kind\. Did you mean "count"/,
  ],
  [
    'refuses other types',
    { a: 'string' },
    { a: 7 },
    /spec a: must be of type string: "integer"\. Write it as text, in quotes/,
  ],
  ['refuses fractions', { a: 'integer' }, { a: 1.5 }, /spec a: must be of type integer: "number"/],
  ['refuses integers beyond 64 bits', { a: 'integer' }, { a: 1e19 }, /spec a: must be of type integer: "number"/],
  [
    'refuses other values',
    { a: 'string | enum="x,y"' },
    { a: 'z' },
    /spec a: has none of the supported values: "x", "y"/,
  ],
  ['refuses by bounds', { a: 'integer | maximum=3' }, { a: 4 }, /spec a: should be less than or equal to 3/],
  ['refuses by length', { a: 'string | minLength=2' }, { a: '😀' }, /spec a: should be at least 2 chars long/],
  [
    'refuses by a pattern of RE2',
    { a: 'string | pattern="(?i)^ab\\\\z"' },
    { a: 'AB\n' },
    /spec a: should match '\(\?i\)/,
  ],
  ['takes by a pattern of RE2', { a: 'string | pattern="(?i)^\\\\pL{2}$"' }, { a: 'ÄB' }, { a: 'ÄB' }],
  [
    'refuses the same item twice',
    { a: '[]string | listType=set' },
    { a: ['x', 'y', 'x'] },
    /spec a\[2\]: is there twice/,
  ],
  [
    'refuses the same key twice',
    { a: '[]Item | listType=map listMapKey=name' },
    { a: [{ name: 'x' }, { name: 'x', size: 2 }] },
    /spec a\[1\]: is there twice/,
  ],
  ['refuses too many items', { a: '[]string | maxItems=1' }, { a: ['x', 'y'] }, /spec a: must have at most 1 item/],
  [
    'evaluates rules',
    { a: 'integer | validation="self % 2 == 0"' },
    { a: 3 },
    /spec a: validation failed: self % 2 == 0/,
  ],
  [
    'evaluates rules with the libraries of Kubernetes',
    { a: '[]string | maxItems=3 validation="sets.contains(self, [\'x\'])"' },
    { a: ['y'] },
    /spec a: validation failed: sets/,
  ],
  [
    'refuses when a rule fails',
    { a: 'integer | validation="10 / self > 1"' },
    { a: 0 },
    /spec a: validation failed: 10 \/ self > 1 \(division by zero\)/,
  ],
  ['leaves rules about updates alone', { a: 'string | immutable=true' }, { a: 'x' }, { a: 'x' }],
  ['needs no values', { a: 'string | required=true' }, {}, /spec a: is required/],
];

describe('values of an instance', () => {
  it.each(cases)('%s', (_, spec, values, expected) => {
    const given = definition(spec, item);
    const instance = { apiVersion: 'kro.run/v1', kind: 'Valued', metadata: { name: 'sample' }, spec: values };
    const specOf = (object: Readonly<Record<string, unknown>> | undefined): unknown => object?.['spec'];
    if (expected instanceof RegExp) {
      expect(() => render([given], instance)).toThrow(expected);
      expect(() => simulate(fromDefinition(given), values)).toThrow(
        new RegExp(expected.source.replace('spec ', 'values of valued ')),
      );
    } else {
      expect(specOf(render([given], instance).objects[0])).toEqual(expected);
      expect(specOf(simulate(fromDefinition(given), values).objects['values'])).toEqual(expected);
    }
  });

  it.each<[string, object, RegExp]>([
    ['a name', { name: 'No Name' }, /instance metadata\.name: a lowercase RFC 1123 subdomain must/],
    ['a namespace', { namespace: 'a.b' }, /instance metadata\.namespace: must not contain dots/],
    ['a label', { labels: { a: 'no label' } }, /instance metadata\.labels\["a"\]: a valid label must/],
    ['a label that is no text', { labels: { a: true } }, /instance metadata\.labels\["a"\]: is no text/],
    ['an annotation', { annotations: { 'a b': 'c' } }, /instance metadata\.annotations\["a b"\]: name part must/],
    ['a field', { lables: {} }, /instance metadata\.lables: is not a field of an object\. Did you mean "labels"/],
  ])('stand beside metadata: %s that the API server refuses', (_, metadata, expected) => {
    const instance = { apiVersion: 'kro.run/v1', kind: 'Valued', metadata: { name: 'sample', ...metadata } };
    expect(() => render([definition({})], instance)).toThrow(expected);
  });

  it('may be missing, whatever they require', () => {
    const instance = { apiVersion: 'kro.run/v1', kind: 'Valued', metadata: { name: 'sample' } };
    expect(render([definition({ a: 'string | required=true' })], instance).error).toBeUndefined();
  });
});
