import type { JsonSchema, JsonValue } from './json-schema.ts';
import { toRe2 } from './re2-pattern.ts';

/** The markers of a field as kro reads them: separated by single blanks, text in double quotes. */
export function markersOf(schema: JsonSchema, required: boolean): string {
  const { minimum, maximum } = bounds(schema);
  const markers: (string | false | undefined)[] = [
    required && 'required=true',
    schema.default !== undefined && `default=${defaultText(schema)}`,
    schema.description !== undefined && `description=${quoted(schema.description)}`,
    schema.enum && `enum=${quoted(schema.enum.map(String).join(','))}`,
    minimum !== undefined && `minimum=${numberText(minimum)}`,
    maximum !== undefined && `maximum=${numberText(maximum)}`,
    schema.pattern !== undefined && `pattern=${quoted(re2(schema.pattern))}`,
    schema.minLength !== undefined && `minLength=${schema.minLength}`,
    schema.maxLength !== undefined && `maxLength=${schema.maxLength}`,
    schema.minItems !== undefined && `minItems=${schema.minItems}`,
    schema.maxItems !== undefined && `maxItems=${schema.maxItems}`,
    schema.uniqueItems && 'uniqueItems=true',
    ...listMarkers(schema),
    ...(schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) =>
      message === immutableMessage ? 'immutable=true' : `validation=${quoted(rule)}`,
    ),
  ];
  return markers.filter(Boolean).join(' ');
}

/** kro's, of the rule that the marker `immutable` stands for. */
const immutableMessage = 'field is immutable';

function* listMarkers(schema: JsonSchema): Iterable<string> {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== undefined && !(schema.uniqueItems && listType === 'set')) yield `listType=${listType}`;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) yield `listMapKey=${quoted(key)}`;
}

/** Exclusive bounds of integers become inclusive ones; those of fractions are refused before. */
function bounds(schema: JsonSchema): { minimum: number | undefined; maximum: number | undefined } {
  const lower = [
    schema.minimum,
    schema.exclusiveMinimum === undefined ? undefined : Math.floor(schema.exclusiveMinimum) + 1,
  ];
  const upper = [
    schema.maximum,
    schema.exclusiveMaximum === undefined ? undefined : Math.ceil(schema.exclusiveMaximum) - 1,
  ];
  const given = (values: (number | undefined)[]): number[] => values.filter((value) => value !== undefined);
  return {
    minimum: given(lower).length > 0 ? Math.max(...given(lower)) : undefined,
    maximum: given(upper).length > 0 ? Math.min(...given(upper)) : undefined,
  };
}

/** kro puts a text's default between quotes without escaping it, so it is escaped as JSON first. */
function defaultText({ type, default: value }: JsonSchema): string {
  if (type === 'string' && typeof value === 'string') return quoted(JSON.stringify(value).slice(1, -1));
  if (typeof value === 'number') return numberText(value);
  return JSON.stringify(value satisfies JsonValue | undefined);
}

/** Integers without exponent: kro parses them with ParseInt. */
function numberText(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function re2(pattern: string): string {
  const converted = toRe2(pattern);
  return 'pattern' in converted ? converted.pattern : pattern;
}
