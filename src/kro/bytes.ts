import type { Node } from '../expr/ast.ts';
import { call, identifier } from '../expr/nodes.ts';
import type { CelType } from '../expr/types.ts';
import type { Expression } from '../expr/value.ts';
import { checkedOf } from '../graph/check.ts';

/**
 * kro writes no bytes into objects (an instance fails on them, though its definition was accepted): what Secrets hold is
 * written as the base64 text that it is on the wire.
 *
 * @param loose in a template, where kro knows that the field is made of bytes, and takes text only untyped
 */
export function withoutBytes(expression: Expression, { loose }: { readonly loose: boolean }): Node {
  const type = checkedOf(expression)?.type;
  const encoded = type && encode(expression.node, type);
  if (!encoded) return expression.node;
  return loose ? call('dyn', [encoded]) : encoded;
}

function encode(node: Node, type: CelType): Node | undefined {
  switch (type.kind) {
    case 'bytes':
      return call('encode', [node], identifier('base64'));
    case 'list': {
      const body = encode(identifier('part'), type.element);
      return body && { kind: 'comprehension', macro: 'map', range: node, variables: ['part'], body };
    }
    case 'map': {
      const body = encode(identifier('part'), type.value);
      return body && { kind: 'comprehension', macro: 'transformMap', range: node, variables: ['key', 'part'], body };
    }
    default:
      return undefined;
  }
}
