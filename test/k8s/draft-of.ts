import { print } from '../../src/expr/print.ts';
import { Expression, mapLeaves } from '../../src/expr/value.ts';
import { toValue } from '../../src/graph/convert.ts';
import { handleOf, type Resource, type ResourceDraft } from '../../src/graph/resource.ts';

/** What a factory made of its arguments. */
export function draftOf(resource: Resource<unknown>): ResourceDraft {
  const handle = handleOf(resource);
  if (!handle) throw new TypeError('not a resource');
  return handle.draft;
}

/** The object of a resource, with expressions as `${CEL}`. */
export function objectOf(resource: Resource<unknown>): object {
  const { apiVersion, kind, body } = draftOf(resource);
  const value = toValue(body, (node) => node);
  const text = mapLeaves(value, (leaf) => (leaf instanceof Expression ? `\${${print(leaf.node)}}` : leaf));
  return { apiVersion, kind, ...(text as object) };
}
