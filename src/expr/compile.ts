import { find, get, optionalGet, rawEntry, rawField, rawItem, rawMember, requireContainer } from './access.ts';
import { type Adapter, adapt, adapterFor, variableAdapter } from './adapt.ts';
import { CelDouble, CelMap, CelOptional, CelTypeValue, CelUint } from './cel-values.ts';
import type { Checked } from './check.ts';
import { isJsonObject } from './collections.ts';
import { compileCall } from './compile-call.ts';
import { compileComprehension } from './compile-comprehension.ts';
import { runtime } from './condition.ts';
import { Failure, fail, noSuchOverload } from './failure.ts';
import { unescapeField } from './field-name.ts';
import { type Code, type Frame, spendText } from './frame.ts';
import { toInt } from './int64.ts';
import type { LiteralNode } from './ast.ts';
import { readType } from './schema-list.ts';
import { tellsReads } from './tells-reads.ts';
import type { Local, Typed } from './typed.ts';
import type { CelType } from './types.ts';

/** Turns a checked tree into closures. */
export class Compiler {
  slotCount = 0;
  readonly checked: Checked;
  /** Whether the expression can tell what was read with a schema from what it made itself. */
  readonly tellsReads: boolean;
  private readonly unchecked: boolean;
  private readonly slots = new Map<Local, number>();
  private readonly lazy = new Map<Local, Code>();
  private readonly constants = new WeakMap<Code, { readonly value: unknown }>();

  constructor(checked: Checked, unchecked: boolean) {
    this.checked = checked;
    this.unchecked = unchecked;
    this.tellsReads = !unchecked && tellsReads(checked.tree, (type) => this.final(type));
  }

  /** The code that gives a node's CEL value. */
  compile(tree: Typed): Code {
    switch (tree.kind) {
      case 'constant':
        return this.constant(literalValue(tree.literal));
      case 'typeName':
        return this.constant(new CelTypeValue(tree.names));
      case 'variable':
      case 'local':
      case 'select':
      case 'index':
        return this.path(tree);
      case 'has':
        return this.has(tree);
      case 'call':
        return compileCall(this, tree);
      case 'list':
        return this.list(tree);
      case 'map':
        return this.map(tree);
      case 'comprehension':
        return compileComprehension(this, tree);
      case 'bind':
        return this.bind(tree);
      case 'template':
        return this.template(tree);
    }
  }

  constant(value: unknown): Code {
    const code: Code = () => value;
    this.constants.set(code, { value });
    return code;
  }

  /** The value of code that does not depend on the frame. */
  constantOf(code: Code): { readonly value: unknown } | undefined {
    return this.constants.get(code);
  }

  /** A place for a variable of a comprehension. */
  slot(local: Local): number {
    const known = this.slots.get(local);
    if (known !== undefined) return known;
    const slot = this.slotCount++;
    this.slots.set(local, slot);
    return slot;
  }

  /** A type without parameters; dyn when the variables are read as raw JSON. */
  final(type: CelType): CelType {
    return this.checked.final(type);
  }

  /**
   * The code that gives a node's value as it stands in the JSON when it is a path into a typed object: only the end of a
   * path is converted.
   */
  raw(tree: Typed): Code {
    if (tree.kind === 'variable') return variable(tree.name);
    if (tree.kind === 'local') {
      return this.rawLocal(tree.local);
    }
    if (tree.kind === 'select' && !tree.optional) return this.rawSelect(tree) ?? this.compile(tree);
    if (tree.kind === 'index' && !tree.optional) return this.rawIndex(tree) ?? this.compile(tree);
    return this.compile(tree);
  }

  /** Reads a variable as a CEL value. */
  local(local: Local): Code {
    return convert(this.rawLocal(local), this.unchecked ? adapt : variableAdapter(this.final(local.type)));
  }

  private rawLocal(local: Local): Code {
    const slot = this.slots.get(local) as number;
    const init = this.lazy.get(local);
    if (!init) return ({ locals }) => locals[slot];
    return (frame) => {
      const { locals } = frame;
      if (locals[slot] === unread) locals[slot] = init(frame);
      return locals[slot];
    };
  }

