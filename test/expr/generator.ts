import fc from 'fast-check';
import type { FunctionDeclaration, Overload } from '../../src/expr/library/overload.ts';
import { kroFunctions } from '../../src/expr/library/tables.ts';
import { parseType } from '../../src/expr/type-text.ts';
import type { CelType } from '../../src/expr/types.ts';
import { literals, texts } from './generator-texts.ts';

/** Variables that every generated expression may use, by type. */
export const variables: Readonly<Record<string, string>> = {
  i: 'int',
  u: 'uint',
  d: 'double',
  s: 'string',
  y: 'bytes',
  b: 'bool',
  t: 'timestamp',
  r: 'duration',
  li: 'list(int)',
  ls: 'list(string)',
  ld: 'list(double)',
  lt: 'list(timestamp)',
  ms: 'map(string, string)',
  mi: 'map(string, int)',
  x: 'dyn',
  o: 'map(string, dyn)',
};

/** An expression and the values of its variables. */
export interface Sample {
  readonly expr: string;
  readonly bindings: Readonly<Record<string, unknown>>;
}

/** Random expressions, most of them well-typed, with random values of their variables. */
export function samples(): fc.Arbitrary<Sample> {
  return fc
    .record({ choices: fc.array(fc.nat({ max: 0xffffff }), { minLength: 8, maxLength: 120 }), bindings: bindings() })
    .map(({ choices, bindings: values }) => {
      const writer = new Writer(choices);
      return {
        expr: writer.expression(writer.anyType(2), 3),
        bindings: JSON.parse(JSON.stringify(values)) as Sample['bindings'],
      };
    });
}

function bindings(): fc.Arbitrary<Record<string, unknown>> {
  const int = fc.oneof(fc.integer({ min: -3, max: 9 }), fc.integer(), fc.maxSafeInteger());
  const text = fc.oneof(
    fc.constantFrom(...texts.any),
    fc.string({ maxLength: 6, unit: 'binary' }).filter((value) => value.isWellFormed()),
  );
  const double = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -4, max: 4 }));
  const time = fc.constantFrom(...texts.timestamp.slice(0, 7));
  const scalar = fc.oneof(int, text, fc.boolean(), fc.constant(null), double);
  const json = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', 'x-y'), scalar, { maxKeys: 3 }),
  );
  return fc.record({
    i: int,
    u: fc.nat(),
    d: double,
    s: text,
    y: fc.uint8Array({ maxLength: 5 }).map((value) => Buffer.from(value).toString('base64')),
    b: fc.boolean(),
    t: time,
    r: fc.constantFrom('1s', '90m', '-1h', '0s', '1.5s', '100ns', '2562047h'),
    li: fc.array(int, { maxLength: 4 }),
    ls: fc.array(text, { maxLength: 4 }),
    ld: fc.array(double, { maxLength: 4 }),
    lt: fc.array(time, { maxLength: 3 }),
    ms: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'k v', 'constructor'), text, { maxKeys: 3 }),
    mi: fc.dictionary(fc.constantFrom('a', 'b', 'c'), int, { maxKeys: 3 }),
    x: json,
    o: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), json, { maxKeys: 3 }),
  });
}

const scalars = ['int', 'uint', 'double', 'string', 'bytes', 'bool', 'timestamp', 'duration', 'dyn', 'null'];
const opaque = ['kubernetes.Quantity', 'kubernetes.Semver', 'kubernetes.URL', 'net.IP', 'net.CIDR'];
const skipped = new Set(['newCondition', 'condition', 'omit', '@in', '_[_]', '_[?_]', 'lists.range']);
const infix = /^_(.+)_$/;

interface Candidate {
  readonly declaration: FunctionDeclaration;
  readonly overload: Overload;
}

let candidateList: Candidate[] | undefined;

function candidates(): Candidate[] {
  const table = kroFunctions();
  candidateList ??= (table.names?.() ?? [])
    .filter((name) => !skipped.has(name))
    .flatMap((name) => {
      const declaration = table.get(name);
      return (declaration?.overloads ?? []).map((overload) => ({
        declaration: declaration as FunctionDeclaration,
        overload,
      }));
    });
  return candidateList;
}

