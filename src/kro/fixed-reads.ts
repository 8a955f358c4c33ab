import type { Node } from '../expr/ast.ts';
import { call, identifier, literal, select } from '../expr/nodes.ts';

/**
 * Finds what reads a fixed field, or a part of one, and gives the field's value in its place. `path` is below
 * `schema.spec`; a field that is read as an optional one is there.
 */
export function fixedReads(fixed: ReadonlyMap<string, Node>): (node: Node) => Node | undefined {
  const read = (node: Node): Node | undefined => {
    const path = specPath(node);
    if (!path) return undefined;
    for (let length = path.length; length > 0; length--) {
      const value = fixed.get(path.slice(0, length).join('.'));
      if (value) return path.slice(length).reduce(select, value);
    }
    return undefined;
  };
  return (node) => {
    if (node.kind === 'has') {
      const path = specPath(node.operand);
      return path && fixed.has([...path, node.field].join('.')) ? literal(true) : undefined;
    }
    if (node.kind === 'call' && node.target && isOptional(node.target)) {
      const exact = fixed.get(specPath(node.target)?.join('.') ?? '');
      if (exact && node.function === 'orValue') return exact;
      if (exact && node.function === 'hasValue') return literal(true);
    }
    const value = read(node);
    return value && isOptional(node) ? call('of', [value], identifier('optional')) : value;
  };
}

/** The fields that a path below `schema.spec` names, `undefined` for anything else. */
export function specPath(node: Node): string[] | undefined {
  const field = fieldOf(node);
  if (field === undefined || (node.kind !== 'select' && node.kind !== 'index')) return undefined;
  const { operand } = node;
  if (operand.kind === 'identifier' && operand.name === 'schema') return field === 'spec' ? [] : undefined;
  const outer = specPath(operand);
  return outer && [...outer, field];
}

function fieldOf(node: Node): string | undefined {
  if (node.kind === 'select') return node.field;
  return node.kind === 'index' && node.index.kind === 'literal' && node.index.type === 'string'
    ? node.index.value
    : undefined;
}

function isOptional(node: Node): boolean {
  return (node.kind === 'select' || node.kind === 'index') && (node.optional === true || isOptional(node.operand));
}
