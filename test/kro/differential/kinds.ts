import { kindAlone } from './admissions.ts';
import type { Random } from './random.ts';
import type { Fields, Json } from './tree.ts';

/** Markers that fit a type, some of them only nearly. */
const markers: Readonly<Record<string, readonly string[]>> = {
  string: [
    'default=a',
    'default=""',
    'default="ab c"',
    'default="ä"',
    'enum="a,b,c"',
    'enum=a',
    'pattern="^[a-z]+$"',
    'pattern="^\\\\d{2,3}$"',
    'pattern="(?i)^AB"',
    'pattern="^\\\\pL+$"',
    'pattern="a.b"',
    'pattern="\\\\bab\\\\b"',
    'pattern="^[[:alpha:]]*$"',
    'pattern="^\\\\w\\\\s\\\\S$"',
    'pattern="(?P<x>a)\\\\z"',
    'pattern="a$"',
    'pattern="^(?:a|b)??c"',
    'pattern="\\\\x{1F600}"',
    'pattern="[^\\\\n]{2}"',
    'minLength=2',
    'maxLength=3',
    'maxLength=0',
    'minLength=-1',
    'maxLength=-1',
    'immutable=true',
    'validation="self == oldSelf"',
    'validation="self != \'a\'"',
    'validation="size(self) < 3"',
    'validation="self.startsWith(\'a\')"',
    'validation="self.matches(\'^[a-z]*$\')"',
    'validation="int(self) > 1"',
    "validation=\"self in ['a', 'ab']\"",
    'validation="!format.dns1123Label().validate(self).hasValue()"',
    'validation="isURL(self) || isIP(self) || isQuantity(self)"',
    'validation="self.lowerAscii() == self"',
    "validation=\"self.replace('a', 'b').split('b').size() > 1\"",
    'validation="duration(self) > duration(\'1s\')"',
    'validation="timestamp(self) > timestamp(\'2020-01-01T00:00:00Z\')"',
    'validation="self.reverse() == self"',
    'validation="json.marshal(self) == \'a\'"',
    'validation="base64.encode(b\'a\') == self"',
    'validation="self.charAt(0) == \'a\'"',
    'validation="quantity(self).isGreaterThan(quantity(\'1\'))"',
    "validation=\"self.find('[0-9]+') != ''\"",
    'validation="hash.md5(self) == b\'a\'"',
    'validation="math.greatest(1, 2) == 2"',
    'validation="strings.quote(self) != \'\'"',
    'validation="isSemver(self) && semver(self, true).major() > 0"',
    'maxLength=10',
    'maxLength=100',
    'maxLength=100000',
  ],
  integer: [
    'default=1',
    'default=0',
    'default=7',
    'minimum=1',
    'maximum=5',
    'minimum=1.5',
    'minimum=-3',
    'enum="1,2,3"',
    'immutable=true',
    'validation="self > 1"',
    'validation="self > 1.5"',
    'validation="self % 2 == 0"',
    'validation="10 / self > 1"',
    'validation="self == 1u"',
    'validation="double(self) / 2.0 > 1.0"',
    'validation="self in [1, 2, 3]"',
    'validation="self"',
    'validation="self < oldSelf"',
    'validation="[1,2,3].exists(x, x == self)"',
    'validation="dyn(self) == 1.0"',
    'validation="lists.range(self).size() == self"',
  ],
  float: [
    'default=1',
    'default=1.5',
    'minimum=0.5',
    'maximum=2',
    'minimum=NaN',
    'maximum=Inf',
    'validation="self > 1"',
    'validation="self > 1.0"',
    'validation="self <= 3u"',
    'validation="self == 1.0"',
    'validation="math.ceil(self) == self"',
    'validation="int(self) == 1"',
  ],
  boolean: [
    'default=true',
    'default=false',
    'validation="self"',
    'validation="!self"',
    'immutable=true',
    'enum="true"',
  ],
  object: [
    'default={}',
    'default={\\"a\\":1}',
    'default={"a":"b"}',
    'validation="has(self.a)"',
    'validation="self == {}"',
    'validation="size(self) > 0"',
    'validation="self.a == 1"',
    'immutable=true',
    'default=null',
  ],
  '[]string': [
    'default=[]',
    'default=["a"]',
    'default=["a","a"]',
    'default=[null]',
    'uniqueItems=true',
    'listType=set',
    'listType=atomic',
    'minItems=1',
    'maxItems=2',
    'immutable=true',
    'validation="self.all(x, x != \'a\')"',
    'validation="self.isSorted()"',
    'validation="self == [\'a\']"',
    'validation="self[0] == \'a\'"',
    'validation="sets.contains(self, [\'a\'])"',
    'validation="self.exists_one(x, x == \'a\')"',
    'validation="self.map(x, size(x)).sum() > 1"',
    'validation="self.transformList(i, x, x + string(i)).size() > 0"',
    'validation="self.distinct().size() == self.size()"',
    "validation=\"self.join(',') != 'a,a'\"",
    'validation="self.all(x, oldSelf.exists(y, x == y))"',
    'minItems=-1',
  ],
  '[]integer': [
    'uniqueItems=true',
    'default=[1,2]',
    'default=[1,1]',
    'validation="self.sum() < 4"',
    'validation="self.max() < 4"',
    'validation="self.sort() == self"',
    'maxItems=1',
  ],
  '[]Thing': [
    'listType=map listMapKey=name',
    'listType=map listMapKey=name listMapKey=count',
    'listType=map listMapKey=nope',
    'listType=set',
    'default=[{}]',
    'default=[{"name":"a"}]',
    'default=[{"name":"a","extra":1}]',
    'maxItems=2',
    'validation="self.all(x, x.count > 1)"',
    'validation="self.all(x, has(x.name))"',
    'immutable=true',
  ],
  'map[string]string': [
    'default={}',
    'default={"a":"b"}',
    'default={"a":null}',
    'validation="self.all(k, k != \'a\')"',
    'validation="\'a\' in self"',
    'validation="self.a == \'b\'"',
    "validation=\"self['a'] == 'b'\"",
    'validation="size(self) < 2"',
    'validation="self.all(k, v, k != v)"',
    'immutable=true',
  ],
  Thing: [
    'default={}',
    'default={"name":"z"}',
    'default={"nope":"z"}',
    'default={"name":7}',
    'validation="self.name != \'a\'"',
    'validation="has(self.name) && self.count > 0"',
    "validation=\"self.?name.orValue('a') != 'a'\"",
    'validation="self.sub.deep == \'x\'"',
    'validation="self.nope == 1"',
    'immutable=true',
    'validation="oldSelf.name == self.name"',
  ],
  '[][]string': ['uniqueItems=true', 'default=[["a"],["a"]]', 'maxItems=1'],
  'map[string]Thing': ['default={"a":{}}', 'validation="self.all(k, self[k].name != \'a\')"', 'immutable=true'],
  'map[string]integer': ['default={"a":1}', 'validation="self.all(k, self[k] > 1)"'],
  '[]object': ['maxItems=1', 'uniqueItems=true', 'default=[{}]'],
  'map[string][]integer': ['default={"a":[1]}', 'validation="self.all(k, self[k].size() > 0)"'],
  Text: ['default=q', 'required=true'],
};
/** Rules that cost something, of values by their type. */
const rules: Readonly<Record<string, readonly string[]>> = {
  string: [
    'self.contains("ab") || self.contains(self)',
    'self.replace("", "abc").size() > 2',
    'self.replace("ab", self) == self',
    'self.split(",").map(x, x.trim()).join("-") == self',
    'self.split(",", 2).all(x, self.startsWith(x))',
    'self.findAll("[a-z]+").filter(x, x != "a").size() > 0',
    'self.matches(self)',
    'matches("abc", "^[a-z]")',
    'self.indexOf("a", 1) < self.lastIndexOf("b")',
    'self.substring(1) + self + "a" > "b"',
    '("%s-%d".format([self, 1])) == self',
    'bytes(self).size() < 10 && string(bytes(self)) == self',
    'quantity(self).add(quantity("1")) == quantity("2")',
    'isIP(self) && ip(self).family() == 4 && cidr("10.0.0.0/8").containsIP(self)',
    'isCIDR(self) && cidr(self).containsCIDR("10.0.0.0/8") && cidr(self).ip() == ip("10.0.0.0")',
    'isURL(self) && url(self).getHost() == "a" && url(self) == url("https://a")',
    'format.named("uuid").hasValue() && !format.uri().validate(self).hasValue()',
    'format.dns1123Label() == format.dns1123Subdomain()',
    '[self, "a"].exists(x, x == self) && ["a", "b"][0] == self',
    '{"a": self}.a == self && {"a": 1, "b": 2}.exists(k, k == self)',
    'optional.of(self).optMap(x, x + "a").orValue("b") != "c"',
    'type(self) == string && dyn(self) == "a"',
    'self.charAt(0) in ["a", "b"] ? self.size() > 1 : self.size() > 2',
    'duration("1x") > duration("1s")',
    'timestamp("yesterday") > timestamp("2020-01-01T00:00:00Z")',
    'self.matches("[")',
    '[self, 1].size() == 2',
    '{"a": self, 1: "b"}.size() == 2',
    'self.join(",") == ""',
  ],
  integer: [
    '[1, 2, 3].map(x, x * self).sum() > 3',
    'lists.range(5).exists(x, x == self)',
    '[[1], [2, 3]].flatten().size() == self',
    'lists.range(3).map(i, lists.range(i)).flatten().max() > self',
    '{"a": self}.transformMap(k, v, v + 1).a > 1',
    '{"a": self}.transformMapEntry(k, v, {k + "b": v}).size() == 1',
    'uint(self) > 1u && double(self) < 5.0',
    'self == oldSelf || self > oldSelf',
    'self > int("x")',
    'dyn("b").matches("[") || string(1) == "1"',
  ],
  float: ['[self, 1.0].max() > 0.5', 'self > 1 && self < 3u', '{1.5: "a"}.size() > int(self)'],
  '[]string': [
    'self.sort() == self',
    'self.sortBy(x, x.size()).size() > 0',
    'self.reverse() == self',
    'self.slice(0, 1) == ["a"]',
    'self.all(x, self.exists(y, x == y))',
    'self.exists_one(x, x.startsWith("a"))',
    'self.filter(x, x != "a").map(x, x.size() > 0, x + "b").size() < 3',
    'self.map(x, [x, "c"]).flatten().size() > 1',
    'sets.equivalent(self, ["a"]) || sets.intersects(self, ["b", "c"])',
    'self.min() <= self.max()',
    'self.indexOf("a") == 0',
    '"a" in self',
    '(self + ["a"]).size() > 1',
    'self.first().orValue("a") == "a" && self[?0].hasValue()',
    'self.transformList(i, x, i > 0, x).size() < 2',
    'self.all(i, x, i < 5 && x != "a")',
    'self == oldSelf || self.size() > 0',
    'size(self) == 0 || self[0].matches("^[a-z]+$")',
  ],
  '[]integer': ['self.sortBy(x, -x)[0] > 1', 'self.all(x, self.filter(y, y == x).size() == 1)', 'self.isSorted()'],
  'map[string]string': [
    'self.all(k, self[k].size() > 0 && k.size() < 3)',
    'self.transformList(k, v, k + v).join(",").size() < 9',
    'self.exists(k, v, k == v)',
    'self.map(k, self[k]).sort() == ["b"]',
    'has(self.a) && self.?b.orValue("x") != "a"',
    'self.transformMap(k, v, v.size()).size() < 3',
  ],
  '[]Thing': [
    'self.map(x, x.count).sum() < 9',
    'self.all(x, self.all(y, x == y || x.count != y.count))',
    'self.sortBy(x, x.count).size() > 0',
    'self.exists(x, has(x.name)) || self.size() == 0',
    'self == oldSelf',
  ],
  Thing: ['self == oldSelf', 'self.count > 0 ? has(self.name) : true', '[self].size() == 1 && {"a": self}.a.count > 0'],
  'map[string]Thing': ['self.all(k, self[k].count > 0)', 'self.transformList(k, v, v.count).sum() < 5'],
};
const everywhere = ['required=true', 'required=true', 'description="words"', 'required=false'];
const types = Object.keys(markers);
const names = ['a', 'b', 'size', 'items', 'a-b', 'a.b', 'in', 'self', '__x', 'Upper', '1st', 'ünder', 'a b', 'spec'];

