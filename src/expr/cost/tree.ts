import type { LiteralValue } from '../ast.ts';
import type { Overload } from '../library/overload.ts';
import type { Typed } from '../typed.ts';
import type { CelType } from '../types.ts';

/** A checked expression as cel-go estimates it: macros are loops with an accumulator. */
export type CostNode = { readonly type: CelType } & CostKind;

type CostKind =
  | { readonly kind: 'literal'; readonly literal: LiteralValue }
  | { readonly kind: 'ident'; readonly name: string }
  | { readonly kind: 'select'; readonly operand: CostNode; readonly field: string; readonly test: boolean }
  | CostCall
  | { readonly kind: 'list'; readonly elements: readonly CostNode[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [CostNode, CostNode])[] }
  | CostLoop
  | { readonly kind: 'bind'; readonly name: string; readonly init: CostNode; readonly body: CostNode };

export interface CostCall {
  readonly kind: 'call';
  readonly function: string;
  readonly target?: CostNode | undefined;
  readonly args: readonly CostNode[];
  /** Of those that fit, the types of the parameters, with the receiver first. */
  readonly overloads: readonly (readonly CelType[])[];
}

export interface CostLoop {
  readonly kind: 'loop';
  readonly range: CostNode;
  readonly variables: readonly string[];
  readonly init: CostNode;
  readonly condition: CostNode;
  readonly step: CostNode;
  readonly result: CostNode;
}

/** The name that loops collect their result in: no expression can have it. */
export const accumulator = '@result';

const bool: CelType = { kind: 'bool' };
const int: CelType = { kind: 'int' };
const dyn: CelType = { kind: 'dyn' };

export class CostTree {
  readonly #final: (type: CelType) => CelType;

  /** @param final the last word on a type, see `Checked` */
  constructor(final: (type: CelType) => CelType) {
    this.#final = final;
  }

  of(tree: Typed): CostNode {
    const type = this.#final(tree.type);
    switch (tree.kind) {
      case 'constant':
        return { kind: 'literal', literal: tree.literal, type };
      case 'typeName':
        return { kind: 'ident', name: tree.node.kind === 'identifier' ? tree.node.name : 'type', type };
      case 'variable':
        return ident(tree.name, type);
      case 'local':
        return ident(tree.local.name, type);
      case 'select':
        if (tree.optional) return call('_?._', [this.of(tree.operand), text(tree.field)], type);
        return { kind: 'select', operand: this.of(tree.operand), field: tree.field, test: false, type };
      case 'has':
        return { kind: 'select', operand: this.of(tree.operand), field: tree.field, test: true, type };
      case 'index':
        return this.#index(tree, type);
      case 'call':
        return this.#call(tree, type);
      case 'list':
        return { kind: 'list', elements: tree.elements.map(({ value }) => this.of(value)), type };
      case 'map':
        return { kind: 'map', entries: tree.entries.map(({ key, value }) => [this.of(key), this.of(value)]), type };
      case 'comprehension':
        return this.#comprehension(tree, type);
      case 'bind':
        return { kind: 'bind', name: tree.local.name, init: this.of(tree.init), body: this.of(tree.body), type };
      case 'template':
        throw new TypeError('rules have no templates');
    }
  }

