import { check } from '../../expr/check.ts';
import { createEnvironment } from '../../expr/environment.ts';
import { CelError } from '../../expr/error.ts';
import { compile, type Program } from '../../expr/evaluate.ts';
import { parse } from '../../expr/parse.ts';
import { celTypeOf } from '../../schema/cel-type.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import type { Problem } from './served-values.ts';

/** What rules have beyond kro's CEL: numbers of two types compared, more libraries. */
const onlyInRules =
  /applied to '\((int|uint|double), (int|uint|double)\)'|undeclared reference to '(sets|format|jsonpatch)\b/;

/** A rule of `x-kubernetes-validations`, ready to be evaluated, or what the API server says to it; nothing where we cannot know. */
function compiled(rule: string, schema: JsonSchema): Program | string | undefined {
  const self = celTypeOf(schema, 'self');
  const environment = createEnvironment({ functions: 'kro', variables: { self, oldSelf: self }, omit: false });
  try {
    const checked = check(parse(rule), environment);
    if (checked.type.kind !== 'bool' && checked.type.kind !== 'dyn') return 'cel expression must evaluate to a bool';
    return compile(checked, environment);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return onlyInRules.test(error.message) ? undefined : `compilation failed: ${error.message}`;
  }
}

/** Why the API server does not take a rule. */
export function ruleProblem(rule: string, schema: JsonSchema): string | undefined {
  const found = compiled(rule, schema);
  return typeof found === 'string' ? found : undefined;
}

/** What the rules of a schema and of its fields say to a default. */
export function* ruledProblems(schema: JsonSchema, value: unknown, inside: string): Iterable<Problem> {
  const type = `Invalid value: "${schema.type ?? ''}": `;
  const isScalar = schema.type !== 'object' && schema.type !== 'array';
  for (const { rule, message } of schema['x-kubernetes-validations'] ?? []) {
    const program = compiled(rule, schema);
    if (program === undefined) continue;
    if (typeof program === 'string') yield { inside, message: `${type}rule compile error: ${program}` };
    else {
      const failure = outcome(program, value);
      if (typeof failure === 'string') yield { inside, message: `${type}${failure} evaluating rule: ${message}` };
      else if (!failure)
        yield { inside, message: `Invalid value: ${isScalar ? `${JSON.stringify(value)}: ` : ''}${message}` };
    }
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    for (const [index, item] of items ? value.entries() : [])
      yield* ruledProblems(items as JsonSchema, item, `${inside}[${index}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      const own = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
      const known = own ?? schema.additionalProperties;
      if (known) yield* ruledProblems(known, field, own ? `${inside}.${name}` : `${inside}[${name}]`);
    }
  }
}

function outcome(program: Program, value: unknown): boolean | string {
  try {
    return program.evaluate({ self: value, oldSelf: value }) === true;
  } catch (error) {
    if (error instanceof CelError) return error.message;
    throw error;
  }
}
