import type { Node } from '../expr/ast.ts';
import { children, mapChildren } from '../expr/walk.ts';
import type { CelType } from '../expr/types.ts';

/** Tells the type of a node of one expression. */
export type TypeOf = (node: Node) => CelType | undefined;

/**
 * Spells fields the way kro's structs call them: what is no CEL name is escaped as Kubernetes does it (`x-y` is
 * `x__dash__y`). Keys of maps stay as they are: `labels["x-y"]`.
 *
 * @param types asked only when there is such a field
 */
export function spellFields(node: Node, types: () => TypeOf | undefined): Node {
  if (!needsSpelling(node)) return node;
  const typeOf = types();
  return typeOf ? spell(node, typeOf) : node;
}

function spell(node: Node, typeOf: TypeOf): Node {
  const inner = mapChildren(node, (child) => spell(child, typeOf));
  if ((node.kind !== 'select' && node.kind !== 'has') || !isUnusual(node.field)) return inner;
  const type = plain(typeOf(node.operand));
  if (type?.kind !== 'struct' || type.field(node.field) === undefined) return inner;
  return { ...inner, field: escapeField(node.field) } as Node;
}

/** An optional select on a struct has the optional struct as its operand's type. */
function plain(type: CelType | undefined): CelType | undefined {
  return type?.kind === 'optional' ? type.value : type;
}

function needsSpelling(node: Node): boolean {
  if ((node.kind === 'select' || node.kind === 'has') && isUnusual(node.field)) return true;
  return children(node).some(needsSpelling);
}

const unnameable = new Set(['true', 'false', 'null', 'in']);

function isUnusual(field: string): boolean {
  return unnameable.has(field) || /__|[^A-Za-z0-9_]/.test(field);
}

const escapes: Readonly<Record<string, string>> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };

/** `Escape` of k8s.io/apiserver/pkg/cel. */
function escapeField(field: string): string {
  return unnameable.has(field) ? `__${field}__` : field.replace(/__|[./-]/g, (part) => escapes[part] as string);
}
