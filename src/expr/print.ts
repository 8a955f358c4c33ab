import { KubewrightError } from '../errors.ts';
import type {
  CallNode,
  ComprehensionNode,
  HasNode,
  LiteralNode,
  MapNode,
  MessageNode,
  Node,
  TemplateNode,
} from './ast.ts';
import { quoteBytes, quoteString } from './quote.ts';

/** How tightly an expression holds together; an operand that binds less gets parentheses. */
const binding = { ternary: 1, or: 2, and: 3, relation: 4, sum: 5, product: 6, unary: 7, member: 8 } as const;

const binary: ReadonlyMap<string, { readonly symbol: string; readonly level: number }> = new Map([
  ['_||_', { symbol: '||', level: binding.or }],
  ['_&&_', { symbol: '&&', level: binding.and }],
  ...['==', '!=', '<', '<=', '>', '>='].map((symbol) => [`_${symbol}_`, { symbol, level: binding.relation }] as const),
  ['@in', { symbol: 'in', level: binding.relation }],
  ['_+_', { symbol: '+', level: binding.sum }],
  ['_-_', { symbol: '-', level: binding.sum }],
  ['_*_', { symbol: '*', level: binding.product }],
  ['_/_', { symbol: '/', level: binding.product }],
  ['_%_', { symbol: '%', level: binding.product }],
]);

/**
 * CEL text with as few parentheses as possible. `parse(print(node))` is the same tree, but for the grouping of chains of
 * `&&` and of `||`, which has no meaning. String literals are in double quotes, as kro's search for `${…}` needs it.
 *
 * @throws KubewrightError when the tree still holds a resource without id
 */
export function print(node: Node): string {
  return render(node, 0);
}

/**
 * The string that a kro template holds for an expression: `${…}` for an expression, text with `${…}` for a template. A
 * literal `${` of the text is data.
 */
export function printTemplate(node: Node): string {
  if (node.kind !== 'template') return `\${${print(node)}}`;
  const parts = mergeText(node.parts);
  const text = parts.map((part) => (typeof part === 'string' ? escapeText(part) : `\${${print(part)}}`));
  return text.join('');
}

/** `${` would start an expression; a `$` before a hole's `${` is text for kro. */
function escapeText(text: string): string {
  return text.replaceAll('${', '${"${"}');
}

function mergeText(parts: TemplateNode['parts']): (string | Node)[] {
  const merged: (string | Node)[] = [];
  for (const part of parts) {
    const text = typeof part === 'string' ? part : constantText(part);
    const last = merged.at(-1);
    if (text !== undefined && typeof last === 'string') merged[merged.length - 1] = last + text;
    else merged.push(text ?? part);
  }
  return merged;
}

function constantText(node: Node): string | undefined {
  return node.kind === 'literal' && node.type === 'string' ? node.value : undefined;
}

function render(node: Node, minimum: number): string {
  switch (node.kind) {
    case 'literal':
      return literal(node, minimum);
    case 'identifier':
      return node.name;
    case 'select':
      return select(node.operand, node.field, node.optional);
    case 'has':
      return has(node, minimum);
    case 'index':
      return `${render(node.operand, binding.member)}[${node.optional ? '?' : ''}${print(node.index)}]`;
    case 'call':
      return call(node, minimum);
    case 'list':
      return `[${node.elements.map(({ value, optional }) => `${optional ? '?' : ''}${print(value)}`).join(', ')}]`;
    case 'map':
      return map(node);
    case 'message':
      return message(node);
    case 'comprehension':
      return comprehension(node);
    case 'bind':
      return `cel.bind(${variableName(node.variable)}, ${print(node.init)}, ${print(node.body)})`;
    case 'template':
      return template(node, minimum);
    case 'handle':
      return unnamed();
  }
}

function literal(node: LiteralNode, minimum: number): string {
  switch (node.type) {
    case 'int':
      return node.value < 0n && minimum > binding.unary ? `(${node.value})` : String(node.value);
    case 'uint':
      return `${node.value}u`;
    case 'double':
      return double(node.value, minimum);
    case 'string':
      return quoteString(node.value);
    case 'bytes':
      return quoteBytes(node.value);
    case 'bool':
      return String(node.value);
    case 'null':
      return 'null';
  }
}

function double(value: number, minimum: number): string {
  if (Number.isNaN(value)) return 'double("NaN")';
  if (!Number.isFinite(value)) return `double("${value < 0 ? '-' : ''}Infinity")`;
  const digits = Object.is(value, -0) ? '-0' : String(value);
  const text = /[.e]/.test(digits) ? digits : `${digits}.0`;
  return (value < 0 || Object.is(value, -0)) && minimum > binding.unary ? `(${text})` : text;
}

const identifierPattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const unselectable: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);