class Writer {
  private readonly choices: readonly number[];
  private at = 0;
  /** Variables of the comprehensions around. */
  private readonly scope: { readonly name: string; readonly type: CelType }[] = [];

  constructor(choices: readonly number[]) {
    this.choices = choices;
  }

  private pick(limit: number): number {
    const choice = this.choices[this.at++ % this.choices.length] ?? 0;
    return (choice + Math.floor(this.at / this.choices.length) * 7) % limit;
  }

  private from<T>(items: readonly T[]): T {
    return items[this.pick(items.length)] as T;
  }

  anyType(depth: number): CelType {
    const kind = this.pick(10);
    if (depth > 0 && kind === 0) return { kind: 'list', element: this.anyType(depth - 1) };
    if (depth > 0 && kind === 1)
      return {
        kind: 'map',
        key: { kind: this.from(['string', 'int', 'bool'] as const) },
        value: this.anyType(depth - 1),
      };
    if (depth > 0 && kind === 2) return { kind: 'optional', value: this.anyType(depth - 1) };
    if (kind === 3) return parseType(this.from(opaque)) as CelType;
    return { kind: this.from(scalars) as 'int' };
  }

  expression(wanted: CelType, depth: number): string {
    // Now and then something else than what is wanted, so that the checker has something to refuse.
    const type = this.pick(40) === 0 ? this.anyType(1) : wanted;
    if (depth <= 0) return this.leaf(type);
    switch (this.pick(12)) {
      case 0:
        return this.leaf(type);
      case 1:
        return `(${this.expression({ kind: 'bool' }, depth - 1)} ? ${this.expression(type, depth - 1)} : ${this.expression(type, depth - 1)})`;
      case 2:
        return `cel.bind(v${depth}, ${this.bound(depth, type)})`;
      case 3:
        return this.access(type, depth);
      case 4:
        return this.optionalValue(type, depth);
      case 5:
      case 6:
        return this.macro(type, depth);
      default:
        return this.call(type, depth);
    }
  }

  private leaf(type: CelType): string {
    const names = [
      ...Object.entries(variables).map(([name, text]) => ({ name, type: parseType(text) as CelType })),
      ...this.scope,
    ];
    const fitting = names.filter((variable) => JSON.stringify(variable.type) === JSON.stringify(type));
    const local = this.scope.filter((variable) => JSON.stringify(variable.type) === JSON.stringify(type));
    if (local.length > 0 && this.pick(3) > 0) return this.from(local).name;
    if (fitting.length > 0 && this.pick(2) === 0) return this.from(fitting).name;
    return this.literal(type);
  }

  private literal(type: CelType): string {
    switch (type.kind) {
      case 'list':
        return `[${Array.from({ length: this.pick(4) }, () => this.leaf(type.element)).join(', ')}]`;
      case 'map':
        return `{${Array.from({ length: this.pick(3) }, () => `${this.leaf(type.key)}: ${this.leaf(type.value)}`).join(', ')}}`;
      case 'optional':
        return this.pick(3) === 0 ? 'optional.none()' : `optional.of(${this.leaf(type.value)})`;
      case 'opaque':
        return this.opaqueLiteral(type.name);
      case 'type':
        return this.from(['int', 'string', 'list', 'type(1)', 'type(x)']);
      case 'dyn':
        return this.pick(2) === 0 ? 'x' : `dyn(${this.leaf({ kind: this.from(scalars) as 'int' })})`;
      case 'parameter':
      case 'struct':
      case 'error':
        return this.leaf({ kind: 'int' });
      default:
        return this.from(literals[type.kind] ?? ['null']);
    }
  }

  private opaqueLiteral(name: string): string {
    const functions: Record<string, [string, readonly string[]]> = {
      'kubernetes.Quantity': ['quantity', texts.quantity],
      'kubernetes.Semver': ['semver', texts.semver],
      'kubernetes.URL': ['url', texts.url],
      'net.IP': ['ip', texts.ip],
      'net.CIDR': ['cidr', texts.cidr],
    };
    const [constructor, values] = functions[name] ?? ['quantity', texts.quantity];
    return `${constructor}(${JSON.stringify(this.from(values))})`;
  }

