import { describe, expect, it } from 'vitest';
import { compileCel } from '../../src/cel.ts';
import { CelError } from '../../src/expr/error.ts';
import { parse } from '../../src/expr/parse.ts';

const variables = { i: 'int', s: 'string', l: 'list(int)', m: 'map(string, int)', x: 'dyn' };
const bindings = { i: 1, s: 'secret-text', l: [1, 2], m: { a: 1 }, x: { a: { b: 1 } } };

function failure(source: string): CelError {
  try {
    compileCel(source, { functions: 'kro', variables }).evaluate(bindings);
  } catch (error) {
    if (error instanceof CelError) return error;
    throw error;
  }
  throw new Error(`${source} does not fail`);
}

describe('errors', () => {
  it.each([
    ['syntax', 'i +', 'parse', 3, 'mismatched input'],
    ['unknown character', 'i # 1', 'parse', 2, "token recognition error at: '#'"],
    ['reserved word', 'for', 'parse', 0, 'reserved identifier: for'],
    ['literal too large', '9223372036854775808', 'parse', 0, 'invalid int literal'],
    ['macro argument', 'l.all(1, true)', 'parse', 6, 'argument must be a simple name'],
    ['has without field', 'has(i)', 'parse', 4, 'invalid argument to has() macro'],
    ['undeclared name', 'i + nope', 'check', 4, "undeclared reference to 'nope' (in container '')"],
    ['undeclared function', 'nope(i)', 'check', 4, "undeclared reference to 'nope' (in container '')"],
    ['no matching overload', 'i + s', 'check', 2, "found no matching overload for '_+_' applied to '(int, string)'"],
    ['no matching method', 's.size(i)', 'check', 6, "found no matching overload for 'size' applied to 'string.(int)'"],
    ['condition', 'i && true', 'check', 0, "expected type 'bool' but found 'int'"],
    ['field of a text', 's.a', 'check', 1, "type 'string' does not support field selection"],
    [
      'range',
      'i.all(e, true)',
      'check',
      0,
      "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    [
      'format string',
      '"%z".format([i])',
      'check',
      11,
      'could not parse formatting clause: unrecognized formatting clause "z"',
    ],
    [
      'format argument',
      '"%d".format([s])',
      'check',
      13,
      'error during formatting: decimal clause can only be used on ints, uints, and doubles, was given string',
    ],
    ['invalid literal pattern', 's.find("[")', 'check', 7, 'error parsing regexp: missing closing ]: `[`'],
    ['no such key', 'm.b', 'evaluate', undefined, 'no such key: b'],
    ['index out of range', 'l[5]', 'evaluate', undefined, 'index out of bounds: 5'],
    ['overflow', '9223372036854775807 + i', 'evaluate', undefined, 'integer overflow'],
    ['division by zero', 'i / 0', 'evaluate', undefined, 'division by zero'],
    ['modulus by zero', 'i % 0', 'evaluate', undefined, 'modulus by zero'],
    ['wrong type at run time', 'x.a + 1', 'evaluate', undefined, 'no such overload'],
    ['conversion', 'int(s)', 'evaluate', undefined, "type conversion error from 'string' to 'int'"],
    ['invalid pattern', 's.matches("[")', 'evaluate', undefined, 'error parsing regexp: missing closing ]: `[`'],
    [
      'cost',
      'lists.range(1000000).map(a, lists.range(1000000)).size()',
      'evaluate',
      undefined,
      'actual cost limit exceeded',
    ],
    [
      'cost of nested loops',
      'lists.range(10000).all(a, lists.range(10000).all(b, true))',
      'evaluate',
      undefined,
      'actual cost limit exceeded',
    ],
    ['cost of growing text', growing('"xx"'), 'evaluate', undefined, 'actual cost limit exceeded'],
    ['cost of growing lists', growing('[1, 2]'), 'evaluate', undefined, 'actual cost limit exceeded'],
  ] as const)('%s: %s', (_class, source, phase, position, reason) => {
    const error = failure(source);
    expect(error.phase).toBe(phase);
    expect(error.position).toBe(position);
    expect(error.reason).toContain(reason);
  });

  it('tells missing data from mistakes', () => {
    expect(failure('m.b').missing).toBe(true);
    expect(failure('l[5]').missing).toBe(true);
    expect(failure('x.a.c').missing).toBe(true);
    expect(failure('x.a + 1').missing).toBe(false);
    expect(failure('i / 0').missing).toBe(false);
  });

  it('shows the place in the text', () => {
    expect(failure('i + nope').message).toBe(
      "ERROR: <input>:1:5: undeclared reference to 'nope' (in container '')\n | i + nope\n | ....^",
    );
    expect(failure('"ü" +\n  nope').message).toContain('ERROR: <input>:2:3:');
  });

  it('never shows a value', () => {
    for (const source of [
      'int(s)',
      'timestamp(s)',
      'duration(s)',
      'quantity(s)',
      'ip(s)',
      'url(s)',
      'semver(s)',
      'cidr(s)',
      'base64.decode(s)',
      'json.unmarshal(s)',
      'dyn(s) + 1',
      'dyn(s) && true',
      'm[s]',
      'x[s]',
      'x[s + s]',
      '{"a": 1}[s]',
      '[s, s].transformMapEntry(k, v, {v: 1})',
    ]) {
      expect(failure(source).message).not.toContain('secret-text');
    }
  });

  it('reads 100,000 brackets without running out of stack', () => {
    for (const text of [
      '('.repeat(100_000),
      '['.repeat(99_999),
      '!'.repeat(99_999),
      '-'.repeat(99_999),
      `a${'.b'.repeat(49_999)}`,
      'a?'.repeat(49_999),
      `1${'+1'.repeat(49_999)}`,
      '{1:'.repeat(30_000),
      'f('.repeat(49_999),
    ]) {
      expect(() => parse(text)).toThrow(CelError);
    }
    expect(() => parse(' '.repeat(100_001))).toThrow(
      'expression code point size exceeds limit: size: 100001, limit 100000',
    );
    expect(() => parse(`${'a && '.repeat(19_000)}a`)).not.toThrow();
  });

  it('matches patterns in linear time', () => {
    const started = performance.now();
    const text = `${'a'.repeat(20_000)}b`;
    expect(compileCel('s.matches("(a+)+$")', { functions: 'kro', variables }).evaluate({ s: text })).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('takes names of the prototype for data', () => {
    const data = JSON.parse('{"__proto__": 1, "constructor": {"name": "c"}}') as object;
    const run = (source: string) => compileCel(source, { functions: 'kro', variables }).evaluate({ x: data });
    expect(run('x.__proto__')).toBe(1);
    expect(run('x.constructor.name')).toBe('c');
    expect(run('has(x.toString)')).toBe(false);
    expect(run('"hasOwnProperty" in x')).toBe(false);
    expect(run('x.?valueOf.hasValue()')).toBe(false);
    expect(Object.keys(run('{"__proto__": 1, "a": 2}') as object)).toEqual(['__proto__', 'a']);
    expect(failure('m.toString').reason).toBe('no such key: toString');
    expect(failure('x.a.__proto__').reason).toBe('no such key: __proto__');
  });
});

function growing(start: string): string {
  let text = 'v60';
  for (let index = 60; index > 0; index--) text = `cel.bind(v${index}, v${index - 1} + v${index - 1}, ${text})`;
  return `size(cel.bind(v0, ${start}, ${text}))`;
}
