import { describe, expect, it } from 'vitest';
import { fromDefinition } from '../../src/kro/import.ts';
import { validate, type ValidationError, type Verdict } from '../../src/kro/validate.ts';

const definition = (leaf: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1, kind: App, spec: { a: string } }
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: x }
        data:
          k: ${leaf}
`;

const verdictOf = (content: string): Verdict => validate([{ file: 'rgd.yaml', content }])[0] as Verdict;
const errorOf = (content: string): ValidationError | undefined => verdictOf(content).errors[0];

const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefghij'
  .split('')
  .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]`)
  .join('\n')}`;
const resources = (count: number, leaf: (index: number) => string): string =>
  `${definition('x').slice(0, definition('x').indexOf('    - id'))}${Array.from(
    { length: count },
    (_, index) =>
      `    - id: r${index}\n      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: 'x${index}' }, data: { a: '${leaf(index)}' } }\n`,
  ).join('')}`;

describe('hostile input', () => {
  it.each([
    ['a bomb of aliases', bomb, { code: 'InvalidYaml', message: expect.stringContaining('excessive aliasing') }],
    ['a tab', 'a:\n\tb: 1', { code: 'InvalidYaml', line: 2 }],
    ['a tag of a language', definition('!!js/function "function () {}"'), { code: 'InvalidYaml', line: 13 }],
    ['deep nesting', definition('['.repeat(100_000)), { code: 'InvalidYaml', line: 13 }],
    [
      'an unknown alias',
      definition('*nobody'),
      { code: 'InvalidYaml', message: expect.stringContaining("unknown anchor 'nobody'") },
    ],
    [
      'a text of 10 MB',
      definition(`"${'x'.repeat(10_000_000)}"`),
      {
        code: 'Admission',
        line: 13,
        path: 'spec.resources[0].template.data.k',
        message: 'Request entity too large: limit is 3145728',
      },
    ],
    ['10 MB of open expressions', definition(`'${'${"'.repeat(2_500_000)}'`), { code: 'Admission' }],
    [
      'an expression of 1 MB',
      definition(`"\${${'schema.spec.a + '.repeat(65_000)}schema.spec.a}"`),
      { code: 'CelSyntax', line: 13, message: expect.stringContaining('code point size exceeds limit') },
    ],
    [
      'deep parentheses',
      definition(`"\${${'('.repeat(40_000)}1${')'.repeat(40_000)}}"`),
      { code: 'CelSyntax', message: expect.stringContaining('recursion limit') },
    ],
    [
      'another version of the API',
      definition('x').replace('kro.run/v1alpha1', 'kro.run/v2'),
      { code: 'Admission', line: 1 },
    ],
    ['no object', '- 1', { code: 'NotAnObject' }],
    ['nothing', '', { code: 'NoDefinition' }],
    [
      'specs of another type',
      'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: x }\nspec: [1]',
      { code: 'Admission', line: 4 },
    ],
    [
      '10,000 resources in a circle',
      resources(10_000, (index) => `\${r${(index + 1) % 10_000}.metadata.name}`),
      { code: 'GraphCycle', line: 7 },
    ],
  ])('%s is an error with its place', (_, content, error) => {
    expect(errorOf(content)).toMatchObject(error);
  });

  it('10,000 resources are not too many', () => {
    expect(
      verdictOf(resources(10_000, (index) => (index > 0 ? `\${r${index - 1}.metadata.name}` : 'x'))).accepted,
    ).toBe(true);
  });

  it('equal keys are what kubectl makes of them: the last one, with a warning', () => {
    const verdict = verdictOf(definition('"1"\n          k: "2"'));
    expect(verdict).toMatchObject({ accepted: true, warnings: [{ code: 'RepeatedKey', line: 14 }] });
    expect(fromDefinition(definition('"1"\n          k: "2"')).nodes[0]?.template).toMatchObject({ data: { k: '2' } });
  });

  it('names of prototypes are names', () => {
    const [node] = fromDefinition(definition('a\n          __proto__: b\n          constructor: c')).nodes;
    expect(Object.entries(node?.template['data'] as object)).toEqual([
      ['k', 'a'],
      ['__proto__', 'b'],
      ['constructor', 'c'],
    ]);
  });

  it('malformed CustomResourceDefinitions are errors of their own', () => {
    const crd =
      'kind: CustomResourceDefinition\nspec:\n  group: a.b\n  scope: Namespaced\n  names: { kind: X }\n  versions:\n    - name: v1\n      served: true\n      schema: { openAPIV3Schema: { type: [object] } }\n';
    expect(errorOf(crd)).toMatchObject({ code: 'InvalidCrd', line: 9 });
    expect(() => validate([definition('x')], { crds: [{ file: 'crd.yaml', content: crd }] })).toThrow(
      /crd\.yaml:9 .*openAPIV3Schema\.type: is no type of OpenAPI/,
    );
  });
});

describe('YAML as kubectl reads it', () => {
  const anyKind = definition('x').replace(
    'apiVersion: v1\n        kind: ConfigMap',
    'apiVersion: a.b/v1\n        kind: Any',
  );
  const leaf = (text: string): unknown => {
    const [node] = fromDefinition(anyKind.replace('k: x', `k: ${text}`)).nodes;
    return (node?.template['data'] as Record<string, unknown> | undefined)?.['k'];
  };

  it.each([
    ['yes', true],
    ['off', false],
    ['n', false],
    ['Y', true],
    ["'yes'", 'yes'],
    ['~', null],
    ['', null],
    ['null', null],
    ['nUll', 'nUll'],
    ['0777', 511],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['09', 9],
    ['1e3', 1000],
    ['.5', 0.5],
    ['1.', 1],
    ['-7', -7],
    ['+7', 7],
    ['2026-11-21', '2026-11-21'],
    ['1:30', '1:30'],
    ['1.2.3', '1.2.3'],
    ['!!str 12', '12'],
    ['!!int "12"', 12],
    ['!!binary aGk=', 'hi'],
    ['1e', '1e'],
  ])('%s', (text, value) => {
    expect(leaf(text)).toEqual(value);
  });

  it('reads keys, anchors and merges', () => {
    expect(leaf('{ on: 1, 7: a, ~: b }')).toEqual({ true: 1, 7: 'a', null: 'b' });
    expect(leaf('[&a { x: 1, z: 1 }, { <<: *a, z: 2 }]')).toEqual([
      { x: 1, z: 1 },
      { x: 1, z: 2 },
    ]);
  });
});
