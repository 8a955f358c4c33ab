import { type } from 'arktype';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type InferInput,
  type InferSchema,
  toJsonSchema,
  type UserSchema,
  validateValues,
} from '../../src/schema/user-schema.ts';

const ark = type({
  name: 'string',
  replicas: 'number.integer = 3',
  'zone?': "'a' | 'b'",
  database: { host: 'string' },
});
const zod = z.object({
  name: z.string(),
  replicas: z.int().default(3),
  zone: z.enum(['a', 'b']).optional(),
  database: z.object({ host: z.string() }),
});

describe('JSON Schema of what the user may write', () => {
  test.each<[string, UserSchema]>([
    ['arktype', ark],
    ['zod', zod],
  ])('%s', (_, schema) => {
    expect(toJsonSchema(schema)).toEqual({
      type: 'object',
      required: expect.arrayContaining(['name', 'database']) as unknown,
      properties: {
        name: { type: 'string' },
        replicas: { type: 'integer', default: 3 },
        zone: { type: 'string', enum: ['a', 'b'] },
        database: { type: 'object', required: ['host'], properties: { host: { type: 'string' } } },
      },
    });
  });

  test('is the same object for the same schema', () => {
    expect(toJsonSchema(ark)).toBe(toJsonSchema(ark));
  });

  test.each<[string, UserSchema, unknown]>([
    ['optional with undefined', type({ 'f?': 'string | undefined' }), { type: 'string' }],
    ['boolean', z.object({ f: z.union([z.literal(true), z.literal(false)]) }), { type: 'boolean' }],
    [
      'union of literals',
      z.object({ f: z.union([z.literal('a'), z.literal('b')]) }),
      { type: 'string', enum: ['a', 'b'] },
    ],
    [
      'intersection',
      z.object({ f: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })) }),
      { type: 'object', required: ['a', 'b'], properties: { a: { type: 'string' }, b: { type: 'string' } } },
    ],
    [
      'intersection of the same field',
      z.object({ f: z.intersection(z.object({ a: z.string().min(1) }), z.object({ a: z.string().max(9) })) }),
      { type: 'object', required: ['a'], properties: { a: { type: 'string', minLength: 1, maxLength: 9 } } },
    ],
    [
      'intersection that contradicts itself',
      z.object({ f: z.intersection(z.string(), z.int()) }),
      expect.objectContaining({ 'x-kubewright-lost': ['allOf'] }),
    ],
    ['definitions', z.object({ f: z.string().meta({ id: 'Name' }) }), expect.objectContaining({ type: 'string' })],
    ['empty object', z.object({ f: z.strictObject({}) }), { type: 'object', properties: {} }],
    ['a narrowed number', type({ f: 'number.integer > 0' }), { type: 'integer', exclusiveMinimum: 0 }],
  ])('%s', (_, schema, field) => {
    expect(toJsonSchema(schema).properties?.['f']).toEqual(field);
  });

  test('of any Standard Schema with JSON Schema', () => {
    const props = {
      version: 1,
      vendor: 'own',
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: () => ({ type: 'string' }), output: () => ({ type: 'string' }) },
    } as const;
    expect(toJsonSchema({ '~standard': props })).toEqual({ type: 'string' });
  });

  test.each<[string, () => UserSchema, string]>([
    [
      'no JSON Schema',
      () => ({ '~standard': { version: 1, vendor: 'own', validate: (value) => ({ value }) } }),
      'a schema of own offers no JSON Schema. Use arktype, zod 4 or another library with Standard JSON Schema.',
    ],
    [
      'zod date',
      () => z.object({ a: z.date() }),
      'the schema has no JSON Schema: Date cannot be represented in JSON Schema. Describe plain JSON data, without transformations.',
    ],
    [
      'recursion',
      () => type.module({ node: { 'next?': 'node' } }).node,
      'next: a type that contains itself has no place in a Kubernetes API. Use an object of any content there',
    ],
  ])('%s is refused', (_, schema, message) => {
    expect(() => toJsonSchema(schema())).toThrow(message);
  });
});

