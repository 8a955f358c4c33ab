/**
 * CEL engines on the same expressions and bindings, in one run: `npx tsx bench/cel.ts`. Ratios above 1 mean that
 * kubewright is faster. Values that differ from kro's are marked and win nothing. `CEL_ORACLE` names a built oracle,
 * otherwise it is built when Go is there.
 */
import { Environment as MarcEnvironment } from '@marcbachmann/cel-js';
import { celEnv, isCelError, parse as bufParse, plan as bufPlan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { evaluate as oldEvaluate, parse as oldParse } from 'cel-js';
import { compileCel } from '../src/cel.ts';
import { check } from '../src/expr/check.ts';
import { createEnvironment } from '../src/expr/environment.ts';
import { parse } from '../src/expr/parse.ts';
import { bindings, expressions, variables } from './cel-expressions.ts';
import { Oracle, oracleBinary } from '../test/expr/oracle.ts';

interface Engine {
  readonly name: string;
  prepare(text: string): (() => unknown) | undefined;
}

const engines: readonly Engine[] = [
  {
    name: 'cel-js',
    prepare(text) {
      const parsed = oldParse(text);
      if (!parsed.isSuccess) return undefined;
      return () => oldEvaluate(parsed.cst, bindings);
    },
  },
  {
    name: '@marcbachmann/cel-js',
    prepare(text) {
      const environment = new MarcEnvironment({ unlistedVariablesAreDyn: true, enableOptionalTypes: true });
      const program = environment.parse(text);
      const context = bigints(bindings);
      return () => program(context as never);
    },
  },
  {
    name: '@bufbuild/cel',
    prepare(text) {
      const environment = celEnv({ funcs: strings });
      const program = bufPlan(environment, bufParse(text));
      const context = bigints(bindings);
      return () => {
        const result = program(context as never);
        if (isCelError(result)) throw result;
        return result;
      };
    },
  },
];

/** The peers take a JavaScript number for a double and a bigint for an int. */
function bigints(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(bigints);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bigints(item)]));
  return value;
}

/** Nanoseconds of this thread's processor, which other programs on the machine do not disturb. */
function clock(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}

function round(run: () => unknown, count: number): number {
  const start = clock();
  for (let i = 0; i < count; i++) run();
  return (clock() - start) / count;
}

/** Nanoseconds a call: the middle of several rounds, as the clock may be coarse. */
function time(run: () => unknown, roundMs = 15): number {
  for (let i = 0; i < 3000; i++) run();
  let count = 500;
  while (round(run, count) * count < roundMs * 1e6 && count < 1e8) count *= 2;
  const rounds = Array.from({ length: 5 }, () => round(run, count)).sort((left, right) => left - right);
  return rounds[2] ?? Number.NaN;
}

function plain(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return Number(inner);
      if (inner instanceof Map) return Object.fromEntries(inner);
      if (typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Symbol.iterator in inner)
        return [...(inner as Iterable<unknown>)];
      return inner;
    }) ?? 'undefined'
  );
}

const binary = oracleBinary();
const oracle = binary ? new Oracle(binary) : undefined;
const rows: string[] = [];
const best: number[] = [];
const native: number[] = [];
const compiled: number[] = [];
const environment = createEnvironment({
  functions: 'kro',
  variables: (name) => (Object.hasOwn(variables, name) ? { kind: 'dyn' } : undefined),
});
let lost = 0;

for (const text of expressions) {
  const program = compileCel(text, { functions: 'kro', variables });
  const value = plain(program.evaluate(bindings));
  const ours = time(() => program.evaluate(bindings));
  const cells: string[] = [];
  let fastest = Number.POSITIVE_INFINITY;
  for (const engine of engines) {
    let cell = 'fails';
    try {
      const run = engine.prepare(text);
      if (run) {
        const right = plain(run()) === value;
        const taken = time(run);
        if (right) fastest = Math.min(fastest, taken);
        cell = `${(taken / ours).toFixed(1)}${right ? '' : ' (wrong)'}`;
      }
    } catch {
      // What an engine cannot do, it cannot win.
    }
    cells.push(cell);
  }
  if (fastest < ours) lost++;
  if (Number.isFinite(fastest)) best.push(fastest / ours);
  const parseCheck = time(() => check(parse(text), environment), 8);
  const answer = await oracle?.ask({ expr: text, variables, bindings, bench: 20000 });
  if (answer?.evalNs) native.push(answer.evalNs / ours);
  if (answer?.compileNs) compiled.push(answer.compileNs / parseCheck);
  const go = answer?.evalNs
    ? `${(answer.evalNs / ours).toFixed(2)} | ${((answer.compileNs ?? 0) / parseCheck).toFixed(1)}`
    : '- | -';
  rows.push(`| \`${text}\` | ${ours.toFixed(0)} | ${cells.join(' | ')} | ${go} |`);
}
oracle?.close();

const mean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length).toFixed(2);
console.log(`| expression | ns | ${engines.map(({ name }) => name).join(' | ')} | cel-go | cel-go compile |`);
console.log(`|---|---|${engines.map(() => '---|').join('')}---|---|`);
console.log(rows.join('\n'));
console.log(`\nbest right JavaScript engine: ${mean(best)} (geometric mean), lost on ${lost} of ${expressions.length}`);
if (native.length > 0) console.log(`cel-go: evaluation ${mean(native)}, parse and check ${mean(compiled)}`);
