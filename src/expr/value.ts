import { madeBy, thisCopy } from '../copy.ts';
import type { Node } from './ast.ts';
import type { Checked } from './check.ts';
import type { Program } from './evaluate.ts';

/** An expression as a leaf of plain data. */
export class Expression {
  readonly node: Node;
  /** What readers computed from the node, so that they do it once. */
  readonly memo: { checked?: Checked; program?: Program; readiness?: Program } = {};

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
    return 'env' in this.source
      ? `fromEnv(${JSON.stringify(this.source.env)})`
      : `fromFile(${JSON.stringify(this.source.file)})`;
  }
}

for (const { prototype } of [Expression, Deferred]) Object.defineProperty(prototype, madeBy, { value: thisCopy });

/** JSON with expressions and deferred values as leaves. */
export type Value = null | boolean | number | string | Expression | Deferred | readonly Value[] | ValueObject;

export interface ValueObject {
  readonly [key: string]: Value;
}

/** Whether the value is a plain object of a {@link Value} tree. */
export function isObject(value: Value | undefined): value is ValueObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Expression) &&
    !(value instanceof Deferred)
  );
}

/**
 * Calls `visit` for each leaf of the tree. The leaf's path, such as `spec.containers[0].image`, is made when it is asked
 * for, during the call.
 */
export function visitLeaves(value: Value, visit: (leaf: Value, path: () => string) => void, prefix = ''): void {
  const steps: Step[] = [];
  const path = (): string => pathText(steps, prefix);
  const walk = (item: Value): void => {
    if (Array.isArray(item)) {
      for (let index = 0; index < item.length; index++) {
        steps.push(index);
        walk(item[index] as Value);
        steps.pop();
      }
    } else if (isObject(item)) {
      for (const key of Object.keys(item)) {
        steps.push(key);
        walk(item[key] as Value);
        steps.pop();
      }
    } else {
      visit(item, path);
    }
  };
  walk(value);
}

/**
 * A copy of the tree with each leaf replaced by what `change` returns; what did not change is shared, `undefined` drops it.
 *
 * @param seal what is done to each object and list that is made; nothing needs freezing that lives for one request
 */
export function mapLeaves(
  value: Value,
  change: (leaf: Value, path: () => string) => Value | undefined,
  seal: <T extends object>(made: T) => T = Object.freeze,
): Value | undefined {
  const steps: Step[] = [];
  const path = (): string => pathText(steps);
  const map = (item: Value): Value | undefined => {
    if (Array.isArray(item)) return mapItems(item);
    if (!isObject(item)) return change(item, path);
    let result: Record<string, Value> | undefined;
    for (const key of Object.keys(item)) {
      const old = item[key] as Value;
      steps.push(key);
      const next = map(old);
      steps.pop();
      if (next === old) continue;
      result ??= { ...item };
      if (next === undefined) delete result[key];
      else define(result, key, next);
    }
    return result ? seal(result) : item;
  };
  const mapItems = (items: readonly Value[]): Value => {
    let changed = false;
    const result: Value[] = [];
    for (let index = 0; index < items.length; index++) {
      const old = items[index] as Value;
      steps.push(index);
      const next = map(old);
      steps.pop();
      changed ||= next !== old;
      if (next !== undefined) result.push(next);
    }
    return changed ? seal(result) : items;
  };
  return map(value);
}

/** A key, or an index of a list. */
export type Step = string | number;

/** Steps as a path, such as `spec.containers[0].image`. */
export function pathText(steps: readonly Step[], prefix = ''): string {
  return steps.reduce<string>(
    (path, step) => (typeof step === 'number' ? `${path}[${step}]` : joinPath(path, step)),
    prefix,
  );
}

/** `path` followed by `key`, as error messages show it. */
export function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}

/** Sets an own property even where the name is special (`__proto__`). */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
