import type { Node } from '../expr/ast.ts';
import { identifier, select, toNode } from '../expr/nodes.ts';
import { identifiers } from '../expr/references.ts';
import { define, Expression, isObject, joinPath, type Value, type ValueObject } from '../expr/value.ts';
import type { Problems } from '../graph/problems.ts';
import type { Json, JsonObject } from './api.ts';
import { writeExpression } from './expressions.ts';
import { withoutTypeNames } from './type-names.ts';

/** Fields of an instance's status that kro writes itself. */
const written: Readonly<Record<string, { message: string; hint: string }>> = {
  state: {
    message: 'kro writes its own state there and drops this one',
    hint: 'Choose another name for the field.',
  },
  conditions: {
    message: 'kro keeps its own conditions there',
    hint: 'Give your own in the last argument of toResourceGraph.',
  },
};

/** Writes the status: every leaf becomes an expression that names something, as kro demands. */
export function writeStatus(status: ValueObject, problems: Problems): JsonObject {
  for (const [field, { message, hint }] of Object.entries(written)) {
    if (status[field] !== undefined)
      problems.add({
        code: 'KroStatusField',
        resource: 'status',
        path: field,
        message,
        hint,
      });
  }
  return writeFields(status, '', problems);
}

function writeFields(value: ValueObject, path: string, problems: Problems): JsonObject {
  const result: Record<string, Json> = {};
  for (const key of Object.keys(value))
    define(result, key, writeField(value[key] as Value, joinPath(path, key), problems));
  return result;
}

/** A list is one expression: kro would fill the place of a missing item with null, which its own schema then refuses. */
function writeField(value: Value, path: string, problems: Problems): Json {
  if (isObject(value) && Object.keys(value).length > 0) return writeFields(value, path, problems);
  if (value === null) {
    problems.add({
      code: 'KroStatusNull',
      resource: 'status',
      path,
      message: 'is null, which kro writes into no status',
      hint: 'Leave the field out.',
    });
    return null;
  }
  const expression =
    value instanceof Expression
      ? value
      : problems.attempt({ resource: 'status', path }, () => new Expression(toNode(value)));
  if (!expression) return null;
  const isConstant = identifiers(withoutTypeNames(expression.node)).size === 0;
  return writeExpression(isConstant ? new Expression(anchored(expression.node)) : expression);
}

/** kro refuses a status field that names neither the instance nor a resource: this names the instance beside the value. */
function anchored(value: Node): Node {
  return { kind: 'bind', variable: 'constant', init: select(identifier('schema'), 'kind'), body: value };
}