  #index(tree: Typed & { kind: 'index' }, type: CelType): CostNode {
    const operand = this.of(tree.operand);
    const index = this.of(tree.index);
    if (tree.optional) return call('_[?_]', [operand, index], type);
    const { kind } = operand.type;
    const list: CelType = { kind: 'list', element: dyn };
    const map: CelType = { kind: 'map', key: dyn, value: dyn };
    const overloads =
      kind === 'list'
        ? [[list, int]]
        : kind === 'map'
          ? [[map, dyn]]
          : kind === 'dyn'
            ? [
                [list, int],
                [map, dyn],
              ]
            : [[dyn, dyn]];
    return call('_[_]', [operand, index], type, overloads);
  }

  #call(tree: Typed & { kind: 'call' }, type: CelType): CostNode {
    const args = tree.args.map((argument) => this.of(argument));
    const overloads = tree.overloads.map(({ parameters }) => parameters);
    if (!tree.overloads[0]?.member) return call(tree.function, args, type, overloads);
    const [target, ...others] = args;
    return { kind: 'call', function: tree.function, target, args: others, overloads, type };
  }

  #comprehension(tree: Typed & { kind: 'comprehension' }, type: CelType): CostNode {
    if (tree.macro === 'optMap' || tree.macro === 'optFlatMap') return this.#optional(tree, type);
    if (tree.macro === 'sortBy') return this.#sortBy(tree, type);
    const range = this.of(tree.range);
    const variables = tree.variables.map(({ name }) => name);
    const loop = { kind: 'loop', range, variables, type } as const;
    const body = this.of(tree.body);
    const filter = tree.filter && this.of(tree.filter);
    const whether = (condition: CostNode | undefined, step: CostNode): CostNode =>
      condition ? call('_?_:_', [condition, step, ident(accumulator, type)], type) : step;
    const collected = (item: CostNode): CostNode =>
      call('_+_', [ident(accumulator, type), { kind: 'list', elements: [item], type }], type, [[type, type]]);
    switch (tree.macro) {
      case 'all':
      case 'exists':
        return quantifier(loop, body, tree.macro);
      case 'exists_one':
      case 'existsOne':
        return counter(loop, body);
      case 'filter': {
        const [variable] = tree.variables;
        const item = ident(variable?.name ?? '', this.#final(variable?.type ?? dyn));
        return collector(loop, { kind: 'list', elements: [], type }, whether(body, collected(item)));
      }
      case 'map':
      case 'transformList':
        return collector(loop, { kind: 'list', elements: [], type }, whether(filter, collected(body)));
      case 'transformMap':
      case 'transformMapEntry': {
        const key =
          tree.macro === 'transformMap' ? [ident(variables[0] ?? '', this.#final(tree.variables[0]?.type ?? dyn))] : [];
        const step = call('cel.@mapInsert', [ident(accumulator, type), ...key, body], type);
        return collector(loop, { kind: 'map', entries: [], type }, whether(filter, step));
      }
    }
  }

  /** The target is bound, mapped to its keys and sorted by them. */
  #sortBy(tree: Typed & { kind: 'comprehension' }, type: CelType): CostNode {
    const init = this.of(tree.range);
    const name = '@__sortBy_input__';
    const body = this.of(tree.body);
    const keys: CelType = { kind: 'list', element: body.type };
    const list = (elements: readonly CostNode[]): CostNode => ({ kind: 'list', elements, type: keys });
    const variables = tree.variables.map((local) => local.name);
    const step = call('_+_', [ident(accumulator, keys), list([body])], keys, [[keys, keys]]);
    const mapped = collector({ kind: 'loop', range: ident(name, init.type), variables, type: keys }, list([]), step);
    const target = ident(name, init.type);
    const sorted: CostNode = {
      kind: 'call',
      function: '@sortByAssociatedKeys',
      target,
      args: [mapped],
      overloads: [[init.type, keys]],
      type,
    };
    return { kind: 'bind', name, init, body: sorted, type };
  }

  #optional(tree: Typed & { kind: 'comprehension' }, type: CelType): CostNode {
    const range = this.of(tree.range);
    const isName = range.kind === 'ident';
    const name = '@target';
    const target = (): CostNode => (isName ? range : ident(name, range.type));
    const method = (called: string, result: CelType): CostNode => ({
      kind: 'call',
      function: called,
      target: target(),
      args: [],
      overloads: [[range.type]],
      type: result,
    });
    const [local] = tree.variables;
    const value = method('value', this.#final(local?.type ?? dyn));
    const body = this.of(tree.body);
    const inner: CostNode = { kind: 'bind', name: local?.name ?? '', init: value, body, type: body.type };
    const some = tree.macro === 'optMap' ? call('optional.of', [inner], type) : inner;
    const whole = call('_?_:_', [method('hasValue', bool), some, call('optional.none', [], type)], type);
    return isName ? whole : { kind: 'bind', name, init: range, body: whole, type };
  }
}

type Loop = Pick<CostLoop, 'kind' | 'range' | 'variables'> & { readonly type: CelType };

function collector(loop: Loop, init: CostNode, step: CostNode): CostNode {
  return { ...loop, init, condition: truth(true), step, result: ident(accumulator, loop.type) };
}

function quantifier(loop: Loop, body: CostNode, macro: 'all' | 'exists'): CostNode {
  const found = ident(accumulator, bool);
  const going = macro === 'all' ? found : call('!_', [found], bool);
  const condition = call('@not_strictly_false', [going], bool);
  const step = call(macro === 'all' ? '_&&_' : '_||_', [ident(accumulator, bool), body], bool);
  return { ...loop, init: truth(macro === 'all'), condition, step, result: ident(accumulator, bool) };
}

function counter(loop: Loop, body: CostNode): CostNode {
  const number = (value: bigint): CostNode => ({ kind: 'literal', literal: { type: 'int', value }, type: int });
  const count = (): CostNode => ident(accumulator, int);
  const step = call('_?_:_', [body, call('_+_', [count(), number(1n)], int, [[int, int]]), count()], int);
  const result = call('_==_', [count(), number(1n)], bool);
  return { ...loop, init: number(0n), condition: truth(true), step, result };
}

const ident = (name: string, type: CelType): CostNode => ({ kind: 'ident', name, type });
const truth = (value: boolean): CostNode => ({ kind: 'literal', literal: { type: 'bool', value }, type: bool });
const text = (value: string): CostNode => ({
  kind: 'literal',
  literal: { type: 'string', value },
  type: { kind: 'string' },
});

function call(
  name: string,
  args: readonly CostNode[],
  type: CelType,
  overloads: readonly Overload['parameters'][] = [args.map((argument) => argument.type)],
): CostNode {
  return { kind: 'call', function: name, args, overloads, type };
}
