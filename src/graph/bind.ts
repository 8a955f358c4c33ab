import { KubewrightError } from '../errors.ts';
import type { HandleNode, Node } from '../expr/ast.ts';
import { mapChildren } from '../expr/walk.ts';
import { identifier } from '../expr/nodes.ts';
import { ResourceHandle } from './resource.ts';

/** Names for the handles of one place: the graph's resources, and the variables that are in scope there. */
export interface Scope {
  readonly ids: ReadonlyMap<ResourceHandle, string>;
  /** Ids that no variable may hide. */
  readonly taken: { has(id: string): boolean };
  readonly variables: ReadonlyMap<object, string>;
}

/**
 * Replaces the handles of a tree by names.
 *
 * @throws KubewrightError `NotReturned` for a resource that the builder did not return
 */
export function bindHandles(node: Node, scope: Scope): Node {
  switch (node.kind) {
    case 'handle':
      return identifier(nameOf(node, scope));
    case 'comprehension': {
      const range = bindHandles(node.range, scope);
      const { names, inner } = declare(node.variables, scope);
      const filter = node.filter && bindHandles(node.filter, inner);
      const body = bindHandles(node.body, inner);
      return Object.freeze({ ...node, range, variables: names, body, ...(filter && { filter }) });
    }
    case 'bind': {
      const { names, inner } = declare([node.variable], scope);
      return Object.freeze({
        ...node,
        variable: names[0] as string,
        init: bindHandles(node.init, scope),
        body: bindHandles(node.body, inner),
      });
    }
    default:
      return mapChildren(node, (child) => bindHandles(child, scope));
  }
}

function declare(
  variables: readonly (string | HandleNode)[],
  scope: Scope,
): { names: readonly string[]; inner: Scope } {
  const known = new Map(scope.variables);
  const names = variables.map((variable) => {
    if (typeof variable === 'string') return variable;
    const name = freeName((variable.handle as { variable: string }).variable, known, scope);
    known.set(variable.handle, name);
    return name;
  });
  return { names, inner: { ...scope, variables: known } };
}

function freeName(wanted: string, known: ReadonlyMap<object, string>, scope: Scope): string {
  const used = new Set(known.values());
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}${count}`;
    if (!used.has(name) && !scope.taken.has(name)) return name;
  }
}

function nameOf({ handle }: HandleNode, scope: Scope): string {
  if (!(handle instanceof ResourceHandle)) {
    const name = scope.variables.get(handle);
    if (name !== undefined) return name;
    throw new KubewrightError({
      code: 'VariableOutOfScope',
      message: `the variable ${(handle as { variable?: string }).variable ?? ''} is used outside of its function`,
      hint: 'Use it only inside the function of map, filter, all, exists or forEach that gave it.',
    });
  }
  const id = scope.ids.get(handle);
  if (id !== undefined) return id;
  const source = handle.draft.source();
  throw new KubewrightError({
    code: 'NotReturned',
    message: `refers to ${handle.label}, which the builder did not return`,
    hint: `Add it to the returned map.${source ? ` (${source})` : ''}`,
  });
}