  private path(tree: Typed & { kind: 'variable' | 'local' | 'select' | 'index' }): Code {
    const type = this.final(tree.type);
    if (tree.kind === 'variable' || tree.kind === 'local') {
      return convert(this.raw(tree), this.unchecked ? adapt : variableAdapter(this.read(tree, type)));
    }
    const raw = tree.optional ? undefined : tree.kind === 'select' ? this.rawSelect(tree) : this.rawIndex(tree);
    if (raw) return convert(raw, adapterFor(this.read(tree, type)));
    const operand = this.compile(tree.operand);
    const { strict } = this.checked;
    if (tree.kind === 'select') {
      const { field } = tree;
      return tree.optional
        ? (frame) => optionalGet(operand(frame), field, strict)
        : (frame) => get(operand(frame), field, strict);
    }
    const index = this.compile(tree.index);
    if (tree.optional) {
      return (frame) => {
        const value = operand(frame);
        return value instanceof CelOptional && !value.present ? value : optionalGet(value, index(frame), strict);
      };
    }
    const lookup = hiding(tree.index, (value, key) => get(value, key, strict));
    return (frame) => {
      const value = operand(frame);
      // Nothing is selected from an optional without value, so the key is not even computed.
      return value instanceof CelOptional && !value.present ? value : lookup(value, index(frame));
    };
  }

  /** The type that a value is read with. */
  private read(tree: Typed, type: CelType): CelType {
    if (!this.tellsReads) return type;
    if (tree.kind === 'variable') {
      if (type.kind === 'list') return { ...type, element: this.read(tree, type.element) };
      return type.kind === 'struct' ? readType(type) : type;
    }
    let at: Typed = tree;
    while ((at.kind === 'select' || at.kind === 'index') && !at.optional) {
      at = at.operand;
      if (this.final(at.type).kind === 'struct') return readType(type);
    }
    return type;
  }

  private rawSelect(tree: Typed & { kind: 'select' }): Code | undefined {
    if (this.unchecked) return undefined;
    const type = this.final(tree.operand.type);
    const { field } = tree;
    if (type.kind === 'struct' && !type.name.startsWith('kro.run.')) {
      const name = unescapeField(field);
      if (name === undefined) return undefined;
      const operand = this.raw(tree.operand);
      return (frame) => rawMember(operand(frame), name, field);
    }
    if (type.kind !== 'map') return undefined;
    const operand = this.raw(tree.operand);
    return (frame) => rawEntry(operand(frame), field);
  }

  private rawIndex(tree: Typed & { kind: 'index' }): Code | undefined {
    if (this.unchecked) return undefined;
    const type = this.final(tree.operand.type);
    if (type.kind !== 'map' && type.kind !== 'list') return undefined;
    const operand = this.raw(tree.operand);
    const index = this.compile(tree.index);
    const lookup = hiding(tree.index, type.kind === 'map' ? rawEntry : rawItem);
    return (frame) => lookup(operand(frame), index(frame));
  }

  private has(tree: Typed & { kind: 'has' }): Code {
    const type = this.final(tree.operand.type);
    const name = unescapeField(tree.field);
    if (!this.unchecked && type.kind === 'struct' && name !== undefined) {
      const operand = this.raw(tree.operand);
      const declared = type.field(name);
      const adapter = declared ? adapterFor(declared) : adapt;
      return (frame) => {
        const found = rawField(operand(frame), name);
        // Data of another type is an error for kro here, too.
        if (found !== undefined) adapter(found);
        return found !== undefined;
      };
    }
    const operand = this.compile(tree.operand);
    const { field } = tree;
    const { strict } = this.checked;
    return (frame) => {
      const value = operand(frame);
      if (value instanceof CelOptional) return value.present && find(value.value, field) !== undefined;
      if (strict) requireContainer(value, field);
      return find(value, field) !== undefined;
    };
  }

  private list(tree: Typed & { kind: 'list' }): Code {
    const codes = tree.elements.map(({ value }) => this.compile(value));
    if (codes.every((code) => this.constants.has(code)) && tree.elements.every(({ optional }) => !optional)) {
      return this.constant(codes.map((code) => this.constants.get(code)?.value));
    }
    if (tree.elements.some(({ optional }) => optional)) {
      const optional = tree.elements.map((element) => element.optional);
      return (frame) => codes.flatMap((code, index) => (optional[index] ? unwrap(code(frame)) : [code(frame)]));
    }
    return (frame) => {
      const items: unknown[] = [];
      for (const code of codes) items.push(code(frame));
      return items;
    };
  }

