import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import { check } from '../../src/expr/check.ts';
import { CelDouble, CelMap, CelTypeValue, CelUint } from '../../src/expr/cel-values.ts';
import { createEnvironment } from '../../src/expr/environment.ts';
import { equals } from '../../src/expr/equality.ts';
import { CelError } from '../../src/expr/error.ts';
import { compile } from '../../src/expr/evaluate.ts';
import { declareFunction, type FunctionDeclaration } from '../../src/expr/library/overload.ts';
import { parse } from '../../src/expr/parse.ts';
import { substitute } from '../../src/expr/references.ts';
import { Duration, Timestamp } from '../../src/expr/time.ts';
import { formatType } from '../../src/expr/type-text.ts';
import type { Node } from '../../src/expr/ast.ts';
import type { CelType } from '../../src/expr/types.ts';

/** One case of the official suite, as the npm package has it. */
export interface SpecCase {
  readonly path: string;
  readonly name: string;
  readonly expr: string;
  readonly value?: Json;
  readonly evalError?: Json;
  readonly typedResult?: { readonly result?: Json; readonly deducedType: Json };
  readonly typeEnv?: readonly {
    readonly name: string;
    readonly ident?: { readonly type: Json };
    readonly function?: Json;
  }[];
  readonly bindings?: Readonly<Record<string, { readonly value: Json }>>;
  readonly disableCheck?: boolean;
  readonly checkOnly?: boolean;
  readonly container?: string;
}

type Json = { readonly [key: string]: never };

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: object }[];
}

export function specCases(): SpecCase[] {
  const found: SpecCase[] = [];
  const walk = (suite: Suite, path: string): void => {
    for (const { original } of suite.tests ?? []) found.push({ ...(original as SpecCase), path });
    for (const inner of suite.suites ?? []) walk(inner, path === '' ? inner.name : `${path}/${inner.name}`);
  };
  walk(conformance, '');
  return found;
}

