import type { Node } from './ast.ts';

/** An expression as a leaf of plain data. */
export class Expression {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
    Object.freeze(this);
  }
}

/** A sensitive text that is read when a stack is deployed: from an environment variable or a file. */
export class Deferred {
  readonly source: { readonly env: string } | { readonly file: string };

  constructor(source: Deferred['source']) {
    this.source = Object.freeze(source);
    Object.freeze(this);
  }

  toJSON(): never {
    throw new TypeError(`${this.toString()} has no value before the deployment`);
  }

  toString(): string {
    return 'env' in this.source ? `fromEnv(${JSON.stringify(this.source.env)})` : `fromFile(${JSON.stringify(this.source.file)})`;
  }
}

/** JSON with expressions and deferred values as leaves. */
export type Value = null | boolean | number | string | Expression | Deferred | readonly Value[] | ValueObject;

export interface ValueObject {
  readonly [key: string]: Value;
}

/** Whether the value is a plain object of a {@link Value} tree. */
export function isObject(value: Value | undefined): value is ValueObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Expression) && !(value instanceof Deferred);
}

/** Calls `visit` for each leaf of the tree with its path, such as `spec.containers[0].image`. */
export function visitLeaves(value: Value, visit: (leaf: Value, path: string) => void, path = ''): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visitLeaves(item, visit, `${path}[${index}]`);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) visitLeaves(value[key] as Value, visit, joinPath(path, key));
  } else {
    visit(value, path);
  }
}

/** A copy of the tree with each leaf replaced by what `change` returns; what did not change is shared, `undefined` drops it. */
export function mapLeaves(value: Value, change: (leaf: Value, path: string) => Value | undefined, path = ''): Value | undefined {
  if (Array.isArray(value)) return mapItems(value, change, path);
  if (!isObject(value)) return change(value, path);
  let result: Record<string, Value> | undefined;
  for (const key of Object.keys(value)) {
    const old = value[key] as Value;
    const item = mapLeaves(old, change, joinPath(path, key));
    if (item === old) continue;
    result ??= { ...value };
    if (item === undefined) delete result[key];
    else define(result, key, item);
  }
  return result ? Object.freeze(result) : value;
}

function mapItems(value: readonly Value[], change: (leaf: Value, path: string) => Value | undefined, path: string): Value {
  let changed = false;
  const result: Value[] = [];
  for (const [index, old] of value.entries()) {
    const item = mapLeaves(old, change, `${path}[${index}]`);
    changed ||= item !== old;
    if (item !== undefined) result.push(item);
  }
  return changed ? Object.freeze(result) : value;
}

/** `path` followed by `key`, as error messages show it. */
export function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}

/** Sets an own property even where the name is special (`__proto__`). */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