describe('values', () => {
  const valid = { name: 'n', database: { host: 'h' } };

  test.each<[string, UserSchema]>([
    ['arktype', ark],
    ['zod', zod],
  ])('of %s get their defaults, and are left alone', (_, schema) => {
    const values = structuredClone(valid);
    expect(validateValues(schema, values)).toEqual({ value: { ...valid, replicas: 3 } });
    expect(values).toEqual(valid);
  });

  test.each<[string, UserSchema]>([
    ['arktype', ark],
    ['zod', zod],
  ])('of %s: unknown fields at every depth', (_, schema) => {
    const result = validateValues(schema, { name: 'n', database: { host: 'h', hots: 1 }, replica: 2, other: 1 });
    expect(result).toEqual({
      problems: [
        { path: 'database.hots', message: 'is not a field of the schema', hint: 'The fields here are host.' },
        { path: 'replica', message: 'is not a field of the schema', hint: 'Did you mean "replicas"?' },
        {
          path: 'other',
          message: 'is not a field of the schema',
          hint: expect.stringMatching(/^The fields here are /) as string,
        },
      ],
    });
  });

  test.each<[string, UserSchema, unknown, string, string]>([
    ['wrong type', ark, { ...valid, name: 3 }, 'name', 'must be a string (was a number)'],
    ['missing', ark, { name: 'n', database: {} }, 'database.host', 'must be a string (was missing)'],
    ['wrong type in zod', zod, { ...valid, name: 3 }, 'name', 'Invalid input: expected string, received number'],
    ['element', type({ l: 'string[]' }), { l: ['a', 3] }, 'l[1]', 'must be a string (was a number)'],
    [
      'key with a dot',
      type({ m: 'Record<string, string>' }),
      { m: { 'a.b': 3 } },
      'm["a.b"]',
      'must be a string (was a number)',
    ],
    ['infinity', type({ n: 'number' }), { n: Infinity }, 'n', 'is Infinity, which no JSON number can be'],
    ['function', type({ n: 'unknown' }), { n: () => 1 }, 'n', 'must be an object'],
    ['text where anything goes', type({ n: 'unknown' }), { n: 'x' }, 'n', 'must be an object'],
    ['no object at all', type({ n: 'string' }), undefined, '', 'must be an object (was undefined)'],
    ['a list for an object', type({ n: 'string' }), ['x'], '', 'must be an object (was an array)'],
    [
      'a key of a strict object',
      z.strictObject({ a: z.string() }),
      { a: '', bb: 1 },
      'bb',
      'is not a field of the schema',
    ],
    ['class', type({ n: 'object' }), { n: new Map() }, 'n', 'is a Map object, which is no plain data'],
  ])('%s', (_, schema, values, path, message) => {
    const result = validateValues(schema, values);
    expect('problems' in result && result.problems[0]).toMatchObject({ path, message });
  });

  test('a fraction for a number that the graph uses as an integer', () => {
    const json = { type: 'object', properties: { n: { type: 'integer' } } } as const;
    expect(validateValues(type({ n: 'number' }), { n: 1.5 }, json)).toEqual({
      problems: [{ path: 'n', message: 'must be an integer (was 1.5)' }],
    });
  });

  test('unknown fields in the member of a union that fits', () => {
    const union = z.object({ u: z.union([z.object({ k: z.literal('x'), a: z.string() }), z.string()]) });
    expect(validateValues(union, { u: { k: 'x', a: '', b: 1 } })).toMatchObject({ problems: [{ path: 'u.b' }] });
    expect(validateValues(union, { u: 'text' })).toEqual({ value: { u: 'text' } });
  });

  test('absent objects appear when everything in them has a default, as the API server makes them', () => {
    expect(validateValues(type({ 'o?': { a: 'number.integer = 1', 'p?': { b: 'string = "x"' } } }), {})).toEqual({
      value: { o: { a: 1, p: { b: 'x' } } },
    });
    expect(validateValues(type({ 'o?': { a: 'number.integer = 1', b: 'string' } }), {})).toEqual({ value: {} });
  });

  test('a default object is filled in as well', () => {
    const schema = z.object({
      o: z.object({ a: z.int().default(1), b: z.string().optional() }).default({ b: 'q' } as never),
    });
    expect(validateValues(schema, {})).toEqual({ value: { o: { a: 1, b: 'q' } } });
  });

  test('the name __proto__ is a field like others', () => {
    const values: unknown = JSON.parse('{"m":{"__proto__":"x"}}');
    expect(JSON.stringify(validateValues(type({ m: 'Record<string, string>' }), values))).toBe(
      '{"value":{"m":{"__proto__":"x"}}}',
    );
  });

  test('asynchronous checks are refused', () => {
    const schema = z.object({ a: z.string().refine(async () => Promise.resolve(true)) });
    expect(() => validateValues(schema, { a: '' })).toThrow(
      'the schema validates asynchronously. Use only synchronous checks',
    );
  });
});

test('types of values', () => {
  expectTypeOf<InferSchema<typeof ark>>().toEqualTypeOf<{
    name: string;
    replicas: number;
    zone?: 'a' | 'b';
    database: { host: string };
  }>();
  expectTypeOf<InferSchema<typeof zod>>().toEqualTypeOf<{
    name: string;
    replicas: number;
    zone?: 'a' | 'b' | undefined;
    database: { host: string };
  }>();
  expectTypeOf<InferInput<typeof ark>>().toEqualTypeOf<{
    name: string;
    replicas?: number;
    zone?: 'a' | 'b';
    database: { host: string };
  }>();
  expectTypeOf<InferInput<typeof zod>>().toEqualTypeOf<{
    name: string;
    replicas?: number | undefined;
    zone?: 'a' | 'b' | undefined;
    database: { host: string };
  }>();
});
