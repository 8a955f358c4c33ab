import type { Checked } from '../check.ts';
import type { CelType } from '../types.ts';
import { estimateCall, type Operand } from './calls.ts';
import { bounded, fixed, type Size, times, unionOf, unknownSize } from './size.ts';
import { accumulator, type CostCall, type CostLoop, type CostNode, CostTree } from './tree.ts';

/** What is known of the size of data by its path: the variable, then fields, `@items`, `@keys` and `@values`. */
export type SizeAt = (path: readonly string[]) => Size | undefined;

/**
 * What an expression costs at most, in cel-go's units, as the API server estimates it for rules of a
 * CustomResourceDefinition (cel-go checker/cost.go, k8s.io/apiserver/pkg/cel/library/cost.go).
 */
export function estimateCost(checked: Checked, sizeAt: SizeAt): number {
  return new Estimator(sizeAt).cost(new CostTree((type) => checked.final(type)).of(checked.tree));
}

/** Sizes of the items of a list, or of the keys and values of a map. */
interface Entries {
  readonly container: 'list' | 'map';
  readonly key: Size;
  readonly value: Size;
}

interface Local {
  readonly path: readonly string[];
  readonly size: Size | undefined;
  readonly entries: Entries | undefined;
}

const listBase = 10;
const mapBase = 30;
const nothing: Size = { min: Number.POSITIVE_INFINITY, max: 0 };
const scalars: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

class Estimator {
  readonly #sizeAt: SizeAt;
  readonly #paths = new Map<CostNode, readonly string[]>();
  readonly #sizes = new Map<CostNode, Size>();
  readonly #entries = new Map<CostNode, Entries>();
  readonly #locals = new Map<string, Local[]>();

  constructor(sizeAt: SizeAt) {
    this.#sizeAt = (path) => (path.length === 0 ? undefined : sizeAt(path));
  }

