import type { Typed } from './typed.ts';

/** The direct parts of a checked node. */
export function typedChildren(tree: Typed): readonly Typed[] {
  switch (tree.kind) {
    case 'constant':
    case 'typeName':
    case 'variable':
    case 'local':
      return [];
    case 'select':
    case 'has':
      return [tree.operand];
    case 'index':
      return [tree.operand, tree.index];
    case 'call':
      return tree.args;
    case 'list':
      return tree.elements.map(({ value }) => value);
    case 'map':
      return tree.entries.flatMap(({ key, value }) => [key, value]);
    case 'comprehension':
      return [tree.range, ...(tree.filter ? [tree.filter] : []), tree.body];
    case 'bind':
      return [tree.init, tree.body];
    case 'template':
      return tree.parts.filter((part) => typeof part !== 'string');
  }
}
