import { adapt } from '../adapt.ts';
import { CelDouble, CelMap, CelOptional, CelUint, TypedObject, typeName, typeOfValue } from '../cel-values.ts';
import { encodeBase64 } from '../base64.ts';
import { isJsonObject, isMap, mapEntries } from '../collections.ts';
import { compareStrings } from '../equality.ts';
import { fail } from '../failure.ts';
import { isInt } from '../int64.ts';
import { SchemaList } from '../schema-list.ts';
import { Duration, Timestamp } from '../time.ts';

/** How a value that is no JSON is written. */
interface Style {
  readonly number: (value: unknown) => string | undefined;
  readonly other: (value: unknown) => string;
  /** May refuse a list or map. */
  readonly container?: (value: object) => void;
}

function write(value: unknown, style: Style): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return String(value);
  const number = style.number(value);
  if (number !== undefined) return number;
  if (typeof value === 'object') style.container?.(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(adapt(item), style)).join(',')}]`;
  if (isMap(value)) {
    const entries = Array.from(mapEntries(value), ([key, item]) => [keyText(key), write(item, style)] as const);
    // Go writes the keys in the order of their bytes.
    entries.sort(([left], [right]) => compareStrings(left, right));
    return `{${entries.map(([key, item]) => `${quote(key)}:${item}`).join(',')}}`;
  }
  return style.other(value);
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  return fail(`json.marshal failed to convert value: map key must be string, got ${typeName(typeOfValue(key))}`);
}

/** Go's `json.Marshal` of a string: `<`, `>` and `&` are escaped as well. */
function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(/[<>&\u2028\u2029\u007f]/g, (char) =>
    char === '\u007f' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Go's `json.Marshal` of a float64. */
function float(value: number): string {
  if (!Number.isFinite(value)) return fail('json.marshal failed to encode value: json: unsupported value');
  if (Object.is(value, -0)) return '-0';
  const absolute = Math.abs(value);
  if (absolute !== 0 && (absolute < 1e-6 || absolute >= 1e21)) {
    // Go shortens e-09 to e-9, and so does JavaScript.
    return value.toExponential();
  }
  return String(value);
}

/** kro's `json.marshal`. */
export function marshalJson(value: unknown): string {
  // A typed object is written as the JSON it was read from.
  if (value instanceof TypedObject) return marshalJson(value.raw);
  return write(value, {
    number(of) {
      if (isInt(of)) return String(of);
      if (of instanceof CelUint) return String(of.value);
      return of instanceof CelDouble ? float(of.value) : undefined;
    },
    other(of) {
      if (of instanceof Uint8Array) return quote(encodeBase64(of));
      if (of instanceof Timestamp) return quote(new Timestamp(of.seconds).toString());
      if (of instanceof Duration) return quote(of.toGoString());
      if (of instanceof CelOptional) return of.present ? marshalJson(of.value) : 'null';
      return fail(`json.marshal failed to convert value: unsupported type: ${typeName(typeOfValue(of))}`);
    },
  });
}

const largestExact = 9007199254740991n;

/** cel-go's `json.encode`: numbers go through doubles, large integers become strings. */
export function encodeJson(value: unknown): string {
  return write(value, {
    container: refuseRead,
    number(of) {
      if (isInt(of)) return typeof of === 'number' ? String(of) : quote(String(of));
      if (of instanceof CelUint) return of.value > largestExact ? quote(String(of.value)) : String(of.value);
      if (!(of instanceof CelDouble)) return undefined;
      return Number.isFinite(of.value)
        ? float(of.value)
        : quote(Number.isNaN(of.value) ? 'NaN' : of.value > 0 ? 'Infinity' : '-Infinity');
    },
    other(of) {
      if (of instanceof Uint8Array) return quote(encodeBase64(of));
      if (of instanceof CelOptional && of.present) return encodeJson(of.value);
      if (of instanceof Timestamp) return quote(of.toZonedString());
      if (of instanceof Duration) return quote(of.toString());
      return fail(`unsupported native conversion from ${typeName(typeOfValue(of))} to JSON`);
    },
  });
}

/** The lists and objects that kro reads with a schema do not say how they become JSON. */
function refuseRead(value: object): void {
  if (value instanceof SchemaList) fail("type conversion error from list to '*structpb.Value'");
  if (value instanceof TypedObject && value.hasSchema) fail("type conversion error from map to '*structpb.Value'");
}

/** kro's `json.unmarshal`: as Go reads it, every number is a double. */
export function unmarshalJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('json.unmarshal failed to parse JSON');
  }
  return doubles(value);
}

function doubles(value: unknown): unknown {
  if (typeof value === 'number') {
    return Number.isFinite(value)
      ? new CelDouble(value)
      : fail('json.unmarshal failed to parse JSON: number out of range');
  }
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(doubles);
  if (!isJsonObject(value)) return value;
  return CelMap.of(Object.entries(value).map(([key, item]) => [key.toWellFormed(), doubles(item)] as const));
}
