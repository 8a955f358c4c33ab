import { hasCelName } from './cel-type.ts';
import type { JsonSchema, JsonValue } from './json-schema.ts';
import { toRe2 } from './re2-pattern.ts';

/** What SimpleSchema cannot say, and what to write instead. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

const lostParts: Readonly<Record<string, Refusal>> = {
  morph: {
    message: 'is transformed on the way in',
    hint: 'Declare the type of the data as it is written; transform it in the builder.',
  },
  predicate: {
    message: 'has a check in JavaScript, which Kubernetes cannot run',
    hint: 'Use a pattern, a range or an enumeration.',
  },
  patternIntersection: { message: 'has several patterns', hint: 'Write one pattern.' },
  patternFlags: {
    message: 'has a pattern with flags',
    hint: 'Write the pattern without flags, such as [Aa] instead of /a/i.',
  },
  date: { message: 'is a Date, which is no JSON', hint: 'Use a string, such as "2026-01-31T12:00:00Z".' },
  undefined: { message: 'is undefined, which is no JSON', hint: 'Make the field optional.' },
  never: { message: 'accepts no value', hint: 'Leave the field out.' },
  allOf: { message: 'is an intersection of types that contradict each other', hint: 'Write the result as one type.' },
};

/** The reasons why this node, its children aside, cannot be written in SimpleSchema. */
export function refusals(schema: JsonSchema): Refusal[] {
  const found = (schema['x-kubewright-lost'] ?? []).map(lostRefusal);
  return [
    ...found,
    ...typeRefusals(schema),
    ...textRefusals(schema),
    ...enumRefusals(schema),
    ...numberRefusals(schema),
    ...defaultRefusals(schema),
  ];
}

function lostRefusal(part: string): Refusal {
  if (part.startsWith('format '))
    return { message: `has the ${part}, which SimpleSchema has no marker for`, hint: 'Use a pattern.' };
  return (
    lostParts[part] ?? {
      message: `has something that SimpleSchema cannot say (${part})`,
      hint: 'Use a type of plain JSON data.',
    }
  );
}

function* typeRefusals(schema: JsonSchema): Generator<Refusal> {
  if (schema.anyOf) yield unionRefusal(schema.anyOf);
  else if (schema['x-kubernetes-int-or-string']) yield { message: 'is an integer or a string', hint: 'Use a string.' };
  else if (schema.type === 'null') yield { message: 'is null', hint: 'Make the field optional instead.' };
  else if (schema.prefixItems)
    yield { message: 'is a tuple', hint: 'Use an object with a field for each element, or a list of one type.' };
  if (schema.properties) {
    if (schema.additionalProperties || schema['x-kubernetes-preserve-unknown-fields']) {
      yield {
        message: 'has declared fields and further ones',
        hint: 'Put the further ones into a map in a field of its own.',
      };
    }
    for (const name of Object.keys(schema.properties)) {
      if (hasCelName(name)) continue;
      yield {
        message: `has a field ${JSON.stringify(name)}, which no expression could name`,
        hint: 'Use letters, digits and _, beginning with a letter.',
      };
    }
  }
  if (schema.uniqueItems && !isScalar(schema.items)) {
    yield { message: 'is a list of unique objects', hint: 'Use a map, or a list of strings or numbers.' };
  }
}

function isScalar(schema: JsonSchema | undefined): boolean {
  return schema?.type !== undefined && schema.type !== 'object' && schema.type !== 'array';
}

function unionRefusal(members: readonly JsonSchema[]): Refusal {
  const types = [...new Set(members.map(({ type }) => type ?? 'any'))];
  if (types.includes('null') && types.length === 2) {
    return {
      message: `is ${types.filter((type) => type !== 'null').join()} or null`,
      hint: 'Make the field optional instead.',
    };
  }
  const what = types.length === 1 ? `several types of ${types.join()}` : types.join(' or ');
  const hint =
    types.length === 1 && types[0] === 'object'
      ? 'Use one object with optional fields.'
      : 'Use one type, or a field for each of them.';
  return { message: `is a union of ${what}`, hint };
}

function* textRefusals({ pattern }: JsonSchema): Generator<Refusal> {
  if (pattern === undefined) return;
  const re2 = toRe2(pattern);
  if ('refused' in re2)
    yield {
      message: `has a pattern that Kubernetes cannot check: ${re2.refused}`,
      hint: 'Write it without, or use several fields.',
    };
  else if (pattern === '') yield { message: 'has an empty pattern', hint: 'Leave the pattern out.' };
}

function* enumRefusals({ type, enum: values }: JsonSchema): Generator<Refusal> {
  if (!values) return;
  if (type !== 'string' && type !== 'integer') {
    const what = type === undefined ? 'values of different types' : `${type} values`;
    yield { message: `is an enumeration of ${what}: ${JSON.stringify(values)}`, hint: 'Use strings, or integers.' };
    return;
  }
  for (const value of values) {
    const reason = enumRefusal(value);
    if (reason)
      yield {
        message: `has the value ${JSON.stringify(value)} in its enumeration, which kro cannot read: ${reason}`,
        hint: 'Use another value.',
      };
  }
}

/** kro splits at commas and trims. */
function enumRefusal(value: JsonValue): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value === '') return 'it is empty';
  if (value.includes(',')) return 'it contains a comma';
  if (value.trim() !== value) return 'it begins or ends with a blank';
  return /\p{C}/u.test(value) ? 'it contains a control character' : undefined;
}

function* numberRefusals(schema: JsonSchema): Generator<Refusal> {
  if (schema.type === 'number' && (schema.exclusiveMinimum !== undefined || schema.exclusiveMaximum !== undefined)) {
    yield {
      message: 'has an exclusive bound, and fractions have no next number',
      hint: 'Use an inclusive bound, or an integer.',
    };
  }
  if (schema.multipleOf !== undefined) {
    yield {
      message: `must be a multiple of ${schema.multipleOf}, which SimpleSchema has no marker for`,
      hint: 'Count in units of it and multiply in the builder.',
    };
  }
}

function* defaultRefusals({ type, default: value }: JsonSchema): Generator<Refusal> {
  if (value === undefined) return;
  const actual = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const expected = type === 'integer' ? 'number' : type;
  if (expected !== actual)
    yield {
      message: `has a default of another type: ${JSON.stringify(value)}`,
      hint: 'Give a default of the type of the field.',
    };
}