  private call(type: CelType, depth: number): string {
    const all = candidates();
    const start = this.pick(all.length);
    for (let step = 0; step < all.length; step++) {
      const candidate = all[(start + step) % all.length] as Candidate;
      const bound = new Map<string, CelType>();
      if (!fits(candidate.overload.result, type, bound)) continue;
      return this.write(candidate, bound, depth);
    }
    return this.leaf(type);
  }

  private write({ declaration, overload }: Candidate, bound: Map<string, CelType>, depth: number): string {
    const args = overload.parameters.map((parameter, index) =>
      this.argument(declaration.name, index, this.concrete(parameter, bound), depth - 1),
    );
    const { name } = declaration;
    if (name === '_?_:_') return `(${args[0]} ? ${args[1]} : ${args[2]})`;
    if (name === '!_' || name === '-_') return `${name.charAt(0)}(${args[0]})`;
    const operator = infix.exec(name)?.[1];
    if (operator && args.length === 2) return `(${args[0]} ${operator} ${args[1]})`;
    return overload.member ? `(${args[0]}).${name}(${args.slice(1).join(', ')})` : `${name}(${args.join(', ')})`;
  }

  private concrete(type: CelType, bound: Map<string, CelType>): CelType {
    switch (type.kind) {
      case 'parameter': {
        const known = bound.get(type.name) ?? this.anyType(1);
        bound.set(type.name, known);
        return known;
      }
      case 'list':
        return { kind: 'list', element: this.concrete(type.element, bound) };
      case 'map':
        return { kind: 'map', key: this.concrete(type.key, bound), value: this.concrete(type.value, bound) };
      case 'optional':
        return { kind: 'optional', value: this.concrete(type.value, bound) };
      default:
        return type;
    }
  }

  /** Texts that mean something to the function that reads them. */
  private argument(name: string, index: number, type: CelType, depth: number): string {
    if (type.kind === 'string' && this.pick(4) > 0) {
      const pool = (texts.forFunction as Record<string, readonly (readonly string[] | undefined)[]>)[name]?.[index];
      if (pool) return JSON.stringify(this.from(pool));
    }
    // Anything else would make texts of gigabytes.
    if (name === 'random.seededString' && index === 0) return this.from(['0', '1', '8', '40', '-5']);
    if (name === 'format' && index === 1)
      return `[${Array.from({ length: this.pick(3) }, () => this.leaf(this.anyType(1))).join(', ')}]`;
    return this.expression(type, depth);
  }

  private bound(depth: number, type: CelType): string {
    const held = this.anyType(1);
    const init = this.expression(held, depth - 1);
    return `${init}, ${this.within([{ name: `v${depth}`, type: held }], () => this.expression(type, depth - 1))}`;
  }

  private within<T>(added: { name: string; type: CelType }[], body: () => T): T {
    this.scope.push(...added);
    const result = body();
    this.scope.length -= added.length;
    return result;
  }

  private access(type: CelType, depth: number): string {
    const list: CelType = { kind: 'list', element: type };
    const map: CelType = { kind: 'map', key: { kind: 'string' }, value: type };
    switch (this.pick(6)) {
      case 0:
        return `${this.expression(list, depth - 1)}[${this.expression({ kind: 'int' }, depth - 1)}]`;
      case 1:
        return `${this.expression(map, depth - 1)}[${this.leaf({ kind: 'string' })}]`;
      case 2:
        return `${this.expression(map, depth - 1)}.${this.from(['a', 'b', 'constructor'])}`;
      case 3:
        return `${this.from(['x', 'o'])}.${this.from(['a', 'b', 'toString', '`x-y`'])}`;
      case 4:
        return `${this.from(['x', 'x', 'o', 'ms', 'li'])}[${this.leaf({ kind: this.from(['int', 'string', 'double', 'bool', 'dyn', 'null', 'bytes'] as const) })}]`;
      default:
        return `dyn(${this.expression(this.anyType(2), depth - 1)})`;
    }
  }

