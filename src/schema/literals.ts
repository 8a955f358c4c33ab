import { fieldOf } from './defaults.ts';
import { isStruct, type JsonSchema, pathText } from './json-schema.ts';
import { didYouMean } from './nearest-name.ts';
import type { ValueProblem } from './strict-values.ts';

interface Check {
  readonly isExpression: (value: unknown) => boolean;
  readonly problems: ValueProblem[];
  /** The way to the value that is looked at. */
  readonly path: (string | number)[];
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
  const check: Check = { isExpression, problems: [], path: [] };
  checkValue(schema, object, check);
  return check.problems;
}

function checkValue(schema: JsonSchema, value: unknown, check: Check): void {
  if (value === null || value === undefined || check.isExpression(value)) return;
  const actual = typeName(value);
  if (!fits(schema, actual)) {
    const types = expectedTypes(schema) ?? [];
    check.problems.push({
      path: pathText(check.path),
      message: `must be ${article(types.join(' or '))} (was ${article(actual)})`,
      hint: typeHint(types, actual),
    });
  } else if (Array.isArray(value)) {
    const items = schema.items ?? {};
    for (let index = 0; index < value.length; index++) {
      check.path.push(index);
      checkValue(items, value[index], check);
      check.path.pop();
    }
  } else if (actual === 'object') checkObject(schema, value as Record<string, unknown>, check);
}

function checkObject(schema: JsonSchema, value: Record<string, unknown>, check: Check): void {
  if (schema.type !== 'object' && expectedTypes(schema) === undefined) return;
  if (schema['x-kubernetes-preserve-unknown-fields']) return;
  for (const name of Object.keys(value)) {
    const field = value[name];
    check.path.push(name);
    const declared = fieldOf(schema, name) ?? schema.additionalProperties;
    if (declared) checkValue(declared, field, check);
    else if (isStruct(schema) && field !== undefined) {
      const free = Object.keys(schema.properties).filter((other) => value[other] === undefined);
      check.problems.push({
        path: pathText(check.path),
        message: 'is not a field of this kind',
        hint: didYouMean(name, free),
      });
    }
    check.path.pop();
  }
}

function fits(schema: JsonSchema, actual: string): boolean {
  if (schema.type === actual) return true;
  const types = expectedTypes(schema);
  return !types || types.includes(actual) || (actual === 'integer' && types.includes('number'));
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

/** What to do about a value of another type. */
export function typeHint(types: readonly string[], actual: string): string | undefined {
  if (types.includes('string') && (actual === 'integer' || actual === 'number' || actual === 'boolean'))
    return 'Write it as text, in quotes.';
  if (actual === 'string' && (types.includes('integer') || types.includes('number') || types.includes('boolean')))
    return 'Write it without quotes.';
  return undefined;
}