function select(operand: Node, field: string, optional: boolean | undefined): string {
  const target = render(operand, binding.member);
  if (identifierPattern.test(field) && !unselectable.has(field)) return `${target}${optional ? '.?' : '.'}${field}`;
  return `${target}[${optional ? '?' : ''}${quoteString(field)}]`;
}

/** `has()` takes no index: a key that is no name is looked for with `in`. */
function has({ operand, field }: HasNode, minimum: number): string {
  if (identifierPattern.test(field) && !unselectable.has(field)) return `has(${select(operand, field, false)})`;
  return wrap(`${quoteString(field)} in ${render(operand, binding.sum)}`, binding.relation, minimum);
}

function call(node: CallNode, minimum: number): string {
  const { args } = node;
  const infix = node.target ? undefined : binary.get(node.function);
  if (infix && args.length === 2) return wrap(infixText(node, infix), infix.level, minimum);
  const [first, second, third] = args;
  if (node.function === '_?_:_' && first && second && third) {
    const text = `${render(first, binding.or)} ? ${render(second, binding.or)} : ${render(third, binding.ternary)}`;
    return wrap(text, binding.ternary, minimum);
  }
  if ((node.function === '!_' || node.function === '-_') && first && args.length === 1) {
    return wrap(unary(node.function.charAt(0), first), binding.unary, minimum);
  }
  const list = isNewCondition(node) ? bareMap(first as MapNode) : args.map((argument) => print(argument)).join(', ');
  if (!node.target) return `${node.function}(${list})`;
  return `${render(node.target, binding.member)}.${node.function}(${list})`;
}

/** The keys of kro's `runtime.newCondition({type: …})` are names, and it takes no others. */
function isNewCondition({ function: name, target, args }: CallNode): boolean {
  return (
    name === 'newCondition' && target?.kind === 'identifier' && target.name === 'runtime' && args[0]?.kind === 'map'
  );
}

function bareMap({ entries }: MapNode): string {
  return `{${entries.map(({ key, value }) => `${key.kind === 'literal' ? String(key.value) : print(key)}: ${print(value)}`).join(', ')}}`;
}

/** Chains of one associative operator are long in generated graphs: they are printed without recursion into the left. */
function infixText(node: CallNode, { symbol, level }: { readonly symbol: string; readonly level: number }): string {
  const logical = level === binding.or || level === binding.and;
  const rights: string[] = [];
  let left: Node = node;
  while (left.kind === 'call' && !left.target && left.args.length === 2) {
    const operator = binary.get(left.function);
    if (operator?.level !== level) break;
    const right = left.args[1] as Node;
    rights.push(`${operator.symbol} ${render(right, logical ? level : level + 1)}`);
    left = left.args[0] as Node;
  }
  return [render(left, logical ? level : level + 1), ...rights.reverse()].join(' ') || symbol;
}

function unary(symbol: string, operand: Node): string {
  // `--1` would be read as two signs that cancel out, `-1` as a literal.
  const number = operand.kind === 'literal' && symbol === '-';
  const text = render(operand, binding.member);
  return number && !text.startsWith('(') && (operand.type === 'int' || operand.type === 'double')
    ? `${symbol}(${text})`
    : `${symbol}${text}`;
}

function map(node: MapNode): string {
  const entries = node.entries.map(
    ({ key, value, optional }) => `${optional ? '?' : ''}${print(key)}: ${print(value)}`,
  );
  return `{${entries.join(', ')}}`;
}

function message(node: MessageNode): string {
  const fields = node.fields.map(({ name, value, optional }) => {
    const plain = identifierPattern.test(name) && !unselectable.has(name);
    return `${optional ? '?' : ''}${plain ? name : `\`${name}\``}: ${print(value)}`;
  });
  return `${node.type}{${fields.join(', ')}}`;
}

function comprehension(node: ComprehensionNode): string {
  const parts = [...node.variables.map(variableName), ...(node.filter ? [print(node.filter)] : []), print(node.body)];
  return `${render(node.range, binding.member)}.${node.macro}(${parts.join(', ')})`;
}

function template(node: TemplateNode, minimum: number): string {
  const parts = mergeText(node.parts);
  if (parts.length === 0) return '""';
  const terms = parts.map((part) =>
    typeof part === 'string' ? quoteString(part) : render(part, parts.length > 1 ? binding.product : minimum),
  );
  return terms.length === 1 ? (terms[0] ?? '') : wrap(terms.join(' + '), binding.sum, minimum);
}

function variableName(variable: string | object): string {
  return typeof variable === 'string' ? variable : unnamed();
}

function unnamed(): never {
  throw new KubewrightError({
    code: 'UnknownReference',
    message: 'an expression refers to a resource that is not part of the graph',
    hint: 'Return the resource from the builder, or take its value from a resource that is returned.',
  });
}

function wrap(text: string, level: number, minimum: number): string {
  return level < minimum ? `(${text})` : text;
}
