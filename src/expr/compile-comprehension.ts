import { adapt } from './adapt.ts';
import { CelMap, CelOptional, none } from './cel-values.ts';
import { isMap, mapEntries, mapKeys } from './collections.ts';
import type { Compiler } from './compile.ts';
import { Failure, fail, noSuchOverload } from './failure.ts';
import { type Code, type Frame, spend } from './frame.ts';
import { sortByKeys } from './library/sort.ts';
import type { Local, Typed } from './typed.ts';

type Comprehension = Typed & { readonly kind: 'comprehension' };

export function compileComprehension(compiler: Compiler, tree: Comprehension): Code {
  if (tree.macro === 'optMap' || tree.macro === 'optFlatMap') return optional(compiler, tree);
  const range = compiler.tellsReads ? compiler.compile(tree.range) : compiler.raw(tree.range);
  const slots = tree.variables.map((local) => compiler.slot(local));
  const filter = tree.filter && compiler.compile(tree.filter);
  const body = compiler.compile(tree.body);
  const loop: Loop =
    slots.length === 2 ? pairs(range, slots[0] as number, slots[1] as number) : single(range, slots[0] as number);
  switch (tree.macro) {
    case 'all':
      return quantifier(loop, body, false);
    case 'exists':
      return quantifier(loop, body, true);
    case 'exists_one':
    case 'existsOne':
      return existsOne(loop, body);
    case 'filter':
      return filterList(loop, body, compiler.local(tree.variables[0] as Local));
    case 'map':
    case 'transformList':
      return mapList(loop, filter, body);
    case 'transformMap':
      return transformMap(loop, filter, body, compiler.local(tree.variables[0] as Local));
    case 'transformMapEntry':
      return transformMapEntry(loop, filter, body);
    case 'sortBy':
      return sortBy(range, loop, body, compiler.local(tree.variables[0] as Local));
  }
}

/** Runs `step` for each element with the variables set, until it returns true. */
type Loop = (frame: Frame, step: () => boolean | void) => void;

function single(range: Code, slot: number): Loop {
  return (frame, step) => {
    const { locals } = frame;
    const value = range(frame);
    const items = Array.isArray(value) ? value : keys(value);
    for (let index = 0; index < items.length; index++) {
      spend(1);
      locals[slot] = items[index];
      if (step() === true) return;
    }
  };
}

export function keys(value: unknown): readonly unknown[] {
  const known = adapt(value);
  if (isMap(known)) return mapKeys(known);
  return fail('got an element, expected iterable type');
}

function pairs(range: Code, first: number, second: number): Loop {
  return (frame, step) => {
    const { locals } = frame;
    const value = range(frame);
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        spend(1);
        locals[first] = index;
        locals[second] = value[index];
        if (step() === true) return;
      }
      return;
    }
    const known = adapt(value);
    if (!isMap(known)) fail('got an element, expected iterable type');
    for (const [key, item] of mapEntries(known)) {
      spend(1);
      locals[first] = key;
      locals[second] = item;
      if (step() === true) return;
    }
  };
}

/** `all` looks for a false, `exists` for a true; a failure counts only when that is not found. */
function quantifier(loop: Loop, body: Code, wanted: boolean): Code {
  return (frame) => {
    let failure: Failure | undefined;
    let found = false;
    loop(frame, () => {
      try {
        const value = body(frame);
        if (value === wanted) {
          found = true;
          return true;
        }
        if (typeof value !== 'boolean') failure ??= noSuchOverload();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failure ??= error;
      }
      return false;
    });
    if (found) return wanted;
    if (failure) throw failure;
    return !wanted;
  };
}

/** What a comprehension with a condition remembers of its failures. */
interface Pending {
  failure: Failure | undefined;
}

/**
 * Runs `step` for the elements that fulfil the condition. After a failure cel-go goes on with the conditions: the last
 * one that fails is what the comprehension fails with, else the first failing step.
 */
function selected(loop: Loop, condition: Code, step: (frame: Frame) => void): (frame: Frame) => void {
  return (frame) => {
    const pending: Pending = { failure: undefined };
    loop(frame, () => {
      let holds = false;
      try {
        const value = condition(frame);
        if (typeof value !== 'boolean') throw noSuchOverload();
        holds = value;
        if (holds && !pending.failure) step(frame);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        pending.failure = error;
      }
    });
    if (pending.failure) throw pending.failure;
  };
}

/** Runs `step` for all elements, or for those that the filter lets through. */
function each(loop: Loop, filter: Code | undefined, step: (frame: Frame) => void): (frame: Frame) => void {
  if (filter) return selected(loop, filter, step);
  return (frame) => loop(frame, () => step(frame));
}

function existsOne(loop: Loop, body: Code): Code {
  return (frame) => {
    let count = 0;
    selected(loop, body, () => {
      count++;
    })(frame);
    return count === 1;
  };
}

function filterList(loop: Loop, body: Code, element: Code): Code {
  return (frame) => {
    const kept: unknown[] = [];
    selected(loop, body, () => kept.push(element(frame)))(frame);
    return kept;
  };
}

function mapList(loop: Loop, filter: Code | undefined, body: Code): Code {
  return (frame) => {
    const results: unknown[] = [];
    each(loop, filter, () => results.push(body(frame)))(frame);
    return results;
  };
}

function transformMap(loop: Loop, filter: Code | undefined, body: Code, variable: Code): Code {
  return (frame) => {
    const map = new CelMap();
    each(loop, filter, () => insert(map, variable(frame), body(frame)))(frame);
    return map;
  };
}

function transformMapEntry(loop: Loop, filter: Code | undefined, body: Code): Code {
  return (frame) => {
    const map = new CelMap();
    each(loop, filter, () => {
      const entry = body(frame);
      if (!isMap(entry)) throw noSuchOverload();
      for (const [key, value] of mapEntries(entry)) insert(map, key, value);
    })(frame);
    return map;
  };
}

function insert(map: CelMap, key: unknown, value: unknown): void {
  if (map.has(key)) fail('insert failed: key already exists');
  map.set(key, value);
}

function sortBy(range: Code, loop: Loop, body: Code, element: Code): Code {
  return (frame) => {
    const items: unknown[] = [];
    const sortKeys: unknown[] = [];
    loop(frame, () => {
      items.push(element(frame));
      sortKeys.push(body(frame));
    });
    // The keys of a map can be computed, but a map has no order to change.
    if (!Array.isArray(range(frame))) throw noSuchOverload();
    return sortByKeys(items, sortKeys);
  };
}

function optional(compiler: Compiler, tree: Comprehension): Code {
  const range = compiler.compile(tree.range);
  const slot = compiler.slot(tree.variables[0] as Comprehension['variables'][number]);
  const body = compiler.compile(tree.body);
  const flat = tree.macro === 'optFlatMap';
  return (frame) => {
    const target = range(frame);
    if (!(target instanceof CelOptional)) throw noSuchOverload();
    if (!target.present) return none;
    frame.locals[slot] = target.value;
    const result = body(frame);
    return flat ? result : new CelOptional(result);
  };
}
