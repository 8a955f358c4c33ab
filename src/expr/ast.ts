/**
 * The expression tree: a closed union that covers all of CEL, as plain frozen data. Builders make it, `print`, `check`
 * and `evaluate` read it. Macros stay what the author wrote (they are expanded where they are evaluated), so that a tree
 * prints as readable CEL.
 */
export type Node =
  | LiteralNode
  | IdentifierNode
  | SelectNode
  | HasNode
  | IndexNode
  | CallNode
  | ListNode
  | MapNode
  | MessageNode
  | ComprehensionNode
  | BindNode
  | TemplateNode
  | HandleNode;

/** Where a node begins in the text it was parsed from, in code points; absent on nodes that builders made. */
interface Positioned {
  readonly position?: number;
}

export type LiteralValue =
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'uint'; readonly value: bigint }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'null'; readonly value: null };

export type LiteralNode = Positioned & { readonly kind: 'literal' } & LiteralValue;

/** A variable; a leading dot (absolute name) is part of `name`. */
export interface IdentifierNode extends Positioned {
  readonly kind: 'identifier';
  readonly name: string;
}

/** `operand.field`, or `operand.?field` when `optional`. The field is stored unescaped: ``a.`x-y` `` has field `x-y`. */
export interface SelectNode extends Positioned {
  readonly kind: 'select';
  readonly operand: Node;
  readonly field: string;
  readonly optional?: boolean;
}

/** `has(operand.field)`. */
export interface HasNode extends Positioned {
  readonly kind: 'has';
  readonly operand: Node;
  readonly field: string;
}

/** `operand[index]`, or `operand[?index]` when `optional`. */
export interface IndexNode extends Positioned {
  readonly kind: 'index';
  readonly operand: Node;
  readonly index: Node;
  readonly optional?: boolean;
}

/**
 * A function, method or operator. Operators carry CEL's own names: `_+_ _-_ _*_ _/_ _%_ _==_ _!=_ _<_ _<=_ _>_ _>=_
 * _&&_ _||_ !_ -_ @in _?_:_`. A namespaced function such as `base64.encode` parses as a method of the identifier
 * `base64` and is resolved by the checker.
 */
export interface CallNode extends Positioned {
  readonly kind: 'call';
  readonly function: string;
  readonly target?: Node;
  readonly args: readonly Node[];
}

export interface ListNode extends Positioned {
  readonly kind: 'list';
  readonly elements: readonly { readonly value: Node; readonly optional?: boolean }[];
}

export interface MapNode extends Positioned {
  readonly kind: 'map';
  readonly entries: readonly { readonly key: Node; readonly value: Node; readonly optional?: boolean }[];
}

/** `google.protobuf.Value{number_value: 1.0}`: a message construction. */
export interface MessageNode extends Positioned {
  readonly kind: 'message';
  readonly type: string;
  readonly fields: readonly { readonly name: string; readonly value: Node; readonly optional?: boolean }[];
}

export type Macro =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'existsOne'
  | 'map'
  | 'filter'
  | 'sortBy'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry'
  | 'optMap'
  | 'optFlatMap';

/** `range.macro(v, body)`, `range.macro(i, v, body)`, `range.map(v, filter, body)`. */
export interface ComprehensionNode extends Positioned {
  readonly kind: 'comprehension';
  readonly macro: Macro;
  readonly range: Node;
  readonly variables: readonly (string | HandleNode)[];
  readonly filter?: Node;
  readonly body: Node;
}

/** `cel.bind(variable, init, body)`. */
export interface BindNode extends Positioned {
  readonly kind: 'bind';
  readonly variable: string | HandleNode;
  readonly init: Node;
  readonly body: Node;
}

/**
 * Text with holes, kro's `text ${a} text ${b}`. In CEL it is a concatenation; holes that are not strings get `string()`
 * when a graph is built, where their types are known.
 */
export interface TemplateNode extends Positioned {
  readonly kind: 'template';
  readonly parts: readonly (string | Node)[];
}

/**
 * A variable whose name is not known yet: a resource before it has its id, the variable of a combinator's callback. The
 * handle is compared by identity. Only trees under construction hold such nodes; a graph does not.
 */
export interface HandleNode extends Positioned {
  readonly kind: 'handle';
  readonly handle: object;
}
