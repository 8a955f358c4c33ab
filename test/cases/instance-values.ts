/** For `types` of the definition. */
export const itemTypes = { Item: { name: 'string | required=true', size: 'integer | default=1' } };

/** Fields of a spec, values for them, and the values as the API server stores them, or what we say when it refuses them. */
export const valueCases: readonly (readonly [string, object, object, object | RegExp])[] = [
  [
    'fills in defaults of objects that are there',
    { a: { b: 'string | default=x', c: 'string | required=true' } },
    {},
    {},
  ],
  ['fills in nested defaults', { a: { b: { c: 'string | default=x' } } }, {}, { a: { b: { c: 'x' } } }],
  ['fills in defaults of items', { a: '[]Item' }, { a: [{ name: 'n' }] }, { a: [{ name: 'n', size: 1 }] }],
  [
    'fills in defaults of a map',
    { a: 'map[string]Item' },
    { a: { k: { name: 'n' } } },
    { a: { k: { name: 'n', size: 1 } } },
  ],
  ['drops null', { a: 'string', b: { c: 'string' } }, { a: null, b: { c: null } }, { b: {} }],
  ['replaces null by a default', { a: 'string | default=x' }, { a: null }, { a: 'x' }],
  ['keeps any content', { a: 'object' }, { a: { b: [null, { c: 1 }] } }, { a: { b: [null, { c: 1 }] } }],
  ['counts characters, not bytes', { a: 'string | maxLength=1' }, { a: '😀' }, { a: '😀' }],
  ['compares integers with the whole part of a bound', { a: 'float | minimum=0.5' }, { a: 0 }, { a: 0 }],
  ['refuses null in a list', { a: '[]string' }, { a: ['x', null] }, /spec a\[1\]: must be of type string: "null"/],
  ['refuses missing fields', { a: '[]Item' }, { a: [{}] }, /spec a\[0\]\.name: is required/],
  [
    'refuses unknown fields',
    { count: 'integer' },
    { cuont: 1 },
    /spec cuont: is not a field of this kind\. Did you mean "count"/,
  ],
  [
    'refuses other types',
    { a: 'string' },
    { a: 7 },
    /spec a: must be of type string: "integer"\. Write it as text, in quotes/,
  ],
  ['refuses fractions', { a: 'integer' }, { a: 1.5 }, /spec a: must be of type integer: "number"/],
  ['refuses integers beyond 64 bits', { a: 'integer' }, { a: 1e19 }, /spec a: must be of type integer: "number"/],
  [
    'refuses other values',
    { a: 'string | enum="x,y"' },
    { a: 'z' },
    /spec a: has none of the supported values: "x", "y"/,
  ],
  ['refuses by bounds', { a: 'integer | maximum=3' }, { a: 4 }, /spec a: should be less than or equal to 3/],
  ['refuses by length', { a: 'string | minLength=2' }, { a: '😀' }, /spec a: should be at least 2 chars long/],
  [
    'refuses by a pattern of RE2',
    { a: 'string | pattern="(?i)^ab\\\\z"' },
    { a: 'AB\n' },
    /spec a: should match '\(\?i\)/,
  ],
  ['takes by a pattern of RE2', { a: 'string | pattern="(?i)^\\\\pL{2}$"' }, { a: 'ÄB' }, { a: 'ÄB' }],
  [
    'refuses the same item twice',
    { a: '[]string | listType=set' },
    { a: ['x', 'y', 'x'] },
    /spec a\[2\]: is there twice/,
  ],
  [
    'refuses the same key twice',
    { a: '[]Item | listType=map listMapKey=name' },
    { a: [{ name: 'x' }, { name: 'x', size: 2 }] },
    /spec a\[1\]: is there twice/,
  ],
  ['refuses too many items', { a: '[]string | maxItems=1' }, { a: ['x', 'y'] }, /spec a: must have at most 1 item/],
  [
    'evaluates rules',
    { a: 'integer | validation="self % 2 == 0"' },
    { a: 3 },
    /spec a: validation failed: self % 2 == 0/,
  ],
  [
    'evaluates rules with the libraries of Kubernetes',
    { a: '[]string | maxItems=3 validation="sets.contains(self, [\'x\'])"' },
    { a: ['y'] },
    /spec a: validation failed: sets/,
  ],
  [
    'refuses when a rule fails',
    { a: 'integer | validation="10 / self > 1"' },
    { a: 0 },
    /spec a: validation failed: 10 \/ self > 1 \(division by zero\)/,
  ],
  ['leaves rules about updates alone', { a: 'string | immutable=true' }, { a: 'x' }, { a: 'x' }],
  ['needs no values', { a: 'string | required=true' }, {}, /spec a: is required/],
];
