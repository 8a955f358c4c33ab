/** A CEL type as plain data. Structures know their fields by asking, so that a large schema costs what is used of it. */
export type CelType =
  | { readonly kind: PrimitiveKind }
  | ListType
  | MapType
  | { readonly kind: 'optional'; readonly value: CelType }
  /** `type(T)`, the type of a type. */
  | { readonly kind: 'type'; readonly value?: CelType }
  /** A library's own type: `kubernetes.Quantity`, `net.IP`, `Condition`, … */
  | { readonly kind: 'opaque'; readonly name: string; readonly parameters?: readonly CelType[] }
  | StructType
  /** A type parameter inside a function declaration, such as `T` in `list(T)`. */
  | { readonly kind: 'parameter'; readonly name: string };

export type PrimitiveKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration';

export interface ListType {
  readonly kind: 'list';
  readonly element: CelType;
  /** `x-kubernetes-list-type` of a field; order counts when it is left out. */
  readonly listType?: 'set' | 'map';
  /** `x-kubernetes-list-map-keys` of a field. */
  readonly mapKeys?: readonly string[];
  /** Part of a Kubernetes object, not made by an expression. */
  readonly read?: true;
}

export interface MapType {
  readonly kind: 'map';
  readonly key: CelType;
  readonly value: CelType;
  /** Part of a Kubernetes object, not made by an expression. */
  readonly read?: true;
}

/** An object with declared fields: a Kubernetes object or a part of one. */
export interface StructType {
  readonly kind: 'struct';
  /** Name for messages, such as `__type_deployment.spec`. Two structs with the same name are the same type. */
  readonly name: string;
  /** The type of a declared field, `undefined` when there is none. Names are the JSON names, unescaped. */
  field(name: string): CelType | undefined;
  fieldNames(): readonly string[];
  /** Accepts any further field as dyn (`x-kubernetes-preserve-unknown-fields`). */
  readonly open?: boolean;
}

export const dyn: CelType = { kind: 'dyn' };
export const string: CelType = { kind: 'string' };
export const list = (element: CelType): CelType => ({ kind: 'list', element });
export const map = (key: CelType, value: CelType): CelType => ({ kind: 'map', key, value });
