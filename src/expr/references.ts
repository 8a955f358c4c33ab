import type { HandleNode, Node } from './ast.ts';
import { children, mapChildren } from './walk.ts';

export { fold } from './fold.ts';
export { nodeToValue, valueToNode } from './constant.ts';

/** The variables that an expression reads; those of its own comprehensions are not among them. */
export function identifiers(node: Node): Set<string> {
  const found = new Set<string>();
  collect(node, new Set(), found);
  return found;
}

function collect(node: Node, bound: ReadonlySet<string>, found: Set<string>): void {
  if (node.kind === 'identifier') {
    const name = node.name.startsWith('.') ? node.name.slice(1) : node.name;
    if (node.name.startsWith('.') || !bound.has(name)) found.add(name);
    return;
  }
  if (node.kind === 'comprehension') {
    collect(node.range, bound, found);
    const inner = extend(bound, node.variables);
    if (node.filter) collect(node.filter, inner, found);
    collect(node.body, inner, found);
    return;
  }
  if (node.kind === 'bind') {
    collect(node.init, bound, found);
    collect(node.body, extend(bound, [node.variable]), found);
    return;
  }
  if (node.kind === 'call' && node.target && isNamespace(node)) {
    for (const argument of node.args) collect(argument, bound, found);
    return;
  }
  for (const child of children(node)) collect(child, bound, found);
}

function extend(bound: ReadonlySet<string>, variables: readonly (string | HandleNode)[]): Set<string> {
  const names = variables.filter((variable) => typeof variable === 'string');
  return new Set([...bound, ...names]);
}

const namespaces: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    base64: ['encode', 'decode'],
    json: ['encode', 'marshal', 'unmarshal'],
    lists: ['range', 'setAtIndex', 'insertAtIndex', 'removeAtIndex'],
    strings: ['quote'],
    optional: ['of', 'ofNonZeroValue', 'none', 'unwrap'],
    random: ['seededString', 'seededInt'],
    hash: ['fnv64a', 'sha256', 'md5'],
    ip: ['isCanonical'],
    math: [
      'greatest',
      'least',
      'ceil',
      'floor',
      'round',
      'trunc',
      'abs',
      'sign',
      'isNaN',
      'isInf',
      'isFinite',
      'sqrt',
      'bitAnd',
      'bitOr',
      'bitXor',
      'bitNot',
      'bitShiftLeft',
      'bitShiftRight',
    ],
    sets: ['contains', 'equivalent', 'intersects'],
    regex: ['replace', 'extract', 'extractAll'],
  }).map(([name, functions]) => [name, new Set(functions)]),
);

/** `base64.encode(…)`: the target is the first half of a function's name, not a variable. */
function isNamespace(node: Node & { kind: 'call' }): boolean {
  return node.target?.kind === 'identifier' && namespaces.get(node.target.name)?.has(node.function) === true;
}

/**
 * A copy in which `replace` has put something else for some nodes, from the outside in: what it returns is not looked
 * into again. Sub-trees without replacement are shared with the original.
 */
export function substitute(node: Node, replace: (node: Node) => Node | undefined): Node {
  return replace(node) ?? mapChildren(node, (child) => substitute(child, replace));
}
