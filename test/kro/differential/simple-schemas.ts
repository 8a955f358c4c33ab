import { type Mutation, schemaOf, type Subject } from './subject.ts';
import { type Fields, isFields, type Json, leaves, pickSpot, put, remove, spots, textOf } from './tree.ts';

const types = [
  'string',
  'integer',
  'boolean',
  'float',
  'object',
  '[]string',
  '[]integer',
  'map[string]string',
  'map[string]integer',
  '[][]string',
  'map[string][]string',
  'Thing',
  '[]Thing',
  'map[string]Thing',
  'number',
  'array',
  'map[integer]string',
  '[]',
  '',
  ' string',
  '[] string',
  'map[string]',
  'String',
  'map[string]object',
];

const markers = [
  'required=true',
  'required=false',
  'required=yes',
  'default=a',
  'default="a b"',
  'default=1',
  'default=1.5',
  'default=true',
  'default={}',
  'default=[]',
  'default=["a"]',
  'default={"a":"b"}',
  'default={"a":1}',
  'default=007',
  'default="\\"q\\""',
  "default='a'",
  'default=',
  'default="',
  'description="some text"',
  'minimum=1',
  'maximum=3',
  'minimum=a',
  'enum="a,b"',
  'enum=1,2',
  'enum=""',
  'enum="a,,b"',
  'immutable=true',
  'immutable=maybe',
  'validation="self == \'a\'"',
  'validation="self > 0"',
  'validation=""',
  'pattern="^[a-z]+$"',
  'pattern="["',
  'minLength=1',
  'maxLength=2',
  'maxLength=a',
  'minItems=1',
  'maxItems=2',
  'uniqueItems=true',
  'uniqueItems=false',
  'listType=set',
  'listType=map',
  'listType=atomic',
  'listType=other',
  'listMapKey=name',
  'listMapKey=nope',
  'format=email',
  'nonsense',
  '| default=a',
  'title="x"',
  'default=[',
  'default={"a"}',
  'default=null',
  'default=-1',
  'default=1e3',
];

const things: readonly Json[] = [
  { name: 'string', count: 'integer' },
  { name: 'string | required=true', sub: { deep: 'string | default=x' } },
  'string | default=y required=true',
  'integer | minimum=1',
  { other: 'Other' },
  { self: 'Thing' },
  { list: '[]string', any: 'object' },
];

const fieldsOf = (subject: Subject): Fields => {
  const schema = schemaOf(subject);
  return isFields(schema['spec']) ? schema['spec'] : (schema['spec'] = {});
};

export const markerMutations: readonly Mutation[] = [
  (subject, random) => {
    const spot = pickSpot(random, leaves(fieldsOf(subject)));
    const [, ...rest] = textOf(spot?.value).split('|');
    if (spot) put(spot, [random.pick(types), ...rest].join('|'));
  },
  (subject, random) => {
    const spot = pickSpot(random, leaves(fieldsOf(subject)));
    if (spot) put(spot, `${textOf(spot.value)}${textOf(spot.value).includes('|') ? '' : ' |'} ${random.pick(markers)}`);
  },
  (subject, random) => {
    const spot = pickSpot(random, leaves(fieldsOf(subject)));
    const [type = 'string'] = textOf(spot?.value).split('|');
    if (spot)
      put(spot, `${type.trim()} | ${random.pick(markers)}${random.chance(0.3) ? ` ${random.pick(markers)}` : ''}`);
  },
  (subject, random) => {
    const spot = pickSpot(random, spots(fieldsOf(subject)));
    if (spot) remove(spot);
  },
  (subject, random) => {
    const holders = [
      fieldsOf(subject),
      ...spots(fieldsOf(subject)).flatMap(({ value }) => (isFields(value) ? [value] : [])),
    ];
    const type = `${random.pick(types)}${random.chance(0.5) ? ` | ${random.pick(markers)}` : ''}`;
    const value = random.pick<Json>([
      type,
      type,
      type,
      { inner: type },
      { inner: type, more: 'string' },
      7,
      null,
      [],
      {},
    ]);
    random.pick(holders)[random.pick(['added', 'a-b', 'namespace', 'in', 'x__y', 'Upper', 'a.b'])] = value;
  },
  (subject, random) => {
    const schema = schemaOf(subject);
    const given = isFields(schema['types']) ? schema['types'] : (schema['types'] = {});
    given[random.pick(['Thing', 'Thing', 'Other', 'string'])] = structuredClone(random.pick(things));
    if (random.chance(0.7))
      fieldsOf(subject)['thing'] = random.pick([
        'Thing',
        '[]Thing',
        'map[string]Thing',
        'Thing | required=true',
        'Thing | default={}',
        'Other',
      ]);
  },
];
