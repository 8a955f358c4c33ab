import { type FunctionTable, kroFunctions, ruleFunctions, standardFunctions } from './library/tables.ts';
import type { FunctionDeclaration } from './library/overload.ts';
import { conditionType, runtimeType } from './condition-type.ts';
import type { CelType } from './types.ts';

/** Whose CEL it is: kro's, that of rules in a CustomResourceDefinition, or CEL as specified. */
export type Dialect = 'kro' | 'rules' | 'standard';

const tables: Readonly<Record<Dialect, () => FunctionTable>> = {
  kro: kroFunctions,
  rules: ruleFunctions,
  standard: standardFunctions,
};

/** The names that an expression may use. */
export interface Environment {
  readonly functions: FunctionTable;
  readonly kind: Dialect;
  /** The type of a variable, `undefined` when it is not declared. */
  variable(name: string): CelType | undefined;
  /** Variables may have dots in their names. */
  readonly dotted: boolean;
  /** Prefix that names are tried with, such as `x.y`. */
  readonly container: string;
}

export interface EnvironmentOptions {
  readonly functions: Dialect;
  /** Types of the variables by name, as a record or as a look-up. */
  readonly variables: Readonly<Record<string, CelType>> | ((name: string) => CelType | undefined);
  /** Whether kro's `omit()` may be called. @default true */
  readonly omit?: boolean;
  /** Whether kro's variable `runtime` is there (status conditions). @default false */
  readonly runtime?: boolean;
  /** @default '' */
  readonly container?: string;
  /** Further functions, for checking only. */
  readonly declarations?: readonly FunctionDeclaration[];
}

/** Cheap: the functions are shared, the variables are only looked up. */
export function createEnvironment(options: EnvironmentOptions): Environment {
  const { variables, functions: kind, runtime = false, omit = true } = options;
  const declared = typeof variables === 'function' ? variables : recordLookup(variables);
  const known = tables[kind]();
  const table = options.declarations ? withDeclarations(known, options.declarations) : known;
  return {
    kind,
    functions: omit || kind !== 'kro' ? table : without(table, 'omit'),
    variable: runtime ? (name) => (name === 'runtime' ? runtimeType : declared(name)) : declared,
    dotted: typeof variables !== 'function' && Object.keys(variables).some((name) => name.includes('.')),
    container: options.container ?? '',
  };
}

function recordLookup(variables: Readonly<Record<string, CelType>>): (name: string) => CelType | undefined {
  return (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
}

function withDeclarations(table: FunctionTable, declarations: readonly FunctionDeclaration[]): FunctionTable {
  return { get: (name) => declarations.find((declaration) => declaration.name === name) ?? table.get(name) };
}

function without(table: FunctionTable, hidden: string): FunctionTable {
  return { get: (name) => (name === hidden ? undefined : table.get(name)) };
}

const typeNames: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['bool', { kind: 'bool' }],
  ['bytes', { kind: 'bytes' }],
  ['double', { kind: 'double' }],
  ['int', { kind: 'int' }],
  ['uint', { kind: 'uint' }],
  ['string', { kind: 'string' }],
  ['null_type', { kind: 'null' }],
  ['type', { kind: 'type' }],
  ['list', { kind: 'list', element: { kind: 'dyn' } }],
  ['map', { kind: 'map', key: { kind: 'dyn' }, value: { kind: 'dyn' } }],
  ['optional_type', { kind: 'optional', value: { kind: 'dyn' } }],
  ['google.protobuf.Timestamp', { kind: 'timestamp' }],
  ['google.protobuf.Duration', { kind: 'duration' }],
]);

const kubernetesTypeNames: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['kubernetes.Quantity', { kind: 'opaque', name: 'kubernetes.Quantity' }],
  ['kubernetes.Semver', { kind: 'opaque', name: 'kubernetes.Semver' }],
  ['net.IP', { kind: 'opaque', name: 'net.IP' }],
  ['net.CIDR', { kind: 'opaque', name: 'net.CIDR' }],
  ['kubernetes.URL', { kind: 'opaque', name: 'kubernetes.URL' }],
]);

const kroTypeNames: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ...kubernetesTypeNames,
  ['kro.run.Runtime', runtimeType],
  ['kro.run.Condition', conditionType],
]);

const ownTypeNames: Readonly<Partial<Record<Dialect, ReadonlyMap<string, CelType>>>> = {
  kro: kroTypeNames,
  rules: kubernetesTypeNames,
};

/** The type that an identifier such as `int` or `google.protobuf.Timestamp` names. */
export function typeNamed(name: string, environment: Environment): CelType | undefined {
  return typeNames.get(name) ?? ownTypeNames[environment.kind]?.get(name);
}

/** A name as it may be meant inside the container: the most specific first. */
export function candidates(name: string, container: string): string[] {
  if (name.startsWith('.')) return [name.slice(1)];
  const parts = container === '' ? [] : container.split('.');
  const names: string[] = [];
  for (let count = parts.length; count >= 0; count--) names.push([...parts.slice(0, count), name].join('.'));
  return names;
}
