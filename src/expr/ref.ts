import { inspect } from 'node:util';
import { madeBy, thisCopy } from '../copy.ts';
import { KubewrightError } from '../errors.ts';
import type { Node } from './ast.ts';
import { combinators, element } from './combinators.ts';
import type { Ref } from './expression.ts';
import { nodeSymbol, select } from './nodes.ts';
import { markUsed, track } from './operators.ts';
import { pathOf } from './path.ts';

/**
 * The reference of a tree. A property is the reference of that field; calling a combinator's name applies it, so that a
 * field called `size` or `map` is reached as a property and the combinator as a call.
 */
export function makeRef<T>(node: Node): Ref<T> {
  return new Proxy(target, new RefHandler(node)) as unknown as Ref<T>;
}

const target = (): void => {};
// Node's inspect looks past a proxy at its target, with the proxy as `this`.
Object.defineProperty(target, inspect.custom, {
  value(this: { [nodeSymbol]: Node }) {
    return `Ref(${pathOf(this[nodeSymbol])})`;
  },
});

class RefHandler implements ProxyHandler<typeof target> {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  get(_target: unknown, key: string | symbol): unknown {
    const node = this.#node;
    if (typeof key === 'symbol') return this.#symbol(key);
    // A promise is recognised by `then`: without this, `await ref` would call it.
    if (key === 'then') return undefined;
    if (key === 'toJSON')
      return () => this.#refuse('JSON.stringify(…)', 'Pass the reference itself, or use Cel.template.');
    markUsed(node);
    if (isIndex(key)) return makeRef(element(node, Number(key)));
    return makeRef(select(node, key));
  }

  apply(_target: unknown, _this: unknown, args: unknown[]): unknown {
    const node = this.#node;
    const combinator = node.kind === 'select' ? combinators[node.field] : undefined;
    if (node.kind !== 'select' || !combinator) {
      const name = node.kind === 'select' ? `.${node.field}()` : '()';
      throw this.#error(
        `${name} is not an operation of an expression`,
        'Expressions have eq, gt, and, or, not, choose, orElse, size, map, …; see docs/expressions.md.',
      );
    }
    markUsed(node.operand);
    return makeRef(track(combinator(node.operand, args)));
  }

  ownKeys(): never {
    throw this.#error(
      'its fields cannot be listed, as its value is not known yet',
      'Name the fields, or pass the reference itself (`labels: schema.spec.labels`).',
    );
  }

  has(_target: unknown, key: string | symbol): never {
    throw this.#error(
      `\`${String(key)} in ref\` would look at the expression instead of its value`,
      'Use `.exists()` on the field.',
    );
  }

  set(_target: unknown, key: string | symbol): never {
    throw this.#error(`${String(key)} cannot be set`, 'References are read only.');
  }

  defineProperty(_target: unknown, key: string | symbol): never {
    return this.set(_target, key);
  }

  deleteProperty(_target: unknown, key: string | symbol): never {
    return this.set(_target, key);
  }

  getPrototypeOf(): object {
    return Object.prototype;
  }

  #symbol(key: symbol): unknown {
    switch (key) {
      case nodeSymbol:
        return this.#node;
      case madeBy:
        return thisCopy;
      case Symbol.toPrimitive:
        return (hint: string) =>
          hint === 'number'
            ? this.#refuse('arithmetic or a comparison', 'Use .plus(), .minus(), .gt() and so on.')
            : this.#refuse('text', 'Use Cel.template`…${ref}…`, or .plus() for one piece.');
      case Symbol.iterator:
      case Symbol.asyncIterator:
        return () => this.#refuse('iteration', 'Use .map(), .filter(), .all(), .exists(), or forEach() for resources.');
      default:
        return undefined;
    }
  }

  #refuse(use: string, hint: string): never {
    throw this.#error(`a reference is not its value and cannot be used in ${use}`, hint);
  }

  #error(message: string, hint: string): KubewrightError {
    return new KubewrightError({ code: 'ReferenceMisused', path: pathOf(this.#node), message, hint });
  }
}

function isIndex(key: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(key);
}
