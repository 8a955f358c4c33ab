import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectiveDefault } from '../../src/schema/defaults.ts';
import { isStruct, type JsonSchema } from '../../src/schema/json-schema.ts';
import { instanceOpenApi, toOpenApi } from '../../src/schema/openapi.ts';

/** What kro makes of a schema that SimpleSchema can say: the same, with integers' bounds inclusive and `{}` by itself. */
function expectedOpenApi(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, required, uniqueItems, ...rest } = schema;
  return JSON.parse(
    JSON.stringify({
      ...rest,
      default: effectiveDefault(schema),
      properties:
        properties &&
        Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, expectedOpenApi(field)])),
      items: items && expectedOpenApi(items),
      additionalProperties: additionalProperties && expectedOpenApi(additionalProperties),
      required: isStruct(schema) && required && required.length > 0 ? [...required].sort() : undefined,
      'x-kubernetes-list-type': uniqueItems ? 'set' : undefined,
    }),
  ) as JsonSchema;
}

describe('kro reads what is written', () => {
  const text: JsonSchema = { type: 'string' };
  test.each<[string, JsonSchema]>([
    [
      'quotes everywhere',
      {
        type: 'object',
        properties: {
          a: { type: 'string', default: 'a "b" \\ \n {', description: ' "x" \\ | = ', enum: ['a"b', 'c\\d', 'e f'] },
        },
      },
    ],
    ['patterns', { type: 'object', properties: { a: { type: 'string', pattern: '^"[^"\\\\\\s]{2,5}\\.$' } } }],
    [
      'JSON defaults',
      {
        type: 'object',
        properties: {
          a: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            default: { 'a b': ['}', '"', '\\', 1.5, null] },
          },
        },
      },
    ],
    [
      'nested defaults',
      {
        type: 'object',
        properties: {
          a: {
            type: 'object',
            properties: { b: { type: 'object', properties: { c: { type: 'integer', default: 1 } } } },
          },
        },
      },
    ],
    [
      'required objects',
      {
        type: 'object',
        required: ['b', 'a'],
        properties: {
          b: { type: 'object', required: ['x'], properties: { x: text } },
          a: { type: 'object', description: 'd', properties: { x: text } },
        },
      },
    ],
    [
      'elements',
      {
        type: 'object',
        properties: {
          a: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', minLength: 1 } },
          b: {
            type: 'object',
            additionalProperties: {
              type: 'array',
              maxItems: 2,
              items: { type: 'object', required: ['x'], properties: { x: text } },
            },
          },
        },
      },
    ],
    [
      'numbers',
      {
        type: 'object',
        properties: {
          a: { type: 'number', minimum: -1e-7, maximum: 1e22, default: 1e-7 },
          b: { type: 'integer', minimum: -5, default: 0, enum: [0, 1] },
        },
      },
    ],
  ])('%s', (_, schema) => {
    expect(toOpenApi(schema)).toEqual(expectedOpenApi(schema));
  });
});

describe('kro reads any schema', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('"', '\\', '\\"', '{', '}', '[', '|', '=', "'", '\n', ' ', '${x}'),
  );
  const name = fc.stringMatching(/^[a-zA-Z_][\w]{0,6}$/).filter((one) => one !== '__proto__');
  const described = fc.record({ description: text }, { requiredKeys: [] });
  const scalar: fc.Arbitrary<JsonSchema> = fc.oneof(
    fc.record(
      {
        type: fc.constant('string' as const),
        default: text,
        description: text,
        minLength: fc.nat(9),
        maxLength: fc.nat(9),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constant('string' as const),
        enum: fc.uniqueArray(fc.stringMatching(/^[^\s,\p{C}]([^,\p{C}]*[^\s,\p{C}])?$/u), { minLength: 1 }),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constant('integer' as const),
        default: fc.maxSafeInteger(),
        minimum: fc.integer(),
        maximum: fc.integer(),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constant('number' as const),
        default: fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
        minimum: fc.float({ noNaN: true, noDefaultInfinity: true }).map((one) => one + 0),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constant('boolean' as const), default: fc.boolean() }, { requiredKeys: ['type'] }),
    fc.record(
      {
        type: fc.constant('object' as const),
        'x-kubernetes-preserve-unknown-fields': fc.constant(true),
        default: fc.dictionary(name, fc.jsonValue() as fc.Arbitrary<never>),
      },
      { requiredKeys: ['type', 'x-kubernetes-preserve-unknown-fields'] },
    ),
  );
  const { struct } = fc.letrec<{ struct: JsonSchema; any: JsonSchema }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      tie('struct'),
      fc
        .tuple(described, withoutDefault(tie('any')))
        .map(([more, items]): JsonSchema => ({ type: 'array', items, ...more })),
      fc
        .tuple(described, withoutDefault(tie('any')))
        .map(([more, value]): JsonSchema => ({ type: 'object', additionalProperties: value, ...more })),
    ),
    struct: fc
      .tuple(described, fc.dictionary(name, fc.tuple(fc.boolean(), tie('any')), { maxKeys: 4, noNullPrototype: true }))
      .map(
        ([more, fields]): JsonSchema => ({
          type: 'object',
          properties: Object.fromEntries(Object.entries(fields).map(([key, [, field]]) => [key, field])),
          required: Object.entries(fields)
            .filter(([, [required, field]]) => required && field.default === undefined)
            .map(([key]) => key),
          ...more,
        }),
      ),
  }));

  test('and makes the same of it', () => {
    fc.assert(
      fc.property(struct, ({ description: _description, ...schema }) => {
        expect(toOpenApi(schema)).toEqual(expectedOpenApi(schema));
      }),
      { numRuns: 100 },
    );
  });
});

/** The default of an element is never used. */
function withoutDefault(schema: fc.Arbitrary<JsonSchema>): fc.Arbitrary<JsonSchema> {
  return schema.map(({ default: _default, ...rest }) => rest);
}

test('the API of an instance has state and conditions unless the author has them', () => {
  const spec: JsonSchema = { type: 'object', properties: {} };
  const { status } =
    instanceOpenApi(spec, { type: 'object', properties: { state: { type: 'integer' } } }).properties ?? {};
  expect(status?.properties).toMatchObject({ state: { type: 'integer' }, conditions: { type: 'array' } });
});