  private map(tree: Typed & { kind: 'map' }): Code {
    const entries = tree.entries.map(({ key, value, optional }) => ({
      key: this.key(key),
      value: this.compile(value),
      optional,
    }));
    const { strict } = this.checked;
    return (frame) => {
      const map = new CelMap();
      for (const { key, value, optional } of entries) {
        const at = strict ? strictKey(map, key(frame)) : key(frame);
        const item = value(frame);
        if (!optional) map.set(at, item);
        else if (!(item instanceof CelOptional)) fail('cannot initialize optional entry from non-optional value');
        else if (item.present) map.set(at, item.value);
        else map.delete(at);
      }
      return map;
    };
  }

  /** A list or a map is a key of its own each time that it is read from a binding or written out. */
  isNewKey(tree: Typed): boolean {
    return isNew(tree) && !scalars.has(this.final(tree.type).kind);
  }

  private key(tree: Typed): Code {
    const code = this.compile(tree);
    if (!this.isNewKey(tree)) return code;
    return (frame) => {
      const value = code(frame);
      if (Array.isArray(value)) return value.slice();
      return isJsonObject(value) ? { ...value } : value;
    };
  }

  /** The value is computed when it is first read, as cel-go does: a failing one that nobody reads does no harm. */
  private bind(tree: Typed & { kind: 'bind' }): Code {
    const init = this.compile(tree.init);
    const slot = this.slot(tree.local);
    this.lazy.set(tree.local, init);
    const body = this.compile(tree.body);
    return (frame) => {
      frame.locals[slot] = unread;
      return body(frame);
    };
  }

  private template(tree: Typed & { kind: 'template' }): Code {
    const codes = tree.parts.map((part) => (typeof part === 'string' ? this.constant(part) : this.compile(part)));
    const [only] = codes;
    if (codes.length === 1 && only) return only;
    return (frame) => {
      let text = '';
      for (const code of codes) {
        const part = code(frame);
        if (typeof part !== 'string') throw noSuchOverload();
        text += part;
      }
      return spendText(text);
    };
  }
}

const scalars: ReadonlySet<string> = new Set(['string', 'int', 'uint', 'bool']);

/** A local variable alone gives the same value twice. */
function isNew(tree: Typed): boolean {
  const [first] = tree.kind === 'call' && tree.function === 'dyn' ? tree.args : [];
  if (first) return isNew(first);
  return tree.kind === 'list' || readsBinding(tree);
}

function readsBinding(tree: Typed): boolean {
  switch (tree.kind) {
    case 'variable':
      return true;
    case 'select':
    case 'index':
      return readsBinding(tree.operand);
    case 'call': {
      const from = tree.args[tree.function === '_?_:_' ? 1 : 0];
      return from !== undefined && readsBinding(from);
    }
    default:
      return false;
  }
}

/** What stands in a slot before the value of a binding is read. */
const unread: unique symbol = Symbol('unread');

export function variable(name: string): Code {
  return ({ bindings }: Frame) => {
    if (typeof bindings === 'function') {
      const value = bindings(name);
      if (value !== undefined) return value;
    } else if (Object.hasOwn(bindings, name)) {
      const value = bindings[name];
      if (value !== undefined) return value;
    }
    if (name === 'runtime') return runtime;
    throw new Failure(`no such attribute(s): ${name}`, true);
  };
}

type Lookup = (value: unknown, key: unknown) => unknown;

/** A key that is computed may be a value of a binding: it is left out of the message. */
export function hiding(key: Typed, lookup: Lookup): Lookup {
  if (key.kind === 'constant') return lookup;
  return (value, at) => {
    try {
      return lookup(value, at);
    } catch (failure) {
      if (failure instanceof Failure && failure.key !== undefined) throw new Failure('no such key', true);
      throw failure;
    }
  };
}

function convert(code: Code, adapter: Adapter): Code {
  return (frame) => adapter(code(frame));
}

function strictKey(map: CelMap, key: unknown): unknown {
  if (typeof key === 'object' && !(key instanceof CelUint)) return fail('unsupported key type');
  return map.has(key) ? fail('duplicate key in map') : key;
}

function unwrap(value: unknown): unknown[] {
  if (!(value instanceof CelOptional)) return fail('cannot initialize optional list element from non-optional value');
  return value.present ? [value.value] : [];
}

export function literalValue(literal: LiteralNode): unknown {
  switch (literal.type) {
    case 'int':
      return toInt(literal.value);
    case 'uint':
      return new CelUint(literal.value);
    case 'double':
      return new CelDouble(literal.value);
    default:
      return literal.value;
  }
}
