import type { LiteralNode, Node } from './ast.ts';
import type { Typed } from './typed.ts';
import type { CelType } from './types.ts';

export const literalTypes: Readonly<Record<LiteralNode['type'], CelType>> = {
  int: { kind: 'int' },
  uint: { kind: 'uint' },
  double: { kind: 'double' },
  string: { kind: 'string' },
  bytes: { kind: 'bytes' },
  bool: { kind: 'bool' },
  null: { kind: 'null' },
};

/** `math.greatest` and `math.least` take any number of arguments: from three on as a list. */
export function gathered(name: string, args: readonly Typed[], node: Node): readonly Typed[] {
  if ((name !== 'math.greatest' && name !== 'math.least') || args.length < 3) return args;
  const kinds = new Set(args.map(({ type }) => type.kind));
  const element: CelType = kinds.size === 1 ? (args[0] as Typed).type : { kind: 'dyn' };
  const elements = args.map((value) => ({ value, optional: false }));
  return [{ kind: 'list', elements, type: { kind: 'list', element }, node }];
}

/** A handle has no name that anything could refer to. */
export function variableName(variable: string | object): string {
  return typeof variable === 'string' ? variable : '';
}

/** `a.b.c` of identifiers and fields. */
export function dottedName(node: Node): string | undefined {
  if (node.kind === 'identifier') return node.name;
  if (node.kind !== 'select' || node.optional) return undefined;
  const prefix = dottedName(node.operand);
  return prefix === undefined ? undefined : `${prefix}.${node.field}`;
}