/** Why a case cannot be run without protobuf; `undefined` when it can. */
export function needsProtobuf(test: SpecCase): string | undefined {
  const whole = JSON.stringify([test.value, test.typeEnv, test.bindings, test.typedResult, test.container]);
  if (/proto\.(hasExt|getExt)|proto2_ext/.test(test.expr + test.path)) return 'proto extension';
  if (/TestAllTypes|TestRequired|NestedTest|cel\.expr\.conformance|GlobalEnum|NestedEnum/.test(test.expr + whole))
    return 'protobuf message';
  if (/google\.protobuf\.\w+\s*\{/.test(test.expr)) return 'protobuf message';
  if (test.container === 'google.protobuf' && /\w+\{|NullValue/.test(test.expr)) return 'protobuf message';
  if (/objectValue|messageType|"wrapper"|WRAPPER/.test(whole)) return 'protobuf message';
  return undefined;
}

/** Runs a case; the text says what is wrong, `undefined` that nothing is. */
export function runSpecCase(test: SpecCase): string | undefined {
  try {
    const value = evaluateCase(test);
    if (test.evalError) return `no error but ${show(value)}`;
    const wanted =
      test.value ??
      test.typedResult?.result ??
      (test.typedResult ? undefined : ({ boolValue: true } as unknown as Json));
    if (test.checkOnly || wanted === undefined) return undefined;
    const expected = fromValue(wanted);
    return same(value, expected) ? undefined : `${show(value)} instead of ${show(expected)}`;
  } catch (error) {
    if (error instanceof WrongType) return error.message;
    if (!(error instanceof CelError)) return `crash: ${error instanceof Error ? error.stack : String(error)}`;
    return test.evalError ? undefined : error.message;
  }
}

class WrongType extends Error {}

function evaluateCase(test: SpecCase): unknown {
  const variables = Object.fromEntries(
    (test.typeEnv ?? []).flatMap(({ name, ident }) => (ident ? [[name, fromType(ident.type)] as const] : [])),
  );
  const environment = createEnvironment({
    functions: 'standard',
    variables: test.disableCheck ? (name) => (bound(test, name) ? { kind: 'dyn' } : undefined) : variables,
    container: test.container ?? '',
    declarations: (test.typeEnv ?? []).flatMap((entry) =>
      entry.function ? [declared(entry.name, entry.function)] : [],
    ),
  });
  const node = expandBlocks(parse(withBlockNames(test.expr)));
  const checked = check(node, environment, { lenient: test.disableCheck ?? false });
  if (test.typedResult) {
    const wanted = formatType(fromType(test.typedResult.deducedType));
    if (formatType(checked.type) !== wanted)
      throw new WrongType(`type ${formatType(checked.type)} instead of ${wanted}`);
  }
  if (test.checkOnly) return undefined;
  const bindings = Object.fromEntries(
    Object.entries(test.bindings ?? {}).map(([name, { value }]) => [name, fromValue(value)]),
  );
  return compile(checked, environment).value(bindings);
}

function declared(name: string, json: Json): FunctionDeclaration {
  const { overloads } = json as unknown as {
    overloads: { params?: Json[]; resultType: Json; isInstanceFunction?: boolean }[];
  };
  return declareFunction(
    name,
    overloads.map(({ params = [], resultType, isInstanceFunction = false }) => ({
      member: isInstanceFunction,
      parameters: params.map(fromType),
      result: fromType(resultType),
    })),
  );
}

function bound(test: SpecCase, name: string): boolean {
  return Object.hasOwn(test.bindings ?? {}, name) || (test.typeEnv ?? []).some((entry) => entry.name === name);
}

/** `cel.block([a, b], body)` is the suite's way to write what an optimiser makes; here it becomes nested bindings. */
function withBlockNames(text: string): string {
  return text
    .replace(/cel\.index\((\d+)\)/g, 'index_$1')
    .replace(/cel\.iterVar\((\d+), ?(\d+)\)/g, 'iter_$1_$2')
    .replace(/cel\.accuVar\((\d+), ?(\d+)\)/g, 'accu_$1_$2');
}

function expandBlocks(node: Node): Node {
  return substitute(node, (inner) => {
    const target = inner.kind === 'call' ? inner.target : undefined;
    if (inner.kind !== 'call' || inner.function !== 'block' || target?.kind !== 'identifier' || target.name !== 'cel')
      return undefined;
    const [list, body] = inner.args as [Node, Node];
    const elements = list.kind === 'list' ? list.elements : [];
    return elements.reduceRight<Node>(
      (rest, { value }, index) => ({ kind: 'bind', variable: `index_${index}`, init: value, body: rest }),
      body,
    );
  });
}

function fromType(type: Json): CelType {
  const json = type as unknown as Record<string, Record<string, unknown> & string>;
  const inner = (value: unknown): CelType => fromType(value as Json);
  if ('primitive' in json) {
    const names: Record<string, string> = { INT64: 'int', UINT64: 'uint' };
    const name = String(json['primitive']);
    return { kind: (names[name] ?? name.toLowerCase()) as 'int' };
  }
  if ('wellKnown' in json)
    return { kind: String(json['wellKnown']).toLowerCase().replace('any', 'dyn') as 'timestamp' };
  if ('listType' in json) return { kind: 'list', element: inner(json['listType']?.['elemType'] ?? { dyn: {} }) };
  if ('mapType' in json) {
    return {
      kind: 'map',
      key: inner(json['mapType']?.['keyType'] ?? { dyn: {} }),
      value: inner(json['mapType']?.['valueType'] ?? { dyn: {} }),
    };
  }
  if ('abstractType' in json) {
    const { name, parameterTypes = [] } = json['abstractType'] as unknown as { name: string; parameterTypes?: Json[] };
    if (name === 'optional_type') return { kind: 'optional', value: inner(parameterTypes[0] ?? { dyn: {} }) };
    return { kind: 'opaque', name, parameters: parameterTypes.map(fromType) };
  }
  if ('null' in json) return { kind: 'null' };
  if ('type' in json)
    return Object.keys(json['type'] ?? {}).length === 0
      ? { kind: 'type' }
      : { kind: 'type', value: inner(json['type']) };
  if ('typeParam' in json) return { kind: 'parameter', name: String(json['typeParam']) };
  return { kind: 'dyn' };
}

function fromValue(value: Json): unknown {
  const json = value as unknown as Record<string, unknown>;
  const [kind = 'nullValue'] = Object.keys(json);
  const held = json[kind];
  switch (kind) {
    case 'int64Value': {
      const number = BigInt(held as string);
      return BigInt(Number(number)) === number && Number.isSafeInteger(Number(number)) ? Number(number) : number;
    }
    case 'uint64Value':
      return new CelUint(BigInt(held as string));
    case 'doubleValue':
      return new CelDouble(Number(held));
    case 'bytesValue':
      return Uint8Array.from(atob(String(held)), (char) => char.charCodeAt(0));
    case 'listValue':
      return ((held as { values?: Json[] }).values ?? []).map(fromValue);
    case 'mapValue':
      return CelMap.of(
        ((held as { entries?: { key: Json; value: Json }[] }).entries ?? []).map(
          (entry) => [fromValue(entry.key), fromValue(entry.value)] as const,
        ),
      );
    case 'typeValue':
      return String(held);
    case 'nullValue':
      return null;
    default:
      return held;
  }
}

function same(value: unknown, expected: unknown): boolean {
  if (value instanceof CelTypeValue) return value.name === expected;
  if (value instanceof CelDouble && expected instanceof CelDouble) return Object.is(value.value, expected.value);
  if (value instanceof Timestamp || value instanceof Duration) return value.toString() === expected;
  const kinds = (of: unknown) =>
    typeof of === 'bigint' ? 'number' : of instanceof CelUint ? 'uint' : of instanceof CelDouble ? 'double' : typeof of;
  return kinds(value) === kinds(expected) && equals(value, expected);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'bigint'
      ? `${inner}n`
      : inner instanceof CelMap
        ? [...inner.entries()]
        : inner instanceof CelTypeValue
          ? inner.name
          : inner,
  );
}
