import { parseSignature } from '../type-text.ts';
import type { CelType } from '../types.ts';

/** A function's implementation on CEL values. What it throws is an evaluation error. */
// biome-ignore lint/suspicious/noExplicitAny: the signature beside it says what the arguments are, guards make it true
export type Implementation = (...args: any[]) => unknown;

export interface Overload {
  readonly member: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  /** Names of the type parameters. */
  readonly generic: readonly string[];
  readonly run: Implementation;
  /** The implementation takes any value and decides itself. */
  readonly unguarded: boolean;
  /** A comparison of two number types. */
  readonly mixed: boolean;
}

export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** One implementation for all signatures of a function, dispatching on what it is given. */
export interface Singleton {
  readonly signatures: readonly string[];
  readonly run: Implementation;
}

/**
 * Functions by name, each with its implementation by signature: `string.(int): string` is a method of strings,
 * `(string): bool` a global function.
 */
export type Library = Readonly<Record<string, Readonly<Record<string, Implementation>> | Singleton>>;

export function singleton(run: Implementation, ...signatures: string[]): Singleton {
  return { signatures, run };
}

function isSingleton(entry: Library[string]): entry is Singleton {
  return typeof entry['run'] === 'function' && 'signatures' in entry;
}

/** The overloads of a function in the order of the libraries; signatures are read when a function is first used. */
export function declare(name: string, libraries: readonly Library[]): FunctionDeclaration | undefined {
  const overloads: Overload[] = [];
  for (const library of libraries) {
    const entry = Object.hasOwn(library, name) ? library[name] : undefined;
    if (!entry) continue;
    const pairs: [string, Implementation][] = isSingleton(entry)
      ? entry.signatures.map((signature) => [signature, entry.run])
      : Object.entries(entry);
    for (const [signature, run] of pairs) {
      overloads.push(overload(name, signature, { run, unguarded: isSingleton(entry) }));
    }
  }
  return overloads.length > 0 ? { name, overloads } : undefined;
}

/** A function that is only declared: its overloads as signatures. */
export function declareFunction(
  name: string,
  overloads: readonly Pick<Overload, 'member' | 'parameters' | 'result'>[],
): FunctionDeclaration {
  const run = (): never => {
    throw new TypeError(`${name} is only declared`);
  };
  return {
    name,
    overloads: overloads.map((each) => {
      const generic = new Set<string>();
      for (const type of [...each.parameters, each.result]) collect(type, generic);
      return { ...each, generic: [...generic], run, unguarded: true, mixed: false };
    }),
  };
}

const comparisons: ReadonlySet<string> = new Set(['_<_', '_<=_', '_>_', '_>=_']);

function overload(name: string, text: string, entry: { run: Implementation; unguarded: boolean }): Overload {
  const { run, unguarded } = entry;
  const signature = parseSignature(text);
  const generic = new Set<string>();
  for (const type of [...signature.parameters, signature.result]) collect(type, generic);
  const [left, right] = signature.parameters;
  const mixed = comparisons.has(name) && left?.kind !== right?.kind;
  return { ...signature, generic: [...generic], run, unguarded, mixed };
}

function collect(type: CelType, names: Set<string>): void {
  switch (type.kind) {
    case 'parameter':
      names.add(type.name);
      break;
    case 'list':
      collect(type.element, names);
      break;
    case 'map':
      collect(type.key, names);
      collect(type.value, names);
      break;
    case 'optional':
      collect(type.value, names);
      break;
    case 'type':
      if (type.value) collect(type.value, names);
      break;
    case 'opaque':
      for (const parameter of type.parameters ?? []) collect(parameter, names);
      break;
    default:
      break;
  }
}
