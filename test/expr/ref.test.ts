import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Cel } from '../../src/expr/cel.ts';
import { identifier, nodeOf } from '../../src/expr/nodes.ts';
import { print } from '../../src/expr/print.ts';

import { makeRef } from '../../src/expr/ref.ts';

// biome-ignore lint/suspicious/noExplicitAny: what is misused has no type that allows it
const schema = makeRef<any>(identifier('schema'));
const text = (ref: unknown): string => print(nodeOf(ref) as never);

describe('a reference refuses to be taken for its value', () => {
  const ref = schema.spec.image;
  const misuses: Record<string, [() => unknown, RegExp]> = {
    'template text': [() => `x-${ref}`, /schema\.spec\.image: .*cannot be used in text.*Cel\.template/],
    'text concatenation': [() => ref + '-x', /cannot be used in text/],
    negation: [() => -ref, /cannot be used in arithmetic.*\.gt/],
    'String()': [() => String(ref), /cannot be used in text/],
    'JSON.stringify()': [() => JSON.stringify(ref), /cannot be used in JSON\.stringify/],
    'JSON.stringify() of an object around it': [
      () => JSON.stringify({ a: { ref } }),
      /cannot be used in JSON\.stringify/,
    ],
    'Object.keys()': [() => Object.keys(ref), /its fields cannot be listed/],
    'object spread': [() => ({ ...ref }), /its fields cannot be listed/],
    'list spread': [() => [...ref], /cannot be used in iteration.*\.map\(\)/],
    'for … of': [
      () => {
        for (const item of ref) return item;
        return undefined;
      },
      /cannot be used in iteration/,
    ],
    'for … in': [
      () => {
        for (const key in ref) return key;
        return undefined;
      },
      /its fields cannot be listed/,
    ],
    in: [() => 'x' in ref, /\.exists\(\)/],
    assignment: [
      () => {
        ref.x = 1;
      },
      /read only/,
    ],
    deletion: [() => delete ref.x, /read only/],
    comparison: [() => ref > 3, /cannot be used in arithmetic or a comparison/],
    'an unknown method': [() => ref.toUpperCase(), /\.toUpperCase\(\) is not an operation of an expression/],
    'an inherited member of functions': [() => ref.call(1), /\.call\(\) is not an operation/],
    'a secret in an expression': [() => Cel.template`${undefined as never}`, /undefined cannot be part of a text/],
    'a template without enough values': [() => Cel.template('%s-%s', ref), /has 2 times %s and was given 1 values/],
  };
  for (const [name, [misuse, message]] of Object.entries(misuses)) {
    it(name, () => expect(misuse).toThrow(message));
  }
});

describe('a reference looks like nothing else', () => {
  it('is not a promise', async () => {
    const ref = schema.spec.image;
    expect(await ref).toBe(ref);
    expect(await Promise.resolve(ref)).toBe(ref);
    expect(await (async () => ref)()).toBe(ref);
  });

  it('is shown by its path', () => {
    expect(inspect(schema.spec.services.user.image)).toBe('Ref(schema.spec.services.user.image)');
    expect(inspect(schema.spec.replicas.gt(3))).toBe('Ref(schema.spec.replicas > 3)');
  });
});

describe('combinators and fields', () => {
  const cases: Record<string, [() => unknown, string]> = {
    'a field called like a combinator': [() => schema.spec.size, 'schema.spec.size'],
    'its combinator': [() => Cel.size(schema.spec.size), 'size(schema.spec.size)'],
    'a field with any name': [
      () => Cel.field(schema.spec.labels, 'app.kubernetes.io/name'),
      'schema.spec.labels["app.kubernetes.io/name"]',
    ],
    'and binds tighter than or': [
      () => schema.spec.a.or(schema.spec.b).and(schema.spec.c),
      '(schema.spec.a || schema.spec.b) && schema.spec.c',
    ],
    'a spliced tree keeps its meaning': [
      () => Cel.expr<boolean>`${schema.spec.a.or(schema.spec.b)} && true`,
      '(schema.spec.a || schema.spec.b) && true',
    ],
    'call form text': [
      () => Cel.expr<boolean>(schema.spec.a, ' == ', schema.spec.b, ' ? "x" : "y"'),
      'schema.spec.a == schema.spec.b ? "x" : "y"',
    ],
    'plain values in a tag are literals': [
      () => Cel.expr<boolean>`${schema.spec.a} == ${'a" || true || "'}`,
      'schema.spec.a == "a\\" || true || \\""',
    ],
    'a list literal': [() => schema.spec.a.in(['x', 'y']), 'schema.spec.a in ["x", "y"]'],
    arithmetic: [
      () => schema.spec.n.plus(1).times(2).minus(schema.spec.n.mod(3)),
      '(schema.spec.n + 1) * 2 - schema.spec.n % 3',
    ],
    'a default': [() => schema.spec.a.b.orElse('x'), 'schema.spec.?a.?b.orValue("x")'],
    'a percent sign': [() => Cel.template('100%% of %s', schema.spec.a), '"100% of " + schema.spec.a'],
    'text in a template is data': [() => Cel.template`\${x} {{y}} ${schema.spec.a}`, '"${x} {{y}} " + schema.spec.a'],
    'any function': [
      () => Cel.call('base64.encode', Cel.call('bytes', schema.spec.a)),
      'base64.encode(bytes(schema.spec.a))',
    ],
  };
  for (const [name, [make, expected]] of Object.entries(cases)) {
    it(name, () => expect(text(make())).toBe(expected));
  }
});
