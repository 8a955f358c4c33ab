import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { applyMarkers, parseMarkers } from '../../src/schema/simple-schema-apply.ts';
import { parseSimpleSchema } from '../../src/schema/simple-schema-parse.ts';
import type { JsonSchema, JsonType } from '../../src/schema/json-schema.ts';

interface UnitCases {
  simpleschema: {
    name: string;
    spec: Record<string, unknown>;
    types: Record<string, unknown>;
    openapi: unknown;
    error: boolean;
  }[];
  markers: { name: string; input: string; want: { key: string; value: string }[]; error: boolean }[];
  applyMarkers: {
    name: string;
    schemaType: JsonType;
    markers: string;
    openapi: unknown;
    parentRequired: string[] | null;
    error: boolean;
  }[];
  parseField: { input: string; error: boolean }[];
}

const file = new URL('../../../shared/kro-corpus/unit-cases.json', import.meta.url);
const present = existsSync(file);
const cases: UnitCases = present
  ? (JSON.parse(readFileSync(file, 'utf8')) as UnitCases)
  : { simpleschema: [], markers: [], applyMarkers: [], parseField: [] };

test.skipIf(present)('the tables of kro are not here: skipped', () => undefined);

/** The tables keep defaults and enumerations as raw text. */
function raw(schema: JsonSchema): Record<string, unknown> {
  const { default: value, enum: values, properties, items, additionalProperties, ...rest } = schema;
  const result: Record<string, unknown> = { ...rest };
  if (value !== undefined) result['default_raw'] = value;
  if (values) result['enum_raw'] = values;
  if (properties)
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, raw(property)]),
    );
  if (items) result['items'] = raw(items);
  if (additionalProperties) result['additionalProperties'] = raw(additionalProperties);
  return result;
}

function parsed(openapi: unknown): unknown {
  return JSON.parse(JSON.stringify(openapi), (key, value: unknown) => {
    if (key === 'default_raw') return JSON.parse(value as string) as unknown;
    if (key === 'enum_raw') return (value as string[]).map((one) => JSON.parse(one) as unknown);
    return value;
  });
}

describe.runIf(present)('tables of kro', () => {
  test.each(cases.simpleschema)('$name', ({ spec, types, openapi, error }) => {
    if (error) expect(() => parseSimpleSchema({ spec, types })).toThrow();
    else expect(raw(parseSimpleSchema({ spec, types }))).toEqual(parsed(openapi));
  });

  test.each(cases.markers)('markers: $name', ({ input, want, error }) => {
    if (error) expect(() => parseMarkers(input)).toThrow();
    else expect(parseMarkers(input)).toEqual(want);
  });

  test.each(cases.applyMarkers)('apply: $name', ({ schemaType, markers, openapi, parentRequired, error }) => {
    const required: string[] = [];
    const apply = (): JsonSchema =>
      applyMarkers({ type: schemaType }, parseMarkers(markers), (is) => is && required.push('field'));
    if (error) expect(apply).toThrow();
    else {
      expect(raw(apply())).toEqual(parsed(openapi));
      expect(required).toEqual(parentRequired ?? []);
    }
  });

  test.each(cases.parseField)('field $input', ({ input, error }) => {
    const parse = (): JsonSchema => parseSimpleSchema({ spec: { field: input }, types: { Person: {} } });
    if (error) expect(parse).toThrow();
    else expect(parse()).toBeDefined();
  });
});

describe('markers', () => {
  test.each([
    ['a backslash before the closing quote', 'description="a\\\\"', 'a\\'],
    ['an escaped quote', 'description="say \\"hi\\""', 'say "hi"'],
    ['other escapes stay', 'pattern="^\\d+$"', '^\\d+$'],
    ['braces in text', 'description="}{"', '}{'],
    ['JSON with blanks', 'default={"a": "b c"}', '{"a": "b c"}'],
  ])('%s', (_, source, value) => {
    expect(parseMarkers(source)[0]?.value).toBe(value);
  });

  test.each([
    ['required', "marker key 'required' without a value"],
    ['| default=1', 'invalid marker key "|default": unknown marker: |default'],
    ['required=true ', "marker key '' without a value"],
  ])('%s is refused', (source, message) => {
    expect(() => parseMarkers(source)).toThrow(message);
  });
});

describe('custom types', () => {
  test('are found in any order', () => {
    expect(parseSimpleSchema({ spec: { a: 'A' }, types: { A: { b: '[]B' }, B: 'string | minLength=1' } })).toEqual({
      type: 'object',
      properties: {
        a: { type: 'object', properties: { b: { type: 'array', items: { type: 'string', minLength: 1 } } } },
      },
    });
  });

  test.each([
    [{ A: 'B' }, 'node B does not exist'],
    [{ A: 'A' }, 'self references are not allowed'],
    [{ A: 'B', B: '[]A' }, 'cyclic dependency in type A'],
    [{ A: 3 }, 'parsing type A: unexpected type: int64'],
  ])('%j is refused', (types, message) => {
    expect(() => parseSimpleSchema({ spec: {}, types })).toThrow(message);
  });
});
