import type { Node, SelectNode, TemplateNode } from '../expr/ast.ts';
import { check } from '../expr/check.ts';
import { createEnvironment, type Environment } from '../expr/environment.ts';
import { escapeField } from '../expr/field-name.ts';
import { call, literal } from '../expr/nodes.ts';
import type { CelType } from '../expr/types.ts';
import { mapChildren } from '../expr/walk.ts';

/**
 * Brings a tree that combinators built into CEL: what they leave open, because a reference does not know its type, is
 * decided here, where the types are known.
 */
export function lower(node: Node, environment: Environment): Node {
  const structural = needsTypes(node) ? lowerNode(node, environment) : node;
  if (typeOf(structural, environment) !== undefined) return structural;
  return lowerNumbers(structural, environment);
}

function needsTypes(node: Node): boolean {
  if (node.kind === 'template') return true;
  if (node.kind === 'select' && (node.field === 'length' || needsEscape(node.field))) return true;
  if (node.kind === 'index' && node.index.kind === 'literal' && node.index.type === 'int') return true;
  if (node.kind === 'call' && node.function === 'contains') return true;
  let found = false;
  mapChildren(node, (child) => {
    found ||= needsTypes(child);
    return child;
  });
  return found;
}

function lowerNode(node: Node, environment: Environment): Node {
  const inner =
    withVariables(node, environment, lowerNode) ?? mapChildren(node, (child) => lowerNode(child, environment));
  switch (inner.kind) {
    case 'template':
      return lowerTemplate(inner, environment);
    case 'select':
      return lowerSelect(inner, environment);
    case 'index': {
      const { index } = inner;
      if (index.kind !== 'literal' || index.type !== 'int') return inner;
      const type = typeOf(inner.operand, environment);
      return type?.kind === 'map' && type.key.kind === 'string'
        ? Object.freeze({ ...inner, index: literal(String(index.value)) })
        : inner;
    }
    case 'call': {
      const [item] = inner.args;
      if (inner.function !== 'contains' || !inner.target || !item) return inner;
      return typeOf(inner.target, environment)?.kind === 'list' ? call('@in', [item, inner.target]) : inner;
    }
    default:
      return inner;
  }
}

function lowerSelect(node: SelectNode, environment: Environment): Node {
  const escaped = needsEscape(node.field) ? escapeField(node.field) : undefined;
  if (node.field !== 'length' && escaped === undefined) return node;
  const type = typeOf(node.operand, environment);
  const operand = type?.kind === 'optional' ? type.value : type;
  if (operand?.kind === 'struct') {
    return escaped !== undefined && operand.field(node.field) ? Object.freeze({ ...node, field: escaped }) : node;
  }
  return node.field === 'length' && (operand?.kind === 'list' || operand?.kind === 'string')
    ? call('size', [node.operand])
    : node;
}

/** A name that CEL cannot spell as it is; reserved words it can. */
function needsEscape(field: string): boolean {
  return field.includes('__') || /[^\w]/.test(field);
}

/** In kro every hole of a text is a string: the others are converted. */
function lowerTemplate(node: TemplateNode, environment: Environment): Node {
  const parts = node.parts.map((part) => {
    if (typeof part === 'string') return part;
    const type = typeOf(part, environment);
    return type === undefined || type.kind === 'string' || type.kind === 'optional' ? part : call('string', [part]);
  });
  return Object.freeze({ ...node, parts: Object.freeze(parts) });
}

const numeric = new Set(['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_', '_+_', '_-_', '_*_', '_/_', '_?_:_', 'orValue']);

/** TypeScript has one kind of number: an integral literal beside a double becomes a double. */
function lowerNumbers(node: Node, environment: Environment): Node {
  const inner =
    withVariables(node, environment, lowerNumbers) ?? mapChildren(node, (child) => lowerNumbers(child, environment));
  if (inner.kind !== 'call' || !numeric.has(inner.function)) return inner;
  const operands = inner.target ? [inner.target, ...inner.args] : inner.args;
  if (!operands.some((operand) => isDouble(typeOf(operand, environment)))) return inner;
  return mapChildren(inner, (child) =>
    child.kind === 'literal' && child.type === 'int'
      ? Object.freeze({ kind: 'literal', type: 'double', value: Number(child.value) })
      : child,
  );
}

function isDouble(type: CelType | undefined): boolean {
  return type?.kind === 'double' || (type?.kind === 'optional' && type.value.kind === 'double');
}

/** Lowers a node that declares variables, with them in scope; `undefined` for other nodes. */
function withVariables(
  node: Node,
  environment: Environment,
  descend: (child: Node, environment: Environment) => Node,
): Node | undefined {
  if (node.kind === 'comprehension') {
    const range = descend(node.range, environment);
    const inner = extend(
      environment,
      variablesOf(typeOf(range, environment), node.variables as readonly string[], node.macro),
    );
    const body = descend(node.body, inner);
    return Object.freeze(
      node.filter ? { ...node, range, body, filter: descend(node.filter, inner) } : { ...node, range, body },
    );
  }
  if (node.kind === 'bind') {
    const init = descend(node.init, environment);
    const inner = extend(environment, new Map([[node.variable as string, typeOf(init, environment) ?? dyn]]));
    return Object.freeze({ ...node, init, body: descend(node.body, inner) });
  }
  return undefined;
}

const dyn: CelType = { kind: 'dyn' };

function variablesOf(range: CelType | undefined, names: readonly string[], macro: string): Map<string, CelType> {
  const [first = '', second] = names;
  if (macro === 'optMap' || macro === 'optFlatMap')
    return new Map([[first, range?.kind === 'optional' ? range.value : dyn]]);
  if (range?.kind === 'map')
    return new Map(
      second === undefined
        ? [[first, range.key]]
        : [
            [first, range.key],
            [second, range.value],
          ],
    );
  const element = range?.kind === 'list' ? range.element : dyn;
  return new Map(
    second === undefined
      ? [[first, element]]
      : [
          [first, { kind: 'int' }],
          [second, element],
        ],
  );
}

function extend(environment: Environment, variables: ReadonlyMap<string, CelType>): Environment {
  return createEnvironment({
    functions: 'kro',
    variables: (name) => variables.get(name) ?? environment.variable(name),
  });
}

function typeOf(node: Node, environment: Environment): CelType | undefined {
  try {
    return check(node, environment).type;
  } catch {
    return undefined;
  }
}

/**
 * The tree with `dyn()` around one value of each written-out object, which makes it a record of any values: a record of
 * texts fits no object that has other fields.
 */
export function loosenRecords(node: Node): Node {
  const inner = mapChildren(node, loosenRecords);
  const [first, ...others] = inner.kind === 'map' ? inner.entries : [];
  if (inner.kind !== 'map' || !first || first.optional || isDyn(first.value)) return inner;
  return Object.freeze({ ...inner, entries: [{ ...first, value: call('dyn', [first.value]) }, ...others] });
}

function isDyn(node: Node): boolean {
  return node.kind === 'call' && node.function === 'dyn' && !node.target;
}
