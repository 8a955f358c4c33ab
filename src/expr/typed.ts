import type { LiteralNode, Macro, Node } from './ast.ts';
import type { Overload } from './library/overload.ts';
import type { CelType } from './types.ts';

/**
 * The checked tree: names are resolved, macros still whole, every node has its type. `check` makes it, `compile` reads it.
 * Types may hold parameters until the check is finished; `Checked.final` gives their last word.
 */
export type Typed =
  | (TypedBase & { readonly kind: 'constant'; readonly literal: LiteralNode })
  | (TypedBase & { readonly kind: 'typeName'; readonly names: CelType })
  | (TypedBase & { readonly kind: 'variable'; readonly name: string })
  | (TypedBase & { readonly kind: 'local'; readonly local: Local })
  | (TypedBase & {
      readonly kind: 'select';
      readonly operand: Typed;
      readonly field: string;
      readonly optional: boolean;
    })
  | (TypedBase & { readonly kind: 'has'; readonly operand: Typed; readonly field: string })
  | (TypedBase & { readonly kind: 'index'; readonly operand: Typed; readonly index: Typed; readonly optional: boolean })
  | (TypedBase & TypedCall)
  | (TypedBase & {
      readonly kind: 'list';
      readonly elements: readonly { readonly value: Typed; readonly optional: boolean }[];
    })
  | (TypedBase & {
      readonly kind: 'map';
      readonly entries: readonly { readonly key: Typed; readonly value: Typed; readonly optional: boolean }[];
    })
  | (TypedBase & TypedComprehension)
  | (TypedBase & { readonly kind: 'bind'; readonly local: Local; readonly init: Typed; readonly body: Typed })
  | (TypedBase & { readonly kind: 'template'; readonly parts: readonly (string | Typed)[] });

interface TypedBase {
  readonly type: CelType;
  /** The node as it was written. */
  readonly node: Node;
}

export interface TypedCall {
  readonly kind: 'call';
  readonly function: string;
  /** The receiver first. */
  readonly args: readonly Typed[];
  /** The overloads that fit; one when it is certain. */
  readonly overloads: readonly Overload[];
  /** All overloads of the function: what is tried at run time when it is not certain. */
  readonly all: readonly Overload[];
}

export interface TypedComprehension {
  readonly kind: 'comprehension';
  readonly macro: Macro;
  readonly range: Typed;
  readonly variables: readonly Local[];
  readonly filter: Typed | undefined;
  readonly body: Typed;
}

/** A variable of a comprehension or a binding. */
export interface Local {
  readonly name: string;
  readonly type: CelType;
}