  private optionalValue(type: CelType, depth: number): string {
    const target = this.from(
      type.kind === 'string' ? ['x', 'o', 'ms'] : type.kind === 'int' ? ['x', 'o', 'mi'] : ['x', 'o'],
    );
    const field = this.from(['a', 'b', 'c']);
    switch (this.pick(6)) {
      case 0:
        return `${target}.?${field}.orValue(${this.expression(type, depth - 1)})`;
      case 1:
        return `${target}[?"${field}"].or(optional.of(${this.expression(type, depth - 1)})).value()`;
      case 2:
        if (type.kind !== 'list') return this.call(type, depth);
        return `[?${target}.?${field}, ${this.expression(type.element, depth - 1)}]`;
      case 3:
        if (type.kind !== 'map') return this.call(type, depth);
        return `{?"${field}": ${target}.?${field}, "z": ${this.expression(type.value, depth - 1)}}`;
      case 4:
        if (type.kind !== 'optional') return this.call(type, depth);
        return `${target}.?${field}.optMap(w${depth}, ${this.within([{ name: `w${depth}`, type: { kind: 'dyn' } }], () => this.expression(type.value, depth - 1))})`;
      default:
        if (type.kind !== 'bool')
          return `x.?${field}.${this.from(['a', 'b'])}.orValue(${this.expression(type, depth - 1)})`;
        return `x.?${field}.${this.from(['a', 'b'])}.hasValue()`;
    }
  }

  private macro(type: CelType, depth: number): string {
    const element = this.anyType(1);
    const name = `e${depth}`;
    const list =
      this.pick(5) === 0 ? this.from(['x', 'o', 'ms', 'mi']) : this.expression({ kind: 'list', element }, depth - 1);
    const local = [{ name, type: element }];
    const two = [
      { name: `k${depth}`, type: { kind: 'int' } as CelType },
      { name, type: element },
    ];
    const bool: CelType = { kind: 'bool' };
    const inside = (wanted: CelType) => this.within(local, () => this.expression(wanted, depth - 1));
    const insideTwo = (wanted: CelType) => this.within(two, () => this.expression(wanted, depth - 1));
    if (type.kind === 'bool') {
      const macro = this.from(['all', 'exists', 'exists_one']);
      return this.pick(3) === 0
        ? `${list}.${macro.replace('exists_one', 'existsOne')}(k${depth}, ${name}, ${insideTwo(bool)})`
        : `${list}.${macro}(${name}, ${inside(bool)})`;
    }
    if (type.kind === 'map' && type.key.kind === 'int') {
      const macro = this.from(['transformMap', 'transformMapEntry']);
      const body =
        macro === 'transformMap' ? insideTwo(type.value) : `{${insideTwo({ kind: 'int' })}: ${insideTwo(type.value)}}`;
      return `${list}.${macro}(k${depth}, ${name}, ${this.pick(3) === 0 ? `${insideTwo(bool)}, ` : ''}${body})`;
    }
    if (type.kind !== 'list' && this.pick(8) > 0) return this.call(type, depth);
    const inner = type.kind === 'list' ? type.element : element;
    switch (this.pick(5)) {
      case 0:
        return `${this.expression({ kind: 'list', element: inner }, depth - 1)}.filter(${name}, ${this.within([{ name, type: inner }], () => this.expression(bool, depth - 1))})`;
      case 1:
        return `${list}.map(${name}, ${inside(bool)}, ${inside(inner)})`;
      case 2:
        return `${list}.transformList(k${depth}, ${name}, ${insideTwo(inner)})`;
      case 3:
        return `${this.expression({ kind: 'list', element: inner }, depth - 1)}.sortBy(${name}, ${inside({ kind: this.from(['int', 'string', 'double'] as const) })})`;
      default:
        return `${list}.map(${name}, ${inside(inner)})`;
    }
  }
}

function fits(declared: CelType, wanted: CelType, bound: Map<string, CelType>): boolean {
  if (declared.kind === 'parameter') {
    bound.set(declared.name, wanted);
    return true;
  }
  if (declared.kind !== wanted.kind) return false;
  if (declared.kind === 'list' && wanted.kind === 'list') return fits(declared.element, wanted.element, bound);
  if (declared.kind === 'map' && wanted.kind === 'map')
    return fits(declared.key, wanted.key, bound) && fits(declared.value, wanted.value, bound);
  if (declared.kind === 'optional' && wanted.kind === 'optional') return fits(declared.value, wanted.value, bound);
  if (declared.kind === 'opaque' && wanted.kind === 'opaque') return declared.name === wanted.name;
  return true;
}
