import { fieldOf } from './defaults.ts';
import { isStruct, type JsonSchema, pathText } from './json-schema.ts';
import { didYouMean } from './nearest-name.ts';
import type { ValueProblem } from './strict-values.ts';

type Path = readonly (string | number)[];

interface Check {
  readonly isExpression: (value: unknown) => boolean;
  readonly problems: ValueProblem[];
}

/**
 * What is wrong with the literal parts of an object, by the rules of kro: fields that do not exist and values of
 * another type. Required fields, enumerations and ranges are the API server's to check. Values are not repeated in
 * messages: they may be secret.
 *
 * @param isExpression tells the leaves whose value is not known yet
 */
export function literalProblems(
  schema: JsonSchema,
  object: unknown,
  isExpression: (value: unknown) => boolean = () => false,
): ValueProblem[] {
  const check: Check = { isExpression, problems: [] };
  checkValue(schema, object, { path: [], check });
  return check.problems;
}

interface Place {
  readonly path: Path;
  readonly check: Check;
}

function checkValue(schema: JsonSchema, value: unknown, place: Place): void {
  if (value === null || value === undefined || place.check.isExpression(value)) return;
  const types = expectedTypes(schema);
  if (!types) return;
  const actual = typeName(value);
  if (!types.includes(actual) && !(actual === 'integer' && types.includes('number'))) {
    place.check.problems.push({
      path: pathText(place.path),
      message: `must be ${article(types.join(' or '))} (was ${article(actual)})`,
      hint: typeHint(types, actual),
    });
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      checkValue(schema.items ?? {}, item, { ...place, path: [...place.path, index] });
  } else if (actual === 'object') checkObject(schema, value as Record<string, unknown>, place);
}

function checkObject(schema: JsonSchema, value: Record<string, unknown>, place: Place): void {
  for (const [name, field] of Object.entries(value)) {
    const path = [...place.path, name];
    const declared = fieldOf(schema, name) ?? schema.additionalProperties;
    if (declared) checkValue(declared, field, { ...place, path });
    else if (isStruct(schema) && field !== undefined) {
      const hint = didYouMean(
        name,
        Object.keys(schema.properties).filter((other) => value[other] === undefined),
      );
      place.check.problems.push({ path: pathText(path), message: 'is not a field of this kind', hint });
    }
  }
}

/** The JSON types that a value may have, `undefined` for any. */
function expectedTypes(schema: JsonSchema): readonly string[] | undefined {
  if (schema['x-kubernetes-preserve-unknown-fields']) return undefined;
  if (schema['x-kubernetes-int-or-string']) return ['string', 'integer'];
  const members = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].flatMap(({ type }) => type ?? []);
  if (members.length > 0) return members;
  return schema.type && [schema.type];
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function article(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function typeHint(types: readonly string[], actual: string): string | undefined {
  if (types.includes('string') && (actual === 'integer' || actual === 'number' || actual === 'boolean'))
    return 'Write it as text, in quotes.';
  if (actual === 'string' && (types.includes('integer') || types.includes('number') || types.includes('boolean')))
    return 'Write it without quotes.';
  return undefined;
}
