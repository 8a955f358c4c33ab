import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../../src/expr/environment.ts';
import { explain } from '../../src/expr/explain.ts';
import { parse } from '../../src/expr/parse.ts';
import { print } from '../../src/expr/print.ts';
import { fold, identifiers, nodeToValue, substitute, valueToNode } from '../../src/expr/references.ts';

describe('fold', () => {
  it.each([
    ['1 + 2 * 3', '7'],
    ['x + (1 + 2)', 'x + 3'],
    ['"a" + "b" + x', '"ab" + x'],
    ['true ? x : y', 'x'],
    ['1 > 2 ? x : y', 'y'],
    ['false && x', 'false'],
    ['x && false', 'false'],
    ['x || true', 'true'],
    ['true && x', 'true && x'],
    ['true && x == 1', 'x == 1'],
    ['x == 1 || false', 'x == 1'],
    ['1 / 0', '1 / 0'],
    ['x || 1 / 0 == 1', 'x || 1 / 0 == 1'],
    ['[1, 2, 3].map(i, i * 2)', '[2, 4, 6]'],
    ['[1, 2].map(i, i + x)', '[1, 2].map(i, i + x)'],
    ['l.map(i, i + (1 + 1))', 'l.map(i, i + 2)'],
    ['{"a": 1}.a + x', '1 + x'],
    ['{"a": 1}.b', '{"a": 1}.b'],
    ['duration("1h")', 'duration("1h")'],
    ['1.0', '1.0'],
    ['2.0 * 3.0', '6.0'],
    ['optional.none().orValue(5)', '5'],
    ['{"a": {"b": true}}.a.b ? x : y', 'x'],
    ['cel.bind(v, 1 + 1, v + x)', 'cel.bind(v, 2, v + x)'],
    ['omit()', 'omit()'],
  ])('%s becomes %s', (text, folded) => {
    expect(print(fold(parse(text)))).toBe(folded);
  });
});

describe('references', () => {
  it.each([
    ['a.b + c[d]', ['a', 'c', 'd']],
    ['l.map(x, x + y)', ['l', 'y']],
    ['l.all(i, v, v > i && z)', ['l', 'z']],
    ['cel.bind(v, a, v + b)', ['a', 'b']],
    ['base64.encode(hash.sha256(s))', ['s']],
    ['o.optMap(v, v + w)', ['o', 'w']],
    ['x.map(x, x)', ['x']],
    ['schema.spec.a ? b : c', ['b', 'c', 'schema']],
    ['json.a', ['json']],
  ])('of %s', (text, names) => {
    expect([...identifiers(parse(text))].sort()).toEqual(names);
  });

  it('are substituted from the outside in', () => {
    const tree = parse('a.b + a.c');
    const changed = substitute(tree, (node) =>
      node.kind === 'select' && node.field === 'b' ? valueToNode(5) : undefined,
    );
    expect(print(changed)).toBe('5 + a.c');
    expect(print(tree)).toBe('a.b + a.c');
  });

  it('turn JSON into literals and back', () => {
    const value = { a: [1, 2.5, 'x', true, null], __proto__x: {} };
    expect(print(valueToNode(value))).toBe('{"a": [1, 2.5, "x", true, null], "__proto__x": {}}');
    expect(nodeToValue(valueToNode(value))).toEqual(value);
    expect(nodeToValue(parse('a'))).toBeUndefined();
    expect(nodeToValue(parse('{1: 2}'))).toBeUndefined();
  });
});

describe('explain', () => {
  it('gives the results of the parts', () => {
    const environment = createEnvironment({ functions: 'kro', variables: { x: { kind: 'dyn' } } });
    const explanation = explain(parse('has(x.a) && x.l.exists(i, i > 2)'), environment, { x: { a: 1, l: [1, 3] } });
    expect(explanation.value).toBe(true);
    expect(explanation.parts.map(({ expression, value }) => [expression, value])).toEqual([
      ['has(x.a)', true],
      ['x.l.exists(i, i > 2)', true],
    ]);
    expect(explanation.parts[1]?.parts.map(({ expression, value }) => [expression, value])).toEqual([
      ['x.l', [1, 3]],
      ['i > 2', false],
      ['i > 2', true],
    ]);
    const failing = explain(parse('x.nope == 1'), environment, { x: {} });
    expect(failing.error?.reason).toBe('no such key: nope');
  });
});
