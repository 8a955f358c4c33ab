import type { Node } from '../expr/ast.ts';
import { parse } from '../expr/parse.ts';
import { identifiers, substitute } from '../expr/references.ts';

/** CEL's names of types, and an expression of the same type: kro takes every bare name for a resource. */
const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    int: 'type(0)', uint: 'type(0u)', double: 'type(0.0)', string: 'type("")', bool: 'type(true)', bytes: 'type(b"")',
    list: 'type([])', map: 'type({})', null_type: 'type(null)', type: 'type(type(0))',
  }),
); // biome-ignore format: a table

/** An expression without names of types: `type(x) == int` becomes `type(x) == type(0)`. */
export function withoutTypeNames(node: Node): Node {
  const names = [...identifiers(node)].filter((name) => types.has(name));
  if (names.length === 0) return node;
  return substitute(node, (part) =>
    part.kind === 'identifier' && names.includes(part.name) ? parse(types.get(part.name) as string) : undefined,
  );
}
