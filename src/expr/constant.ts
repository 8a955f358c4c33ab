import type { LiteralNode, Node } from './ast.ts';

/** The literal tree of plain JSON: integral numbers are int, other numbers double. `undefined` entries are left out. */
export function valueToNode(value: unknown): Node {
  if (value === null || value === undefined) return { kind: 'literal', type: 'null', value: null };
  switch (typeof value) {
    case 'string':
      return { kind: 'literal', type: 'string', value };
    case 'boolean':
      return { kind: 'literal', type: 'bool', value };
    case 'bigint':
      return { kind: 'literal', type: 'int', value };
    case 'number':
      return Number.isSafeInteger(value)
        ? { kind: 'literal', type: 'int', value: BigInt(value) }
        : { kind: 'literal', type: 'double', value };
    default:
      break;
  }
  if (value instanceof Uint8Array) return { kind: 'literal', type: 'bytes', value };
  if (Array.isArray(value)) return { kind: 'list', elements: value.map((item) => ({ value: valueToNode(item) })) };
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return {
    kind: 'map',
    entries: entries.map(([key, item]) => ({ key: valueToNode(key), value: valueToNode(item) })),
  };
}

/**
 * The plain JSON value of a tree of literals; `undefined` when it is not constant or not JSON (optional elements, keys
 * that are no strings, duplicate keys).
 */
export function nodeToValue(node: Node): unknown {
  switch (node.kind) {
    case 'literal':
      return literalToValue(node);
    case 'template':
      return node.parts.every((part) => typeof part === 'string') ? node.parts.join('') : undefined;
    case 'list': {
      const items = node.elements.map(({ value, optional }) => (optional ? undefined : nodeToValue(value)));
      return items.includes(undefined) ? undefined : items;
    }
    case 'map':
      return mapToValue(node);
    default:
      return undefined;
  }
}

function literalToValue(node: LiteralNode): unknown {
  if (node.type !== 'int' && node.type !== 'uint') return node.value;
  const number = Number(node.value);
  return Number.isSafeInteger(number) ? number : node.value;
}

function mapToValue(node: Node & { kind: 'map' }): unknown {
  const pairs: [string, unknown][] = [];
  const seen = new Set<string>();
  for (const { key, value, optional } of node.entries) {
    if (optional || key.kind !== 'literal' || key.type !== 'string' || seen.has(key.value)) return undefined;
    const plain = nodeToValue(value);
    if (plain === undefined) return undefined;
    seen.add(key.value);
    pairs.push([key.value, plain]);
  }
  // fromEntries defines own properties, so that a key such as __proto__ is data.
  return Object.fromEntries(pairs);
}
