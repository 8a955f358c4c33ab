import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/expr/ast.ts';
import { parse } from '../../src/expr/parse.ts';
import { print, printTemplate } from '../../src/expr/print.ts';
import { samples } from './generator.ts';

function shape(node: Node): string {
  return JSON.stringify(node, (key, value: unknown) =>
    key === 'position' ? undefined : typeof value === 'bigint' ? `${value}n` : value,
  );
}

describe('print', () => {
  it.each([
    ['a - (b - c)', 'a - (b - c)'],
    ['(a - b) - c', 'a - b - c'],
    ['(a + b) * c', '(a + b) * c'],
    ['a + (b * c)', 'a + b * c'],
    ['(a ? b : c) ? d : e', '(a ? b : c) ? d : e'],
    ['a ? (b ? c : d) : (e ? f : g)', 'a ? (b ? c : d) : e ? f : g'],
    ['!(a && (b || c))', '!(a && (b || c))'],
    ['-(-1)', '-(-1)'],
    ['(-1).abs()', '(-1).abs()'],
    ["'it\\'s'", '"it\'s"'],
    ['r"\\d"', '"\\\\d"'],
    ['b"\\xff"', 'b"\\xff"'],
    ['a in (b in c)', 'a in (b in c)'],
    ['a.?b[?c].orValue({?"k": d, "l": [?e]})', 'a.?b[?c].orValue({?"k": d, "l": [?e]})'],
    ['a.`x-y`', 'a["x-y"]'],
    ['has(a.`x-y`)', '"x-y" in a'],
    ['1.0', '1.0'],
    ['l.map(i, i > 0, i + 1).all(i, v, v > i)', 'l.map(i, i > 0, i + 1).all(i, v, v > i)'],
    ['cel.bind(x, 1, x + 1)', 'cel.bind(x, 1, x + 1)'],
    ['runtime.newCondition({type: "a", status: "True"})', 'runtime.newCondition({type: "a", status: "True"})'],
  ])('%s as %s', (text, printed) => {
    expect(print(parse(text))).toBe(printed);
  });

  it('gives back the tree that it printed', () => {
    fc.assert(
      fc.property(samples(), ({ expr }) => {
        let tree: Node;
        try {
          tree = parse(expr);
        } catch {
          return;
        }
        const text = print(tree);
        const again = parse(text);
        expect(print(again)).toBe(text);
        if (!/&&|\|\||`|runtime/.test(expr)) expect(shape(again)).toBe(shape(tree));
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('makes kro templates in which text stays text', () => {
    const hole = parse('schema.spec.name');
    expect(printTemplate(hole)).toBe('${schema.spec.name}');
    expect(printTemplate({ kind: 'template', parts: ['a-', hole, '-b'] })).toBe('a-${schema.spec.name}-b');
    expect(printTemplate({ kind: 'template', parts: ['x${y}', hole] })).toBe('x${"${"}y}${schema.spec.name}');
    expect(printTemplate({ kind: 'template', parts: ['$', parse('"{z"')] })).toBe('${"${"}z');
    expect(printTemplate({ kind: 'template', parts: ['plain'] })).toBe('plain');
  });

  it('prints a template as a concatenation inside of CEL', () => {
    const node: Node = { kind: 'template', parts: ['a', parse('x ? y : z'), 'b'] };
    expect(print(node)).toBe('"a" + (x ? y : z) + "b"');
    expect(print({ kind: 'select', operand: node, field: 'f' })).toBe('("a" + (x ? y : z) + "b").f');
  });

  it('refuses a resource without a name', () => {
    expect(() => print({ kind: 'handle', handle: {} })).toThrow('not part of the graph');
  });
});
