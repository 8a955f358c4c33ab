import { describe, expect, it } from 'vitest';
import { updateRules } from '../../src/resolve/rules.ts';
import { brokenRules } from '../../src/resolve/values.ts';
import type { JsonSchema } from '../../src/schema/json-schema.ts';

const immutable = { 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'field is immutable' }] };
const text = { type: 'string' } as const;
const fixed: JsonSchema = { ...text, ...immutable };
const object = (properties: JsonSchema['properties'], more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  properties,
  ...more,
});
const keyed = (...keys: string[]): JsonSchema => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  items: object({ name: text, value: fixed }),
});
const map: JsonSchema = { type: 'object', additionalProperties: fixed };

describe('a rule about updates', () => {
  it.each<[string, JsonSchema, unknown, unknown, readonly string[]]>([
    ['holds for each key of a map', object({ map }), { map: { a: '1' } }, { map: { a: '2', b: '3' } }, ['map.a']],
    ['says nothing of what was not there', object({ a: fixed }), {}, { a: '1' }, []],
    ['says nothing of what was null', object({ a: fixed }), { a: null }, { a: '1' }, []],
    ['says nothing of what is null now', object({ a: fixed }), { a: '1' }, { a: null }, []],
    ['says nothing without values before', object({ a: fixed }), undefined, { a: '1' }, []],
    ['is no rule of a prototype', map, {}, { constructor: '1' }, []],
    [
      'finds items by their key',
      object({ list: keyed('name') }),
      { list: [{ name: 'x', value: '1' }] },
      {
        list: [
          { name: 'y', value: '2' },
          { name: 'x', value: '3' },
        ],
      },
      ['list[1].value'],
    ],
    [
      'finds no item that lacks its key',
      object({ list: keyed('name', 'other') }),
      { list: [{ name: 'x', value: '1' }] },
      { list: [{ name: 'x', value: '2' }] },
      [],
    ],
    [
      'finds no item of a list without keys',
      object({ list: { type: 'array', items: fixed } }),
      { list: ['1'] },
      { list: ['2'] },
      [],
    ],
    ['compares with a default that came later', object({ a: { ...fixed, default: 'x' } }), {}, { a: 'y' }, ['a']],
    [
      'does not compare what the schema has no more',
      object({ inner: object({ a: text }, immutable) }),
      { inner: { a: '1', gone: true } },
      { inner: { a: '1' } },
      [],
    ],
    [
      'compares what the schema accepts and does not name',
      object({ inner: object({}, { ...immutable, 'x-kubernetes-preserve-unknown-fields': true }) }),
      { inner: { any: 1 } },
      { inner: { any: 2 } },
      ['inner'],
    ],
    ['holds for the whole', object({ a: text }, immutable), { a: '1' }, { a: '2' }, ['']],
  ])('%s', (_name, schema, before, after, broken) => {
    expect(brokenRules(schema, after, before).map(({ path }) => path)).toEqual(broken);
  });

  it('gives the value before and after', () => {
    const [problem] = brokenRules(object({ a: object({ b: fixed }) }), { a: { b: '2' } }, { a: { b: '1' } });
    expect(problem).toEqual({
      path: 'a.b',
      message: 'field is immutable: self == oldSelf',
      hint: expect.stringMatching(/^Keep the value; or destroy/),
      update: { steps: ['a', 'b'], before: '1', after: '2' },
    });
  });

  it('is listed with the field, and whether it can be told what was there before', () => {
    const schema = object({
      a: fixed,
      map,
      list: keyed('name'),
      loose: { type: 'array', items: keyed('name') },
      size: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0', message: 'validation failed' }] },
    });
    expect([...updateRules(schema)]).toEqual([
      { path: 'spec.a', isTold: true },
      { path: 'spec.map["*"]', isTold: true },
      { path: 'spec.list["*"].value', isTold: true },
      { path: 'spec.loose["*"]["*"].value', isTold: false },
    ]);
  });
});
