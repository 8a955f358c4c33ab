import { KubewrightError } from '../errors.ts';
import { CelError } from '../expr/error.ts';
import { define, Expression, isObject, joinPath, type Value } from '../expr/value.ts';
import { valueFaults } from '../graph/served-values.ts';
import { type JsonSchema, pathText } from '../schema/json-schema.ts';
import { type Surroundings, variables } from './node-state.ts';
import { programOf } from './programs.ts';
import type { Resolution } from './resolution.ts';
import { written } from './written.ts';

/** The status of an instance: a field whose data is not there yet is absent. */
export function resolveStatus(around: Surroundings): Pick<Resolution, 'status' | 'statusPending' | 'statusProblem'> {
  const statusPending: { field: string; reason: string }[] = [];
  const bindings = variables(around);
  const absent = Symbol('absent');
  // The definition of a graph of our own computes a list as one value: with an item that is not there yet it is absent.
  const wholeLists = around.graph.origin === undefined;
  const read = (value: Value, field: string, whole: boolean): unknown => {
    if (value instanceof Expression) {
      try {
        const found = written(programOf(value, around.graph), bindings);
        return found === undefined ? absent : found;
      } catch (error) {
        if (!(error instanceof CelError)) throw error;
        if (!error.missing)
          throw new KubewrightError({
            code: error.code,
            resource: 'status',
            path: field,
            message: error.message,
            cause: error,
          });
        statusPending.push({
          field,
          reason: error.reason.replace(/^no such attribute\(s\): (\w+)$/, '$1 does not exist yet'),
        });
        return absent;
      }
    }
    if (Array.isArray(value)) {
      const items = value.map((item, index) => read(item, `${field}[${index}]`, wholeLists));
      if (wholeLists) return items.includes(absent) ? absent : items;
      // kro writes the items that are there at their places.
      while (items.at(-1) === absent) items.pop();
      return items.length === 0 && value.length > 0 ? absent : items.map((item) => (item === absent ? null : item));
    }
    return isObject(value) ? readObject(value, field, whole) : value;
  };
  const readObject = (value: Value & object, field: string, whole: boolean): unknown => {
    const result: Record<string, unknown> = {};
    const members = Object.entries(value);
    let isThere = field === '' || members.length === 0;
    for (const [key, member] of members) {
      const item = read(member as Value, joinPath(field, key), whole);
      if (item === absent) {
        if (whole) return absent;
        continue;
      }
      isThere = true;
      // The API server drops null from objects, and keeps it in lists.
      if (item !== null) define(result, key, item);
    }
    return isThere ? result : absent;
  };
  try {
    const { graph } = around;
    const status = withoutNull(readObject(graph.status, '', false), graph.statusSchema ?? {});
    if (graph.origin) checkStored(graph.statusSchema ?? {}, status);
    return { status: status as Record<string, unknown>, statusPending };
  } catch (error) {
    if (!(error instanceof KubewrightError)) throw error;
    return { status: {}, statusPending: [], statusProblem: error };
  }
}

/** kro writes a status as a whole: when the API server refuses a part, nothing of it is written. */
function checkStored(schema: JsonSchema, status: unknown): void {
  const [fault] = valueFaults(schema, status);
  if (!fault) return;
  const isHole = typeof fault.path.at(-1) === 'number' && fault.expected?.actual === 'null';
  throw new KubewrightError({
    code: 'InvalidStatus',
    resource: 'status',
    path: pathText(fault.path),
    message: `${isHole ? 'has no value yet before one that has' : fault.text}, which the API server refuses: nothing of the status is written`,
    hint: isHole ? 'Write the list as one expression: it is absent until all of it is there.' : undefined,
  });
}

/** As the API server stores it: null is dropped from the fields that the schema knows, and kept in lists. */
function withoutNull(value: unknown, schema: JsonSchema): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => withoutNull(item, schema.items ?? {})) : value;
  if (typeof value !== 'object' || value === null) return value;
  const { properties = {}, additionalProperties } = schema;
  const kept: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (field !== null || !known) define(kept, name, known ? withoutNull(field, known) : field);
  }
  return kept;
}
