import type { Node } from './ast.ts';

/** The direct sub-expressions, in the order in which they are written. */
export function children(node: Node): Node[] {
  switch (node.kind) {
    case 'literal':
    case 'identifier':
    case 'handle':
      return [];
    case 'select':
    case 'has':
      return [node.operand];
    case 'index':
      return [node.operand, node.index];
    case 'call':
      return node.target ? [node.target, ...node.args] : [...node.args];
    case 'list':
      return node.elements.map(({ value }) => value);
    case 'map':
      return node.entries.flatMap(({ key, value }) => [key, value]);
    case 'message':
      return node.fields.map(({ value }) => value);
    case 'comprehension':
      return [
        node.range,
        ...node.variables.filter((variable) => typeof variable !== 'string'),
        ...(node.filter ? [node.filter] : []),
        node.body,
      ];
    case 'bind':
      return [node.init, ...(typeof node.variable === 'string' ? [] : [node.variable]), node.body];
    case 'template':
      return node.parts.filter((part) => typeof part !== 'string');
  }
}

/** The same node with other sub-expressions, or the node itself when all of them stay. */
export function mapChildren(node: Node, change: (child: Node) => Node): Node {
  const before = children(node);
  const after = before.map(change);
  if (before.every((child, index) => child === after[index])) return node;
  const next = after[Symbol.iterator]();
  const take = () => next.next().value as Node;
  switch (node.kind) {
    case 'literal':
    case 'identifier':
    case 'handle':
      return node;
    case 'select':
    case 'has':
      return { ...node, operand: take() };
    case 'index':
      return { ...node, operand: take(), index: take() };
    case 'call':
      return node.target
        ? { ...node, target: take(), args: node.args.map(take) }
        : { ...node, args: node.args.map(take) };
    case 'list':
      return { ...node, elements: node.elements.map((element) => ({ ...element, value: take() })) };
    case 'map':
      return { ...node, entries: node.entries.map((entry) => ({ ...entry, key: take(), value: take() })) };
    case 'message':
      return { ...node, fields: node.fields.map((field) => ({ ...field, value: take() })) };
    case 'comprehension': {
      const range = take();
      const variables = node.variables.map((variable) => (typeof variable === 'string' ? variable : named(take())));
      return node.filter
        ? { ...node, range, variables, filter: take(), body: take() }
        : { ...node, range, variables, body: take() };
    }
    case 'bind': {
      const init = take();
      const variable = typeof node.variable === 'string' ? node.variable : named(take());
      return { ...node, init, variable, body: take() };
    }
    case 'template':
      return { ...node, parts: node.parts.map((part) => (typeof part === 'string' ? part : take())) };
  }
}

/** A variable's handle that was replaced by an identifier becomes the identifier's name. */
function named(node: Node): string | (Node & { kind: 'handle' }) {
  if (node.kind === 'identifier') return node.name;
  if (node.kind === 'handle') return node;
  throw new TypeError(`A variable can only become a name, not a ${node.kind}.`);
}
