import { RE2JS } from 're2js';
import { KubewrightError } from '../errors.ts';
import type { JsonSchema, JsonValue } from './json-schema.ts';

type Mutable = { -readonly [Key in keyof JsonSchema]: JsonSchema[Key] };

export interface Marker {
  readonly key: string;
  readonly value: string;
}

/** Splits `required=true default="a b"` as kro does: blanks separate outside double quotes and brackets. */
export function parseMarkers(source: string): Marker[] {
  const markers: Marker[] = [];
  let key: string | undefined;
  let buffer = '';
  let quoted = false;
  let escaped = false;
  let depth = 0;
  const finish = (): void => {
    if (key === undefined) return;
    markers.push({ key, value: markerValue(buffer) });
    key = undefined;
    buffer = '';
  };
  for (const char of source) {
    const bare = !quoted && depth === 0;
    if (char === '=' && key === undefined && bare) {
      key = markerKey(buffer.trim());
      buffer = '';
    } else if (/\s/u.test(char) && bare) finish();
    else {
      if (char === '"' && !escaped) quoted = !quoted;
      else if (!quoted && (char === '{' || char === '[')) depth++;
      else if (!quoted && (char === '}' || char === ']')) depth--;
      escaped = char === '\\' && quoted && !escaped;
      buffer += char;
      if (depth < 0) throw refused('unmatched closing bracket/brace');
    }
  }
  if (key === undefined) throw refused(`marker key '${buffer}' without a value`);
  finish();
  if (quoted) throw refused('unclosed quote');
  if (depth > 0) throw refused('unclosed bracket/brace');
  return markers;
}

function markerKey(key: string): string {
  if (key === '') throw refused('empty marker key');
  if (!Object.hasOwn(appliers, key)) throw refused(`invalid marker key ${JSON.stringify(key)}: unknown marker: ${key}`);
  return key;
}

function markerValue(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"')) return text.trim();
  if (text === '"') throw refused('runtime error: slice bounds out of range [1:0]');
  return text
    .slice(1, -1)
    .replace(/\\(.?)/gsu, (whole, char: string) => (char === '"' || char === '\\' || char === '' ? char : whole));
}

