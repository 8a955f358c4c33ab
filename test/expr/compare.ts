import {
  CelDouble,
  CelMap,
  CelObject,
  CelOptional,
  CelTypeValue,
  CelUint,
  typeName,
} from '../../src/expr/cel-values.ts';
import { adapt } from '../../src/expr/adapt.ts';
import { isMap, mapEntries } from '../../src/expr/collections.ts';
import { type Checked, check } from '../../src/expr/check.ts';
import { createEnvironment, type Environment } from '../../src/expr/environment.ts';
import { CelError } from '../../src/expr/error.ts';
import { type CompileOptions, compile } from '../../src/expr/evaluate.ts';
import { formatShortest } from '../../src/expr/go-number.ts';
import { Failure } from '../../src/expr/failure.ts';
import { parse } from '../../src/expr/parse.ts';
import { Duration, Timestamp } from '../../src/expr/time.ts';
import { declaredType, parseType } from '../../src/expr/type-text.ts';
import type { CelType } from '../../src/expr/types.ts';
import type { OracleAnswer } from './oracle.ts';

/** What our own evaluator says, in the oracle's form: its closures and its generated code have to say the same. */
export function ours(
  expr: string,
  environment: Environment,
  bindings: Readonly<Record<string, unknown>>,
  options: CompileOptions = {},
): OracleAnswer & { missing?: boolean } {
  const answer = evaluated(expr, environment, bindings, options);
  if (answer.type === undefined) return answer;
  const generated = evaluated(expr, environment, bindings, { ...options, eager: true });
  if (stable(generated) === stable(answer) || answer.err?.includes('cost limit')) return answer;
  return { ok: false, phase: 'generated', err: `generated code: ${stable(generated)} instead of ${stable(answer)}` };
}

function evaluated(
  expr: string,
  environment: Environment,
  bindings: Readonly<Record<string, unknown>>,
  options: CompileOptions = {},
): OracleAnswer & { missing?: boolean } {
  let checked: Checked | undefined;
  try {
    checked = check(parse(expr), environment);
    const value = show(compile(checked, environment, options).value(bindings));
    return { ok: true, type: declaredType(checked.type), val: value };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, phase: 'shown', err: error.reason };
    if (!(error instanceof CelError))
      return { ok: false, phase: 'crash', err: error instanceof Error ? (error.stack ?? '') : String(error) };
    const answer = { ok: false, phase: error.phase, err: error.message, missing: error.missing };
    return checked ? { ...answer, type: declaredType(checked.type) } : answer;
  }
}

export function kroEnvironment(variables: Readonly<Record<string, string>>): Environment {
  return createEnvironment({ functions: 'kro', variables: typesOf(variables), runtime: true });
}

export function ruleEnvironment(variables: Readonly<Record<string, string>>): Environment {
  return createEnvironment({ functions: 'rules', variables: typesOf(variables) });
}

function typesOf(variables: Readonly<Record<string, string>>): Readonly<Record<string, CelType>> {
  return Object.fromEntries(Object.entries(variables).map(([name, text]) => [name, parseType(text) as CelType]));
}

/** What differs between the two answers; `undefined` when nothing does. */
export function difference(mine: OracleAnswer & { missing?: boolean }, theirs: OracleAnswer): string | undefined {
  // Our own limit stops what would keep kro busy.
  if (mine.err === 'operation cancelled: actual cost limit exceeded') return undefined;
  if (mine.ok !== theirs.ok) return 'outcome';
  // A program that cannot be built is refused with the expression, so for us that is part of the check.
  if (theirs.phase === 'program') return mine.phase === 'check' ? undefined : 'phase';
  if ((mine.type ?? '') !== (theirs.type ?? '')) return 'type';
  if (mine.ok) return stable(mine.val) === stable(theirs.val) ? undefined : 'value';
  if (mine.phase !== theirs.phase) return 'phase';
  const pending = /no such key|no such field|no such attribute|index out of bounds/.test(theirs.err ?? '');
  return theirs.phase === 'evaluate' && pending !== (mine.missing ?? false) ? 'missing' : undefined;
}

export function stable(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) =>
    key === 'map' && Array.isArray(inner)
      ? inner
          .map((pair) => [stable(pair), pair] as const)
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([, pair]) => pair as unknown)
      : typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
        : inner,
  );
}

/** A CEL value with its types; maps are sorted, as kro's have no order. */
function show(value: unknown): unknown {
  if (value === null || value === undefined) return { null: 0 };
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'number' || typeof value === 'bigint') return { int: String(value === 0 ? 0 : value) };
  if (typeof value === 'string') return { string: value };
  if (value instanceof CelDouble) return { double: formatShortest(value.value) };
  if (value instanceof CelUint) return { uint: String(value.value) };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return { list: value.map((item) => show(adapt(item))) };
  if (value instanceof Timestamp) return { timestamp: value.toString() };
  if (value instanceof Duration) return { duration: String(value.nanoseconds) };
  if (value instanceof CelOptional) return { optional: value.present ? show(value.value) : null };
  if (value instanceof CelTypeValue) return { type: value.name };
  if (isMap(value)) {
    return { map: Array.from(mapEntries(value as CelMap), ([key, item]) => [show(key), show(item)]) };
  }
  return { other: value instanceof CelObject ? typeName(value.celType) : 'unknown' };
}