  cost(node: CostNode): number {
    switch (node.kind) {
      case 'literal':
        return 0;
      case 'ident':
        this.#paths.set(node, this.#local(node.name)?.path ?? [node.name]);
        return 1;
      case 'select':
        return this.#select(node);
      case 'call':
        return this.#call(node);
      case 'list': {
        const cost = this.#sum(node.elements);
        const value = node.elements.map((item) => this.#sizeOrUnknown(item)).reduce(unionOf, nothing);
        this.#entries.set(node, {
          container: 'list',
          key: fixed(1),
          value: node.elements.length > 0 ? value : fixed(0),
        });
        return bounded(cost + listBase);
      }
      case 'map':
        return this.#map(node);
      case 'loop':
        return this.#loop(node);
      case 'bind': {
        const init = this.cost(node.init);
        this.#push(node.name, {
          path: this.#path(node.init),
          size: this.#size(node.init),
          entries: this.#entriesOf(node.init),
        });
        const body = this.cost(node.body);
        this.#copy(node, node.body);
        this.#pop(node.name);
        return bounded(listBase + init + body);
      }
    }
  }

  #sum(nodes: readonly CostNode[]): number {
    return nodes.reduce((sum, node) => bounded(sum + this.cost(node)), 0);
  }

  #select(node: CostNode & { kind: 'select' }): number {
    const cost = this.cost(node.operand);
    if (node.test) return cost;
    this.#paths.set(node, [...this.#path(node.operand), node.field]);
    const { kind } = node.operand.type;
    return bounded(cost + (kind === 'map' || kind === 'struct' || kind === 'parameter' ? 1 : 0));
  }

  #map(node: CostNode & { kind: 'map' }): number {
    const cost = this.#sum(node.entries.flat());
    const union = (sizes: readonly Size[]): Size => (sizes.length > 0 ? sizes.reduce(unionOf, nothing) : fixed(0));
    this.#entries.set(node, {
      container: 'map',
      key: union(node.entries.map(([key]) => this.#sizeOrUnknown(key))),
      value: union(node.entries.map(([, value]) => this.#sizeOrUnknown(value))),
    });
    return bounded(cost + mapBase);
  }

  #call(node: CostNode & CostCall): number {
    const { function: name, args, target } = node;
    const costs = args.map((argument) => this.cost(argument));
    if (name === 'dyn') {
      this.#copy(node, args[0] as CostNode);
      return bounded(1 + (costs[0] ?? 0));
    }
    const received = target ? this.cost(target) : 0;
    const operands = args.map((argument) => this.#operand(argument));
    const receiver = target && this.#operand(target);
    let most = 0;
    let size: Size | undefined;
    for (const overload of node.overloads) {
      const call = { function: name, target: receiver, args: operands, overload, sizeAt: this.#sizeAt };
      const estimate = estimateCall(call);
      most = Math.max(most, estimate.cost);
      if (estimate.size) size = size ? unionOf(size, estimate.size) : estimate.size;
      if (name === '_[_]') size = this.#indexed(node, overload[0]) ?? size;
      size ??= this.#size(node);
    }
    if (size) this.#sizes.set(node, size);
    this.#combine(node);
    return bounded(received + most + argumentCost(name, costs));
  }

  #indexed(node: CostNode & CostCall, operand: CelType | undefined): Size | undefined {
    const list = node.args[0] as CostNode;
    if (operand?.kind !== 'list' && operand?.kind !== 'map') return undefined;
    this.#paths.set(node, [...this.#path(list), operand.kind === 'list' ? '@items' : '@values']);
    return this.#entriesOf(list)?.value;
  }

  /** Items of what is one of two, or of both behind each other. */
  #combine(node: CostNode & CostCall): void {
    const { function: name, args } = node;
    const of = name === '_?_:_' ? args.slice(1) : name === '_+_' && !scalars.has(node.type.kind) ? args : [];
    const [left, right] = of.map((part) => this.#entriesOf(part));
    if (!left || !right) return;
    this.#entries.set(node, {
      container: left.container,
      key: unionOf(left.key, right.key),
      value: unionOf(left.value, right.value),
    });
  }

  #loop(node: CostNode & CostLoop): number {
    const range = this.cost(node.range);
    const init = this.cost(node.init);
    const before = { path: this.#path(node.init), size: this.#size(node.init), entries: this.#entriesOf(node.init) };
    this.#push(accumulator, before);
    const [first = '', second] = node.variables;
    this.#push(first, this.#iterated(node.range, second === undefined ? 'single' : 'key'));
    if (second !== undefined) this.#push(second, this.#iterated(node.range, 'value'));
    const condition = this.cost(node.condition);
    const step = this.cost(node.step);
    this.#pop(first);
    if (second !== undefined) this.#pop(second);
    const result = this.cost(node.result);
    this.#pop(accumulator);
    const count = this.#sizeOrUnknown(node.range);
    this.#sizeLoop(node, count);
    return bounded(range + init + result + times(count.max, bounded(step + condition)));
  }

  #sizeLoop(node: CostNode & CostLoop, count: Size): void {
    if (node.init.kind === 'literal') {
      const size = this.#size(node.init);
      if (size) this.#sizes.set(node, size);
    } else {
      this.#sizes.set(node, count);
      const entries = this.#entriesOf(node.step);
      if (entries) this.#entries.set(node, entries);
    }
  }

  #iterated(range: CostNode, what: 'single' | 'key' | 'value'): Local {
    const entries = this.#entriesOf(range);
    const isList = (entries?.container ?? range.type.kind) === 'list';
    const isValue = what === 'value' || (what === 'single' && isList);
    const part = isValue ? (isList ? '@items' : '@values') : isList ? '@indices' : '@keys';
    return { path: [...this.#path(range), part], size: isValue ? entries?.value : entries?.key, entries: undefined };
  }

  #operand(node: CostNode): Operand {
    const path = this.#path(node);
    return { type: node.type, path: path[0] === accumulator ? [] : path, node, size: this.#size(node) };
  }

  #path(node: CostNode): readonly string[] {
    const local = node.kind === 'ident' ? this.#local(node.name) : undefined;
    return local?.path ?? this.#paths.get(node) ?? [];
  }

  #size(node: CostNode): Size | undefined {
    const known = this.#sizes.get(node) ?? ownSize(node);
    if (known) return known;
    const found = this.#sizeAt(this.#path(node));
    if (found) this.#sizes.set(node, found);
    if (found) return found;
    if (isScalar(node.type)) return fixed(1);
    return node.kind === 'ident' ? this.#local(node.name)?.size : undefined;
  }

  #sizeOrUnknown(node: CostNode): Size {
    return this.#size(node) ?? unknownSize;
  }

  #entriesOf(node: CostNode): Entries | undefined {
    return this.#entries.get(node) ?? (node.kind === 'ident' ? this.#local(node.name)?.entries : undefined);
  }

  #copy(to: CostNode, from: CostNode): void {
    const size = this.#size(from);
    if (size) this.#sizes.set(to, size);
    const entries = this.#entriesOf(from);
    if (entries) this.#entries.set(to, entries);
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #push(name: string, local: Local): void {
    const stack = this.#locals.get(name);
    if (stack) stack.push(local);
    else this.#locals.set(name, [local]);
  }

  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }
}

/** Of a condition only one branch is evaluated. */
function argumentCost(name: string, costs: readonly number[]): number {
  const [first = 0, second = 0, third = 0] = costs;
  if (name === '_?_:_') return bounded(first + Math.max(second, third));
  return costs.reduce((sum, cost) => bounded(sum + cost), 0);
}

function ownSize(node: CostNode): Size | undefined {
  if (node.kind === 'list') return fixed(node.elements.length);
  if (node.kind === 'map') return fixed(node.entries.length);
  if (node.kind !== 'literal') return undefined;
  const { literal } = node;
  if (literal.type === 'string') return fixed(Array.from(literal.value).length);
  return fixed(literal.type === 'bytes' ? literal.value.length : 1);
}

function isScalar(type: CelType): boolean {
  return type.kind === 'optional' ? isScalar(type.value) : scalars.has(type.kind);
}
