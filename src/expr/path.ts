import type { Node } from './ast.ts';

/** A tree as a short text for messages, also while it is under construction: a path for paths, otherwise its operator. */
export function pathOf(node: Node): string {
  switch (node.kind) {
    case 'identifier':
      return node.name;
    case 'handle':
      return nameOfHandle(node.handle);
    case 'select':
      return `${pathOf(node.operand)}.${node.field}`;
    case 'index':
      return `${pathOf(node.operand)}[${pathOf(node.index)}]`;
    case 'literal':
      return typeof node.value === 'string' ? JSON.stringify(node.value) : String(node.value);
    case 'call': {
      const [left, right] = node.args;
      const operator = /^_(.+)_$/.exec(node.function)?.[1];
      if (operator && operator !== '?_:' && left && right) return `${pathOf(left)} ${operator} ${pathOf(right)}`;
      if (node.target) return `${pathOf(node.target)}.${node.function}(…)`;
      return node.function === '_?_:_' && left
        ? `${pathOf(left)} ? … : …`
        : `${node.function.replaceAll('_', '')}(${left ? pathOf(left) : ''})`;
    }
    case 'comprehension':
      return `${pathOf(node.range)}.${node.macro}(…)`;
    case 'has':
      return `has(${pathOf(node.operand)}.${node.field})`;
    case 'template':
      return node.parts.map((part) => (typeof part === 'string' ? part : `\${${pathOf(part)}}`)).join('');
    case 'list':
      return '[…]';
    case 'map':
    case 'message':
      return '{…}';
    case 'bind':
      return 'cel.bind(…)';
  }
}

function nameOfHandle(handle: object): string {
  const named = handle as { id?: string; variable?: string; label?: string };
  return named.id ?? named.variable ?? named.label ?? 'resource';
}
