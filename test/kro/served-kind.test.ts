import { describe, expect, it } from 'vitest';
import { validate } from '../../src/kro/validate.ts';

interface Api {
  readonly spec?: object;
  readonly types?: object;
  readonly [field: string]: unknown;
}

const verdict = (schema: Api): readonly { readonly path: string; readonly message: string }[] => {
  const definition = {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'served' },
    spec: { schema: { apiVersion: 'v1', kind: 'Web', group: 'example.com', ...schema }, resources: [] },
  };
  return validate([definition])[0]?.errors ?? [];
};

/** Said by the API server's own validation, through the oracle. */
const refused: Readonly<Record<string, readonly [Api, string, RegExp]>> = {
  'a rule that could look at very much': [
    { spec: { tags: '[]string | validation="self.all(x, self.exists_one(y, x == y))"' } },
    'spec.schema.spec.tags',
    /rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try .* adding maxItems/,
  ],
  'a rule in a list without an end': [
    { spec: { items: '[]Item' }, types: { Item: { name: 'string | validation="self.matches(\'^a\')"' } } },
    'spec.schema.spec.items.name',
    /items\.properties\[name\]\.x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost/,
  ],
  'rules that are too much together': [
    {
      spec: Object.fromEntries(
        Array.from({ length: 12 }, (_, index) => [
          `f${index}`,
          '[]string | validation="self.map(x, size(x)).sum() > 1"',
        ]),
      ),
    },
    'spec.schema.spec.f0',
    /openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total .* exceeds budget by factor of 1\.9x/,
  ],
  'a rule about updates of items that nobody can follow': [
    { spec: { items: '[]Item | maxItems=3' }, types: { Item: { name: 'string | maxLength=5 immutable=true' } } },
    'spec.schema.spec.items.name',
    /"self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within .*\[items\]$/,
  ],
  'a rule with a function of kro': [
    { spec: { name: 'string | validation="json.marshal(self) != \'\'"' } },
    'spec.schema.spec.name',
    /compilation failed: ERROR: .*undeclared reference to 'json'/s,
  ],
  'a rule with a variable of its own': [
    { spec: { name: 'string | validation="cel.bind(x, self, x == x)"' } },
    'spec.schema.spec.name',
    /undeclared reference to 'cel'/,
  ],
  'a rule that looks into an object of any content': [
    { spec: { any: 'object | validation="has(self.name)"' } },
    'spec.schema.spec.any',
    /undefined field 'name'/,
  ],
  'a rule with a pattern that is none': [
    { spec: { name: 'string | validation="self.matches(\'[\')"' } },
    'spec.schema.spec.name',
    /invalid matches argument/,
  ],
  'a rule with a constant that cannot be converted': [
    { spec: { size: 'integer | validation="self > int(\'x\')"' } },
    'spec.schema.spec.size',
    /program instantiation failed: strconv\.ParseInt: parsing "x"|program instantiation failed: type conversion error/,
  ],
  'a bound of integers that is none, with a default': [
    { spec: { size: 'integer | minimum=1.5 default=2' } },
    'spec.schema.spec.size',
    /Minimum boundary value must be of type integer \(default format\)/,
  ],
  'a bound without end': [{ spec: { size: 'float | maximum=Inf' } }, 'spec.schema.spec.size', /cannot be handled/],
  'a version that is too long': [
    { apiVersion: `v${'1'.repeat(63)}` },
    'spec.schema.apiVersion',
    /spec\.versions\[0\]\.name: Invalid value: .*must be no more than 63 characters/,
  ],
  'a group of the Kubernetes community': [
    { group: 'web.k8s.io' },
    'spec.schema.group',
    /metadata\.annotations\[api-approved\.kubernetes\.io\]: Required value: protected groups/,
  ],
  'a label that is none': [
    { metadata: { labels: { team: 'no label' } } },
    'spec.schema.metadata.labels.team',
    /metadata\.labels: Invalid value: "no label": a valid label must/,
  ],
  'an annotation with a key that is none': [
    { metadata: { annotations: { 'a b': 'c' } } },
    'spec.schema.metadata.annotations.a b',
    /metadata\.annotations: Invalid value: "a b": name part must/,
  ],
  'a column of an unknown format': [
    { additionalPrinterColumns: [{ name: 'A', type: 'date', jsonPath: '.a', format: 'short' }] },
    'spec.schema.additionalPrinterColumns',
    /additionalPrinterColumns\[0\]\.format: Invalid value: "short": must be one of byte,date,/,
  ],
  'a column without a name': [
    { additionalPrinterColumns: [{ name: '', type: 'date', jsonPath: '.a' }] },
    'spec.schema.additionalPrinterColumns',
    /additionalPrinterColumns\[0\]\.name: Required value/,
  ],
};

describe('what the API server refuses of a kind is said offline', () => {
  it.each(Object.entries(refused))('%s', (_, [schema, path, message]) => {
    expect(verdict(schema)).toMatchObject([{ code: 'CrdRefused', path, message: expect.stringMatching(message) }]);
  });

  it.each<[string, Api]>([
    ['a rule in bounds', { spec: { tags: '[]string | maxItems=10 validation="self.all(x, x.startsWith(\'a\'))"' } }],
    ['numbers of two types', { spec: { size: 'float | validation="self > 1 && self < 3u"' } }],
    ['sets and formats', { spec: { tags: '[]string | maxItems=5 validation="sets.contains([\'a\'], self)"' } }],
    [
      'a format',
      { spec: { name: 'string | maxLength=63 validation="!format.dns1123Label().validate(self).hasValue()"' } },
    ],
    [
      'an approved group',
      { group: 'web.k8s.io', metadata: { annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' } } },
    ],
    [
      'a path that the API server does not read',
      { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: '.a[' }] },
    ],
  ])('but not %s', (_, schema) => {
    expect(verdict(schema)).toEqual([]);
  });
});
