import type { JsonSchema } from '../../schema/json-schema.ts';

/** Something that is wrong with a default. */
export interface Problem {
  /** Path below the default. */
  readonly inside: string;
  readonly message: string;
}

/** What Kubernetes' validation says to a default. */
export function* valueProblems(schema: JsonSchema, value: unknown, inside: string): Iterable<Problem> {
  const actual = typeOf(value);
  const wanted = schema.type;
  if (wanted !== undefined && actual !== wanted && !(wanted === 'number' && actual === 'integer')) {
    yield {
      inside,
      message: `Invalid value: "${actual}": ${bodyOf(inside)} must be of type ${wanted}: "${actual}"`,
    };
    if (typeof value === 'number') yield* numberProblems(schema, value, inside);
    return;
  }
  if (schema.enum && !schema.enum.includes(value as never)) {
    const values = schema.enum
      .map((one) => JSON.stringify(typeof one === 'string' ? one : JSON.stringify(one)))
      .join(', ');
    yield { inside, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}` };
  }
  if (typeof value === 'number') yield* numberProblems(schema, value, inside);
  else if (typeof value === 'string') yield* textProblems(schema, value, inside);
  else if (Array.isArray(value)) yield* listProblems(schema, value, inside);
  else if (typeof value === 'object' && value !== null) {
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name of schema.required ?? []) {
      if (fields[name] === undefined && schema.properties?.[name]?.default === undefined)
        yield { inside: `${inside}.${name}`, message: 'Required value' };
    }
    for (const [name, field] of Object.entries(fields)) {
      const known = schema.properties?.[name] ?? schema.additionalProperties;
      if (known) yield* valueProblems(known, field, `${inside}.${name}`);
    }
  }
}

/** The API server leaves the name of the value itself away. */
function bodyOf(inside: string): string {
  return inside === '' ? 'in body' : `${inside} in body`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function* numberProblems({ minimum, maximum }: JsonSchema, value: number, inside: string): Iterable<Problem> {
  const invalid = `Invalid value: ${value}: ${bodyOf(inside)} should be`;
  if (minimum !== undefined && value < minimum)
    yield { inside, message: `${invalid} greater than or equal to ${minimum}` };
  if (maximum !== undefined && value > maximum)
    yield { inside, message: `${invalid} less than or equal to ${maximum}` };
}

function* textProblems(
  { minLength, maxLength, pattern }: JsonSchema,
  value: string,
  inside: string,
): Iterable<Problem> {
  const invalid = `Invalid value: ${JSON.stringify(value)}: ${bodyOf(inside)} should`;
  const length = Array.from(value).length;
  if (maxLength !== undefined && length > maxLength)
    yield { inside, message: `Too long: may not be more than ${maxLength} byte${maxLength === 1 ? '' : 's'}` };
  if (minLength !== undefined && length < minLength)
    yield { inside, message: `${invalid} be at least ${minLength} chars long` };
  if (pattern !== undefined && matches(pattern, value) === false)
    yield { inside, message: `${invalid} match '${pattern}'` };
}

/** `undefined` for what JavaScript cannot read. */
function matches(pattern: string, value: string): boolean | undefined {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return undefined;
  }
}

function* listProblems(
  { minItems, maxItems, items }: JsonSchema,
  value: readonly unknown[],
  inside: string,
): Iterable<Problem> {
  if (minItems !== undefined && value.length < minItems)
    yield {
      inside,
      message: `Invalid value: ${value.length}: ${bodyOf(inside)} should have at least ${minItems} items`,
    };
  if (maxItems !== undefined && value.length > maxItems)
    yield {
      inside,
      message: `Too many: ${value.length}: must have at most ${maxItems} item${maxItems === 1 ? '' : 's'}`,
    };
  for (const [index, item] of items ? value.entries() : [])
    yield* valueProblems(items as JsonSchema, item, `${inside}[${index}]`);
}

/** Whether the API server would prune something of a value. */
export function hasUnknownFields(schema: JsonSchema | undefined, value: unknown): boolean {
  if (schema?.['x-kubernetes-preserve-unknown-fields'] || typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => hasUnknownFields(schema?.items, item));
  return Object.entries(value).some(([name, field]) => {
    const known = ownField(schema?.properties, name) ?? schema?.additionalProperties;
    return !known || hasUnknownFields(known, field);
  });
}

function ownField(properties: JsonSchema['properties'], name: string): JsonSchema | undefined {
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
}
