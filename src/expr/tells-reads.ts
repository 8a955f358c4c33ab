import type { Typed } from './typed.ts';
import { typedChildren } from './typed-walk.ts';
import type { CelType } from './types.ts';

const operators: ReadonlySet<string> = new Set(['_+_', '_==_', '_!=_', '@in']);
/** Kinds of types whose values may be lists or maps. */
const containers: ReadonlySet<string> = new Set(['list', 'map', 'dyn']);

/**
 * Whether an expression can tell what stands in a Kubernetes object from what it made itself: `json.encode`, and the
 * addition and comparison of lists and maps.
 */
export function tellsReads(tree: Typed, final: (type: CelType) => CelType): boolean {
  return readsObject(tree) && tells(tree, final);
}

/** Whether it reads a variable that has objects with a schema in it. */
function readsObject(tree: Typed): boolean {
  return tree.kind === 'variable' ? hasStruct(tree.type) : typedChildren(tree).some(readsObject);
}

function hasStruct(type: CelType): boolean {
  if (type.kind === 'list') return hasStruct(type.element);
  if (type.kind === 'map' || type.kind === 'optional') return hasStruct(type.value);
  return type.kind === 'struct';
}

function tells(tree: Typed, final: (type: CelType) => CelType): boolean {
  if (tree.kind === 'call') {
    if (tree.function === 'json.encode') return true;
    if (operators.has(tree.function)) {
      const operands = tree.function === '@in' ? tree.args.slice(0, 1) : tree.args;
      if (operands.some(({ type }) => containers.has(final(type).kind))) return true;
    }
  }
  return typedChildren(tree).some((child) => tells(child, final));
}