function field(random: Random, allowed: readonly string[]): string {
  const type = random.pick(allowed);
  const own = [
    ...(markers[type] ?? []),
    ...(rules[type] ?? []).map((rule) => `validation="${rule.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`),
    ...(type.startsWith('[]') ? ['maxItems=3', 'maxItems=50', 'maxItems=1000'] : []),
  ];
  const chosen = Array.from({ length: random.pick([0, 1, 1, 1, 2]) }, () =>
    random.pick(random.chance(0.25) ? everywhere : own),
  );
  const known = new Set<string>();
  const distinct = chosen.filter((marker) => {
    const [key = ''] = marker.split('=');
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
  return distinct.length > 0 ? `${type} | ${distinct.join(' ')}` : type;
}

function struct(random: Random, allowed: readonly string[], depth = 0): Fields {
  const fields: Fields = {};
  for (let left = random.pick([1, 1, 2, 3]); left > 0; left--)
    fields[random.chance(0.6) ? random.pick(['a', 'b', 'c']) : random.pick(names)] =
      depth < 2 && random.chance(0.2) ? struct(random, allowed, depth + 1) : field(random, allowed);
  return fields;
}

const columns: readonly Json[] = [
  { name: 'A', type: 'string', jsonPath: '.spec.a' },
  { name: 'A', type: 'number', jsonPath: '.status.state', priority: 1, format: 'int32' },
  { name: 'A', type: 'string', jsonPath: '.spec.a[0]' },
  { name: 'A', type: 'string', jsonPath: ".spec['a']" },
  { name: 'A', type: 'string', jsonPath: '.spec["a"]' },
  { name: 'A', type: 'string', jsonPath: '.spec[*].b' },
  { name: 'A', type: 'string', jsonPath: '.spec[' },
  { name: 'A', type: 'string', jsonPath: '.spec.a}' },
  { name: 'A', type: 'string', jsonPath: '.' },
  { name: 'A', type: 'string', jsonPath: '.spec..a' },
  { name: 'A', type: 'string', jsonPath: '.spec.a\\.b/c' },
  { name: 'A', type: 'string', jsonPath: '.spec[?(@.name=="a")].b' },
  { name: 'A', type: 'string', jsonPath: '.spec.items[-1:]' },
  { name: 'A', type: 'string', jsonPath: 'spec.a' },
  { name: '', type: 'string', jsonPath: '.spec.a' },
  { name: 'A', type: '', jsonPath: '.spec.a' },
  { name: 'A', type: 'text', jsonPath: '.spec.a' },
  { name: 'A', type: 'integer', jsonPath: '' },
  { name: 'A', type: 'date', jsonPath: '.metadata.creationTimestamp', format: 'short' },
  { name: 'A', type: 'boolean', jsonPath: '.spec.ä b' },
];
const kinds = ['Web', 'Web', 'Web', 'K', 'Status', 'Data', `K${'k'.repeat(57)}`, `K${'k'.repeat(59)}`];
const groups = [
  'kro.run',
  'example.com',
  'a.b',
  'x',
  `${'a'.repeat(60)}.com`,
  `${'a'.repeat(230)}.com`,
  'k8s.io',
  'x.kubernetes.io',
];

/** A definition without resources: nothing but a kind of its own, made up or that of a sample. */
export function kindOf(random: Random, sample: () => Fields): Fields {
  return random.chance(0.3) ? kindAlone(sample()) : randomKind(random);
}

function randomKind(random: Random): Fields {
  const inner = types.filter((type) => !type.includes('Thing'));
  const schema: Fields = {
    apiVersion: random.pick(['v1', 'v1', 'v1alpha1', 'v2beta3', `v${'1'.repeat(random.pick([1, 70]))}`]),
    kind: random.pick(kinds),
    group: random.chance(0.8) ? 'example.com' : random.pick(groups),
    spec: struct(random, types),
    types: {
      Text: random.pick(['string | default=y', 'string | required=true', 'string | minLength=2 default=abc']),
      Thing: { name: field(random, inner), count: 'integer | default=1', ...struct(random, inner, 1) },
    },
  };
  if (random.chance(0.2)) schema['additionalPrinterColumns'] = [random.pick(columns), random.pick(columns)];
  if (random.chance(0.1)) schema['shortNames'] = [random.pick(['w', 'web', 'webs', 'aa'])];
  if (random.chance(0.1)) schema['categories'] = [random.pick(['all', 'web'])];
  if (random.chance(0.1))
    schema['metadata'] = random.pick<Json>([
      { labels: { a: 'b' } },
      { labels: { 'a b': 'c' } },
      { labels: { a: 'no label' } },
      { annotations: { 'a b': 'c' } },
      { annotations: { 'a/b': 'c d' } },
      { annotations: { 'api-approved.kubernetes.io': 'unapproved' } },
      { annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/enhancements/pull/1' } },
    ]);
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'web' },
    spec: { schema, resources: [] },
  };
}