/** A default that is no JSON. kro itself does not read it, and another marker may replace it. */
class UnreadableDefault {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The first value of a schema that is no JSON, a default or an infinite bound: the API server refuses it. */
export function unreadableValue({
  default: value,
  minimum = 0,
  maximum = 0,
  properties,
  items,
  additionalProperties,
}: JsonSchema): string | undefined {
  const bound = [minimum, maximum].find((number) => !Number.isFinite(number));
  if (bound !== undefined) return `bound ${bound} is no JSON`;
  if ((value as unknown) instanceof UnreadableDefault)
    return `default ${(value as unknown as UnreadableDefault).text} is no JSON`;
  for (const [name, field] of Object.entries(properties ?? {})) {
    const inner = unreadableValue(field);
    if (inner !== undefined) return `field ${name}: ${inner}`;
  }
  return (items && unreadableValue(items)) ?? (additionalProperties && unreadableValue(additionalProperties));
}

/** A schema with markers on top; `onRequired` hears what they say about the parent's required fields. */
export function applyMarkers(
  schema: JsonSchema,
  markers: readonly Marker[],
  onRequired: (required: boolean) => void,
): JsonSchema {
  const marked: Mutable = { ...schema };
  for (const { key, value } of markers) {
    if (key === 'required') onRequired(parseBool('required', value));
    else appliers[key]?.(marked, value);
  }
  const listType = marked['x-kubernetes-list-type'];
  if (marked['x-kubernetes-list-map-keys'] && listType !== 'map') {
    throw refused(
      `listMapKey set while listType is ${listType === undefined ? 'unset' : `set to ${listType}`}, listType must be set to map`,
    );
  }
  return marked;
}

const appliers: Readonly<Record<string, (schema: Mutable, value: string) => void>> = {
  required: () => undefined,
  default: (schema, value) => (schema.default = defaultValue(schema, value)),
  description: (schema, value) => (schema.description = value),
  minimum: (schema, value) => (schema.minimum = parseFloatOf('minimum', value)),
  maximum: (schema, value) => (schema.maximum = parseFloatOf('maximum', value)),
  validation(schema, value) {
    if (value.trim() === '') throw refused('validation failed');
    addRule(schema, { rule: value, message: 'validation failed' });
  },
  immutable(schema, value) {
    if (parseBool('immutable', value)) addRule(schema, { rule: 'self == oldSelf', message: 'field is immutable' });
  },
  enum: (schema, value) => (schema.enum = enumValues(schema, value)),
  pattern(schema, value) {
    if (value === '') throw refused('pattern marker value cannot be empty');
    only('string', { schema, marker: 'pattern' });
    checkPattern(value);
    schema.pattern = value;
  },
  minLength: (schema, value) => (schema.minLength = size('string', { schema, marker: 'minLength', value })),
  maxLength: (schema, value) => (schema.maxLength = size('string', { schema, marker: 'maxLength', value })),
  minItems: (schema, value) => (schema.minItems = size('array', { schema, marker: 'minItems', value })),
  maxItems: (schema, value) => (schema.maxItems = size('array', { schema, marker: 'maxItems', value })),
  uniqueItems(schema, value) {
    const unique = parseBool('uniqueItems', value);
    only('array', { schema, marker: 'uniqueItems' });
    const before = schema['x-kubernetes-list-type'];
    if (unique && before !== undefined && before !== 'set')
      throw refused(`cannot set unique when listType is set to ${before}`);
    if (unique) schema['x-kubernetes-list-type'] = 'set';
  },
  listType(schema, value) {
    if (schema.type !== 'array') throw refused('listType marker only applies to array types');
    if (value !== 'atomic' && value !== 'set' && value !== 'map') {
      throw refused(`unsupported value for listType ${value}, needs to be one of atomic, set, or map`);
    }
    const before = schema['x-kubernetes-list-type'];
    if (before !== undefined && before !== value) {
      throw refused(
        `listType attempting to overwrite set type of ${before}, this can happen if you set contradictory markers like unique=true | listType=map`,
      );
    }
    schema['x-kubernetes-list-type'] = value;
  },
  listMapKey(schema, value) {
    if (schema.type !== 'array') throw refused('listMapKey marker only applies to array types');
    const before = schema['x-kubernetes-list-map-keys'] ?? [];
    if (before.includes(value)) throw refused(`duplicate listMapKey marker, value ${value}`);
    schema['x-kubernetes-list-map-keys'] = [...before, value];
  },
};

function refused(message: string): KubewrightError {
  return new KubewrightError({ code: 'SimpleSchema', message });
}

function addRule(schema: Mutable, rule: { rule: string; message: string }): void {
  schema['x-kubernetes-validations'] = [...(schema['x-kubernetes-validations'] ?? []), rule];
}

function only(type: 'string' | 'array', { schema, marker }: { schema: Mutable; marker: string }): void {
  if (schema.type !== type)
    throw refused(`${marker} marker is only valid for ${type} types, got type: ${schema.type ?? ''}`);
}

function size(
  type: 'string' | 'array',
  { schema, marker, value }: { schema: Mutable; marker: string; value: string },
): number {
  only(type, { schema, marker });
  if (!isInteger(value))
    throw refused(
      `failed to parse ${marker} value: strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  return Number(value);
}

function checkPattern(pattern: string): void {
  try {
    RE2JS.compile(pattern);
  } catch (cause) {
    throw refused(`invalid pattern regex: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Go's ParseInt with base 10. */
function isInteger(value: string): boolean {
  return (
    /^[+-]?\d+$/.test(value) && BigInt.asIntN(64, BigInt(value.replace('+', ''))) === BigInt(value.replace('+', ''))
  );
}

/** Go's ParseFloat, without hexadecimal. */
function goFloat(value: string): number | undefined {
  if (/^[+-]?(inf|infinity)$/i.test(value)) return value.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(value)) return Number.NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : undefined;
}

function parseFloatOf(bound: string, value: string): number {
  const number = goFloat(value);
  if (number === undefined)
    throw refused(
      `failed to parse ${bound} enum value: strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  return number;
}

/** Go's ParseBool. */
function goBool(value: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(value)) return true;
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(value) ? false : undefined;
}

function parseBool(marker: string, value: string): boolean {
  const bool = goBool(value);
  if (bool === undefined)
    throw refused(
      `failed to parse ${marker} marker value: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  return bool;
}

/** kro keeps the text of a default; what is no JSON then is refused by the API server. */
function defaultValue({ type }: Mutable, value: string): JsonValue {
  if (type === 'integer' && !isInteger(value)) throw refused(`default value must be a valid integer, got: ${value}`);
  if (type === 'number' && goFloat(value) === undefined)
    throw refused(`default value must be a valid number, got: ${value}`);
  if (type === 'boolean' && goBool(value) === undefined)
    throw refused(`default value must be a valid boolean, got: ${value}`);
  // An empty one is written as null, which the API server takes for none.
  if (value === '' && type !== 'string') return null;
  try {
    return JSON.parse(type === 'string' ? `"${value}"` : value) as JsonValue;
  } catch {
    return new UnreadableDefault(value) as unknown as JsonValue;
  }
}

function enumValues({ type }: Mutable, value: string): JsonValue[] {
  return value.split(',').map((part) => {
    const text = part.trim();
    if (text === '') throw refused('empty enum values are not allowed');
    if (type === 'string') return text;
    if (type !== 'integer')
      throw refused(`enum values only supported for string and integer types, got type: ${type ?? ''}`);
    if (!isInteger(text))
      throw refused(
        `failed to parse integer enum value: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
      );
    return Number(text);
  });
}
