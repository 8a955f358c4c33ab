import { isObject, type ValueObject } from '../expr/value.ts';
import { bindHandles } from './bind.ts';
import type { Collected } from './collect.ts';
import { toValue } from './convert.ts';
import type { Problems } from './problems.ts';

/** Turns what the status builder returned into plain data. */
export function bindStatus(body: unknown, collected: Collected, problems: Problems): ValueObject {
  if (body === undefined) return Object.freeze({});
  const scope = { ids: collected.ids, taken: collected.handles, variables: new Map<object, string>() };
  const value = problems.attempt({ resource: 'status' }, () => toValue(body, (node) => bindHandles(node, scope)));
  if (value === undefined || isObject(value)) return value ?? Object.freeze({});
  problems.add({
    code: 'InvalidStatus',
    resource: 'status',
    message: 'the status builder has to return an object of fields',
  });
  return Object.freeze({});
}
