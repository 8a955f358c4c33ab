import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type SimpleSchema, toSimpleSchema } from '../../src/schema/simple-schema.ts';
import { toJsonSchema, type UserSchema } from '../../src/schema/user-schema.ts';
import { KubewrightError } from '../../src/errors.ts';

const simple = (schema: UserSchema): SimpleSchema => toSimpleSchema(toJsonSchema(schema));

describe('a field in SimpleSchema', () => {
  test.each<[string, UserSchema, string]>([
    ['text', type({ f: 'string' }), 'string | required=true'],
    ['optional text', type({ 'f?': 'string' }), 'string'],
    ['boolean', type({ f: 'boolean' }), 'boolean | required=true'],
    ['integer', type({ f: 'number.integer' }), 'integer | required=true'],
    ['number', type({ f: 'number' }), 'float | required=true'],
    ['default text', type({ f: 'string = "a b"' }), 'string | default="a b"'],
    ['empty default', type({ f: 'string = ""' }), 'string | default=""'],
    [
      'default with quotes',
      z.object({ f: z.string().default('say "hi"\n\\') }),
      'string | default="say \\\\\\"hi\\\\\\"\\\\n\\\\\\\\"',
    ],
    ['default integer', type({ f: 'number.integer = 3' }), 'integer | default=3'],
    ['default number', type({ f: 'number = 0.5' }), 'float | default=0.5'],
    ['large default', z.object({ f: z.number().default(1e21) }), 'float | default=1000000000000000000000'],
    ['default boolean', type({ f: 'boolean = false' }), 'boolean | default=false'],
    ['default list', type({ f: type('string[]').default(() => ['a b', '}']) }), '[]string | default=["a b","}"]'],
    ['enumeration', z.object({ f: z.enum(['b', 'a']) }), 'string | required=true enum="b,a"'],
    ['enumeration of integers', type({ f: '80 | 443' }), 'integer | required=true enum="443,80"'],
    ['one literal', type({ f: "'only'" }), 'string | required=true enum="only"'],
    [
      'description',
      type({ f: type('string').describe('a "b"\\') }),
      'string | required=true description="a \\"b\\"\\\\"',
    ],
    ['range', type({ f: '0 <= number <= 0.5' }), 'float | required=true minimum=0 maximum=0.5'],
    [
      'exclusive range of integers',
      type({ f: '0 < number.integer < 10' }),
      'integer | required=true minimum=1 maximum=9',
    ],
    ["bounds of JavaScript's numbers", z.object({ f: z.int() }), 'integer | required=true'],
    ['multiple of one', type({ f: 'number % 1' }), 'integer | required=true'],
    ['length', type({ f: '1 <= string <= 63' }), 'string | required=true minLength=1 maxLength=63'],
    ['pattern', type({ f: /^[a-z]\d+$/ }), 'string | required=true pattern="^[a-z]\\\\d+$"'],
    [
      'pattern of a format',
      z.object({ f: z.string().regex(/^\u0041"$/) }),
      'string | required=true pattern="^\\\\x{0041}\\"$"',
    ],
    ['union of patterns', type({ f: type(/^a$/).or(/^b$/) }), 'string | required=true pattern="(?:^a$)|(?:^b$)"'],
    ['list', type({ f: '1 <= string[] <= 4' }), '[]string | required=true minItems=1 maxItems=4'],
    ['list of lists', type({ f: 'number.integer[][]' }), '[][]integer | required=true'],
    ['map', type({ f: 'Record<string, number>' }), 'map[string]float | required=true'],
    ['map of lists', type({ f: 'Record<string, string[]>' }), 'map[string][]string | required=true'],
    ['any object', type({ f: 'object' }), 'object | required=true'],
    ['unknown', type({ 'f?': 'unknown' }), 'object'],
    ['record of unknown', z.object({ f: z.record(z.string(), z.unknown()) }), 'object | required=true'],
  ])('%s', (_, schema, field) => {
    expect(simple(schema)).toEqual({ spec: { f: field } });
  });
});

describe('objects', () => {
  test('an optional object is a nested map', () => {
    expect(simple(type({ 'o?': { a: 'string', 'b?': { c: 'number.integer = 1' } } }))).toEqual({
      spec: { o: { a: 'string | required=true', b: { c: 'integer | default=1' } } },
    });
  });

  test('a required object is a custom type, shared by equal fields of the same name', () => {
    const service = type({ image: 'string', database: { host: 'string' } });
    expect(simple(type({ user: service, order: service }))).toEqual({
      spec: { order: 'Order | required=true', user: 'User | required=true' },
      types: {
        Database: { host: 'string | required=true' },
        Order: { database: 'Database | required=true', image: 'string | required=true' },
        User: { database: 'Database | required=true', image: 'string | required=true' },
      },
    });
  });

  test('different objects of the same name have different types', () => {
    const types = simple(type({ a: { port: { x: 'string' } }, b: { port: { y: 'string' } } })).types;
    expect(Object.keys(types ?? {})).toEqual(['Port', 'A', 'BPort', 'B']);
  });

  test('a map with listed keys is an object', () => {
    expect(simple(z.object({ f: z.partialRecord(z.enum(['a', 'b']), z.int()) }))).toEqual({
      spec: { f: 'F | required=true' },
      types: { F: { a: 'integer', b: 'integer' } },
    });
  });

  test('a described or defaulted object is a custom type', () => {
    const schema = type({
      'd?': type({ a: 'string' }).describe('hello'),
      o: type({ x: 'number.integer = 1', 'y?': 'string' }).default(() => ({ y: 'q' })),
    });
    expect(simple(schema)).toEqual({
      spec: { o: 'O | default={"y":"q"}', d: 'D | description="hello"' },
      types: { O: { x: 'integer | default=1', y: 'string' }, D: { a: 'string | required=true' } },
    });
  });

  test('elements with markers or fields are named in the singular', () => {
    const schema = z.object({
      hosts: z.array(z.object({ name: z.string() })),
      levels: z.array(z.enum(['a', 'b'])),
      ports: z.record(z.string(), z.int().min(1)),
      policies: z.array(z.string().min(1)),
      status: z.array(z.string().min(2)),
    });
    expect(simple(schema)).toEqual({
      spec: {
        hosts: '[]Host | required=true',
        levels: '[]Level | required=true',
        ports: 'map[string]Port | required=true',
        policies: '[]Policy | required=true',
        status: '[]StatusItem | required=true',
      },
      types: {
        Host: { name: 'string | required=true' },
        Level: 'string | enum="a,b"',
        Port: 'integer | minimum=1',
        Policy: 'string | minLength=1',
        StatusItem: 'string | minLength=2',
      },
    });
  });
});

describe('what SimpleSchema cannot say is refused with path and way out', () => {
  test.each<[string, UserSchema, string]>([
    [
      'union',
      type({ a: { b: 'string | number' } }),
      'spec.a.b: is a union of number or string. Use one type, or a field for each of them.',
    ],
    [
      'union of objects',
      z.object({ u: z.discriminatedUnion('k', [z.object({ k: z.literal('x') }), z.object({ k: z.literal('y') })]) }),
      'spec.u: is a union of several types of object. Use one object with optional fields.',
    ],
    ['null', type({ a: 'string | null' }), 'spec.a: is string or null. Make the field optional instead.'],
    ['nullable', z.object({ a: z.string().nullable() }), 'spec.a: is string or null. Make the field optional instead.'],
    ['tuple', type({ a: ['string', 'number'] }), 'spec.a: is a tuple.'],
    [
      'exclusive bound of a fraction',
      type({ a: 'number > 0' }),
      'spec.a: has an exclusive bound, and fractions have no next number. Use an inclusive bound, or an integer.',
    ],
    ['multiple', type({ a: 'number % 5' }), 'spec.a: must be a multiple of 5'],
    [
      'comma in an enumeration',
      type({ a: "'x,y' | 'z'" }),
      'spec.a: has the value "x,y" in its enumeration, which kro cannot read: it contains a comma.',
    ],
    ['blank in an enumeration', type({ a: "' x' | 'z'" }), 'it begins or ends with a blank'],
    ['empty enumeration value', type({ a: "'' | 'z'" }), 'it is empty'],
    [
      'mixed enumeration',
      z.object({ a: z.literal(['x', 1]) }),
      'spec.a: is an enumeration of values of different types',
    ],
    ['literal true', type({ a: 'true' }), 'spec.a: is an enumeration of boolean values: [true].'],
    ['enumeration of fractions', type({ a: '0.5 | 1.5' }), 'spec.a: is an enumeration of number values'],
    [
      'format without pattern',
      z.object({ a: z.url() }),
      'spec.a: has the format uri, which SimpleSchema has no marker for. Use a pattern.',
    ],
    [
      'look-ahead',
      type({ a: /^(?!x)/ }),
      'spec.a: has a pattern that Kubernetes cannot check: look-around "(?!x" does not exist in RE2.',
    ],
    [
      'back-reference',
      type({ a: /(a)\1/ }),
      'spec.a: has a pattern that Kubernetes cannot check: back-references (\\1) do not exist in RE2.',
    ],
    ['flags', type({ a: /x/i }), 'spec.a: has a pattern with flags.'],
    ['two patterns', type({ a: type(/^a/).and(/b$/) }), 'spec.a: has several patterns. Write one pattern.'],
    ['arktype morph', type({ a: 'string.numeric.parse' }), 'spec.a: is transformed on the way in.'],
    [
      'zod transform',
      z.object({ o: z.object({ a: z.string().transform(Number) }) }),
      'spec.o.a: is transformed on the way in.',
    ],
    ['zod codec', z.object({ a: z.stringbool() }), 'spec.a: is transformed on the way in.'],
    [
      'several patterns',
      z.object({ a: z.string().regex(/^a/).regex(/b$/) }),
      'spec.a: has several patterns. Write one pattern.',
    ],
    [
      'narrow',
      type({ a: type('string').narrow((text) => text > 'a') }),
      'spec.a: has a check in JavaScript, which Kubernetes cannot run.',
    ],
    ['Date', type({ a: 'Date' }), 'spec.a: is a Date, which is no JSON.'],
    ['bigint', type({ a: 'bigint' }), 'spec.a: has something that SimpleSchema cannot say (domain).'],
    ['name without CEL', type({ '2fa': 'string' }), 'spec: has a field "2fa", which no expression could name.'],
    [
      'fields and further ones',
      z.looseObject({ a: z.string() }),
      'spec: has declared fields and further ones. Put the further ones into a map in a field of its own.',
    ],
    ['fields and a map', type({ a: 'string', '[string]': 'string' }), 'spec: has declared fields and further ones.'],
    ['element', type({ a: type({ b: 'string | null' }).array() }), 'spec.a[].b: is string or null.'],
    ['no object', type('string'), 'spec: is not an object with declared fields.'],
  ])('%s', (_, schema, message) => {
    expect(() => simple(schema)).toThrow(message);
  });

  test('all of them at once, with the name of the graph', () => {
    const schema = toJsonSchema(type({ a: 'string | null', b: ['string'], c: 'string' }));
    expect(() => toSimpleSchema(schema, 'app')).toThrow(
      'app: 2 problems\n  - app spec.a: is string or null. Make the field optional instead.\n  - app spec.b: is a tuple. Use an object with a field for each element, or a list of one type.',
    );
    try {
      toSimpleSchema(schema, 'app');
    } catch (error) {
      expect((error as KubewrightError).problems.map(({ path }) => path)).toEqual(['spec.a', 'spec.b']);
    }
  });
});
