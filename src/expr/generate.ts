import { get, rawEntry, rawItem, rawMember } from './access.ts';
import { adapt, adapterFor, isPlain, variableAdapter } from './adapt.ts';
import { CelMap } from './cel-values.ts';
import { type Compiler, hiding, literalValue, variable } from './compile.ts';
import { absorbed, implementation } from './compile-call.ts';
import { compareOperands, equals } from './equality.ts';
import { Failure, noSuchOverload } from './failure.ts';
import { declaredField } from './field-name.ts';
import type { Code } from './frame.ts';
import { generateComprehension } from './generate-comprehension.ts';
import { addValues } from './library/standard.ts';
import type { Typed } from './typed.ts';
import type { CelType } from './types.ts';

/**
 * JavaScript for an expression that is evaluated often: paths, operators and loops become code that the engine can
 * optimise, everything else calls the closures. The meaning is that of the closures.
 *
 * @returns `undefined` where code may not be made from text, or tells values apart by where they were read
 */
export function generate(compiler: Compiler, tree: Typed): Code | undefined {
  if (compiler.tellsReads) return undefined;
  const emitter = new Emitter(compiler);
  const result = emitter.emit(tree);
  const { names, values } = emitter.outside();
  const body = `return (frame) => { const bindings = frame.bindings, locals = frame.locals; ${emitter.temporaries()}\n${emitter.lines.join('\n')}\nreturn ${result}; };`;
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- made of the checked tree only; values come in as arguments
    return new Function(...names, body)(...values) as Code;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

const comparisons: Readonly<Record<string, string>> = { '_<_': '<', '_<=_': '<=', '_>_': '>', '_>=_': '>=' };
const arithmetic: Readonly<Record<string, string>> = { '_-_': '-', '_*_': '*' };

export class Emitter {
  readonly lines: string[] = [];
  readonly compiler: Compiler;
  private readonly values: unknown[] = [];
  private readonly known = new Map<unknown, string>();
  private readonly variables = new Map<object, string>();
  private temporary = 0;

  constructor(compiler: Compiler) {
    this.compiler = compiler;
  }

  outside(): { names: string[]; values: unknown[] } {
    return { names: this.values.map((_, index) => `k${index}`), values: this.values };
  }

  temporaries(): string {
    const names = Array.from({ length: this.temporary }, (_, index) => `t${index}`);
    return names.length > 0 ? `let ${names.join(', ')};` : '';
  }

  /** The name of something that the code refers to. */
  use(value: unknown): string {
    let name = this.known.get(value);
    if (name === undefined) {
      name = `k${this.values.length}`;
      this.values.push(value);
      this.known.set(value, name);
    }
    return name;
  }

  fresh(): string {
    return `t${this.temporary++}`;
  }

  line(text: string): void {
    this.lines.push(text);
  }

  /** A loop's variable is in JavaScript's own as well as in the frame, where closures look for it. */
  bindLocal(local: object, name: string): void {
    this.variables.set(local, name);
  }

  /** Writes what computes a node and gives back an expression for its CEL value. */
  emit(tree: Typed): string {
    switch (tree.kind) {
      case 'constant':
        return this.constant(literalValue(tree.literal));
      case 'variable':
        return this.adapted(this.raw(tree), tree.type, variableAdapter);
      case 'local':
        if (!this.variables.has(tree.local)) return this.closure(tree);
        return this.adapted(this.raw(tree), tree.type, variableAdapter);
      case 'select':
      case 'index':
        return tree.optional ? this.closure(tree) : this.adapted(this.raw(tree), tree.type, adapterFor);
      case 'has':
        return this.has(tree);
      case 'call':
        return this.call(tree);
      case 'list':
        if (tree.elements.some(({ optional }) => optional)) return this.closure(tree);
        return this.store(`[${tree.elements.map(({ value }) => this.emit(value)).join(', ')}]`);
      case 'map':
        return this.map(tree);
      case 'comprehension':
        return generateComprehension(this, tree) ?? this.closure(tree);
      default:
        return this.closure(tree);
    }
  }

  /** Like `emit`, but a path gives what stands in the JSON. */
  raw(tree: Typed): string {
    switch (tree.kind) {
      case 'variable':
        return this.variable(tree.name);
      case 'local':
        return this.variables.get(tree.local) ?? this.closure(tree);
      case 'select':
        return tree.optional ? this.closure(tree) : this.select(tree);
      case 'index':
        return tree.optional ? this.closure(tree) : this.index(tree);
      default:
        return this.emit(tree);
    }
  }

  closure(tree: Typed): string {
    const code = this.compiler.compile(tree);
    const constant = this.compiler.constantOf(code);
    return constant ? this.constant(constant.value) : this.store(`${this.use(code)}(frame)`);
  }

  store(expression: string): string {
    const name = this.fresh();
    this.line(`${name} = ${expression};`);
    return name;
  }

  private constant(value: unknown): string {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
    return typeof value === 'number' && value >= 0 ? `(${value})` : this.use(value);
  }

  private variable(name: string): string {
    const read = this.use(variable(name));
    if (name in Object.prototype) return this.store(`${read}(frame)`);
    const result = this.fresh();
    this.line(
      `${result} = bindings[${JSON.stringify(name)}]; if (${result} === undefined) ${result} = ${read}(frame);`,
    );
    return result;
  }

  private adapted(value: string, type: CelType, make: (type: CelType) => (value: unknown) => unknown): string {
    const final = this.compiler.final(type);
    const adapter = this.use(final.kind === 'dyn' ? adapt : make(final));
    const result = this.fresh();
    const passes = plainTest(final.kind, value);
    this.line(
      passes ? `${result} = ${passes} ? ${value} : ${adapter}(${value});` : `${result} = ${adapter}(${value});`,
    );
    return result;
  }

  private select(tree: Typed & { kind: 'select' }): string {
    const type = this.compiler.final(tree.operand.type);
    const { field } = tree;
    const { strict } = this.compiler.checked;
    if (type.kind === 'struct') {
      const name = declaredField(field);
      if (name === undefined || !type.field(name)) return this.closure(tree);
      return this.member(this.raw(tree.operand), name, {
        absent: '== null',
        slow: (value) => rawMember(value, name, field),
      });
    }
    const slow =
      type.kind === 'map'
        ? (value: unknown) => rawEntry(value, field)
        : (value: unknown) => get(adapt(value), field, strict);
    return this.member(this.raw(tree.operand), field, { absent: '=== undefined', slow });
  }

  /** Reads a property of a plain object; whatever else it is takes the slow way. */
  private member(operand: string, field: string, how: { absent: string; slow: (value: unknown) => unknown }): string {
    const slow = this.use(how.slow);
    if (field in Object.prototype) return this.store(`${slow}(${operand})`);
    const result = this.fresh();
    const plain = `typeof ${operand} === "object" && ${operand} !== null && ${operand}.constructor === Object`;
    this.line(
      `if (!(${plain}) || (${result} = ${operand}[${JSON.stringify(field)}]) ${how.absent}) ${result} = ${slow}(${operand});`,
    );
    return result;
  }

  private index(tree: Typed & { kind: 'index' }): string {
    const type = this.compiler.final(tree.operand.type);
    const { strict } = this.compiler.checked;
    const { index } = tree;
    if (index.kind === 'constant' && index.literal.type === 'string' && (type.kind === 'map' || type.kind === 'dyn')) {
      const key = index.literal.value;
      const slow =
        type.kind === 'map'
          ? (value: unknown) => rawEntry(value, key)
          : (value: unknown) => get(adapt(value), key, strict);
      return this.member(this.raw(tree.operand), key, { absent: '=== undefined', slow });
    }
    if (type.kind !== 'list' && type.kind !== 'dyn') return this.closure(tree);
    if (type.kind === 'dyn' && index.kind !== 'constant') return this.closure(tree);
    const operand = this.raw(tree.operand);
    const at = this.emit(index);
    const slow = type.kind === 'list' ? rawItem : (value: unknown, key: unknown) => get(adapt(value), key, strict);
    const hidden = this.use(hiding(index, slow));
    return this.store(
      `Array.isArray(${operand}) && typeof ${at} === "number" && ${at} >= 0 && ${at} < ${operand}.length ? ${operand}[${at}] : ${hidden}(${operand}, ${at})`,
    );
  }

  private has(tree: Typed & { kind: 'has' }): string {
    const type = this.compiler.final(tree.operand.type);
    const { field } = tree;
    const name = type.kind === 'struct' ? declaredField(field) : field;
    const declared = type.kind === 'struct' && name !== undefined ? type.field(name) : undefined;
    if (name === undefined || name in Object.prototype || (declared && !isPlain(declared))) return this.closure(tree);
    if (type.kind !== 'dyn' && type.kind !== 'struct' && type.kind !== 'map') return this.closure(tree);
    const operand = this.raw(tree.operand);
    const plain = `typeof ${operand} === "object" && ${operand} !== null && ${operand}.constructor === Object`;
    const found = `${operand}[${JSON.stringify(name)}] ${type.kind === 'struct' ? '!= null' : '!== undefined'}`;
    // A scalar that is found is of the declared type, or the closure complains.
    const closure = this.use(this.compiler.compile(tree));
    return this.store(
      declared ? `${plain} && !(${found}) ? false : ${closure}(frame)` : `${plain} ? ${found} : ${closure}(frame)`,
    );
  }

  private map(tree: Typed & { kind: 'map' }): string {
    if (
      this.compiler.checked.strict ||
      tree.entries.some(({ key, optional }) => optional || this.compiler.isNewKey(key))
    )
      return this.closure(tree);
    const result = this.store(`new (${this.use(CelMap)})()`);
    for (const { key, value } of tree.entries) {
      const at = this.emit(key);
      this.line(`${result}.set(${at}, ${this.emit(value)});`);
    }
    return result;
  }

  private call(tree: Typed & { kind: 'call' }): string {
    const constant = this.compiler.constantOf(this.compiler.compile(tree));
    if (constant) return this.constant(constant.value);
    const [first, second] = tree.args;
    switch (tree.function) {
      case '_&&_':
        return this.logic(tree, false);
      case '_||_':
        return this.logic(tree, true);
      case '_?_:_':
        return this.conditional(tree);
      case 'or':
      case 'orValue':
        return this.closure(tree);
      case '!_': {
        const value = this.emit(first as Typed);
        this.line(`if (typeof ${value} !== "boolean") throw ${this.use(noSuchOverload)}();`);
        return `!${value}`;
      }
      case '_==_':
      case '_!=_':
        return this.equality(tree);
      default:
        break;
    }
    const args = tree.args.map((argument) => this.emit(argument));
    const [left, right] = args;
    const numbers = `typeof ${left} === "number" && typeof ${right} === "number"`;
    const comparison = comparisons[tree.function];
    if (comparison && second) {
      return this.store(
        `${numbers} ? ${left} ${comparison} ${right} : ${this.use(compareOperands)}(${left}, ${right}) ${comparison} 0`,
      );
    }
    const result = this.fresh();
    const run = this.use(tree.function === '_+_' ? addValues : implementation(tree));
    const operator = tree.function === '_+_' ? '+' : arithmetic[tree.function];
    if (operator && second) {
      const text = `typeof ${left} === "string" && typeof ${right} === "string" && ${left}.length + ${right}.length < 65536 ? ${left} + ${right} : `;
      // Adding zero turns -0 into 0.
      this.line(
        `${result} = ${numbers} && Number.isSafeInteger(${result} = ${left} ${operator} ${right} + 0) ? ${result} : ${operator === '+' ? text : ''}${run}(${left}, ${right});`,
      );
      return result;
    }
    this.line(`${result} = ${run}(${args.join(', ')});`);
    return result;
  }

  private equality(tree: Typed & { kind: 'call' }): string {
    const [left, right] = tree.args.map((argument) => this.emit(argument)) as [string, string];
    const test = `${left} === ${right} || (typeof ${left} === "object" || typeof ${left} !== typeof ${right}) && `;
    if (tree.function === '_==_') return this.store(`${test}${this.use(equals)}(${left}, ${right})`);
    // Values that cannot be compared are different.
    return this.store(`!(${test}${this.use(equalOrNot)}(${left}, ${right}))`);
  }

  private logic(tree: Typed & { kind: 'call' }, deciding: boolean): string {
    const [left, right] = tree.args as [Typed, Typed];
    const [result, failure] = [this.fresh(), this.fresh()];
    const bad = `${this.use(noSuchOverload)}()`;
    this.line(`${failure} = undefined; try {`);
    this.line(`${result} = ${this.emit(left)};`);
    this.line(`} catch (error) { if (!(error instanceof ${this.use(Failure)})) throw error; ${failure} = error; }`);
    this.line(`if (${failure} !== undefined || ${result} !== ${deciding}) {`);
    this.line(`if (${failure} === undefined && ${result} !== ${!deciding}) ${failure} = ${bad};`);
    this.line(
      `if (${failure} !== undefined) ${result} = ${this.use(absorbed)}(${failure}, ${this.use(this.compiler.compile(right))}, frame, ${deciding}); else {`,
    );
    this.line(`${result} = ${this.emit(right)}; if (typeof ${result} !== "boolean") throw ${bad};`);
    this.line('} }');
    return result;
  }

  private conditional(tree: Typed & { kind: 'call' }): string {
    const [condition, yes, no] = tree.args as [Typed, Typed, Typed];
    const result = this.fresh();
    const chosen = this.emit(condition);
    this.line(`if (${chosen} === true) {`);
    this.line(`${result} = ${this.emit(yes)};`);
    this.line(`} else if (${chosen} === false) {`);
    this.line(`${result} = ${this.emit(no)};`);
    this.line(`} else throw ${this.use(noSuchOverload)}();`);
    return result;
  }
}

function equalOrNot(left: unknown, right: unknown): boolean {
  try {
    return equals(left, right);
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** A test that is true for values which are CEL values of this type as they stand. */
function plainTest(kind: CelType['kind'], value: string): string | undefined {
  switch (kind) {
    case 'dyn':
      return `typeof ${value} === "string" || typeof ${value} === "boolean" || typeof ${value} === "number" && Number.isSafeInteger(${value})`;
    case 'string':
      return `typeof ${value} === "string"`;
    case 'bool':
      return `typeof ${value} === "boolean"`;
    case 'int':
      return `typeof ${value} === "number" && Number.isSafeInteger(${value})`;
    default:
      return undefined;
  }
}
