import type { JsonSchema } from '../../../src/schema/json-schema.ts';
import type { GraphAnswer } from '../../expr/oracle.ts';
import type { Random } from './random.ts';
import { schemaOf } from './subject.ts';
import { type Fields, type Json, pickSpot, put, remove, spots, textOf } from './tree.ts';

const texts = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'abcd',
  'A',
  'AB',
  'ä',
  '😀',
  '😀a',
  '12',
  '1.5',
  'a.b',
  'aXb',
  'a b',
  'a\n',
  'cba',
];
const numbers = [0, 1, 2, 3, 5, 6, -1, -3, 1.5, 0.5, 2.5, 1e9, 2 ** 53, 1e19, 1e21, 1.0000000000001];
const odd: readonly Json[] = [
  null,
  null,
  true,
  false,
  'true',
  '1',
  1,
  1.5,
  'text',
  [],
  {},
  ['a'],
  ['a', 'a'],
  [null],
  { a: 'b' },
  { name: 'a' },
  { name: null },
  [{ name: 'a' }, { name: 'a' }],
];

/** Values that mostly fit a schema. */
function valueOf(schema: JsonSchema, random: Random, depth = 0): Json {
  if (schema.enum && random.chance(0.9)) return random.pick(schema.enum) as Json;
  switch (schema.type) {
    case 'string':
      return random.pick(texts);
    case 'integer':
      return random.chance(0.9) ? random.pick([0, 1, 2, 3, 4, 5, 6, -3]) : random.pick(numbers);
    case 'number':
      return random.pick(numbers);
    case 'boolean':
      return random.chance(0.5);
    case 'array': {
      const { minItems = 0, maxItems = 3 } = schema;
      const count = random.chance(0.8) ? Math.max(minItems, random.below(Math.min(maxItems, 3) + 1)) : random.below(4);
      return Array.from({ length: Math.min(count, 4) }, () => valueOf(schema.items ?? {}, random, depth + 1));
    }
    default:
      return objectOf(schema, random, depth);
  }
}

function objectOf(schema: JsonSchema, random: Random, depth: number): Json {
  const { properties = {}, required = [], additionalProperties } = schema;
  const fields: Fields = {};
  for (const [name, field] of Object.entries(properties))
    if (random.chance(required.includes(name) ? 0.95 : 0.6)) fields[name] = valueOf(field, random, depth + 1);
  if (additionalProperties)
    for (let left = depth > 5 ? 0 : random.below(3); left > 0; left--)
      fields[random.pick(['a', 'b', 'x-y', ''])] = valueOf(additionalProperties, random, depth + 1);
  else if (schema['x-kubernetes-preserve-unknown-fields'] && random.chance(0.5))
    fields[random.pick(['a', 'b'])] = structuredClone(random.pick(odd));
  return fields;
}

/** Changes one place. */
function spoil(object: Fields, random: Random): void {
  const spot = pickSpot(random, spots(object));
  if (!spot) return;
  const { holder, value } = spot;
  switch (random.below(5)) {
    case 0:
      return remove(spot);
    case 1:
      if (Array.isArray(holder)) holder.push(structuredClone(value));
      else holder[random.pick(['extra', 'a', 'name', 'count'])] = structuredClone(random.pick(odd));
      return;
    case 2:
      return put(spot, random.pick<Json>([...texts, ...numbers]));
    default:
      return put(spot, structuredClone(random.pick(odd)));
  }
}

/** An instance of a definition's kind: its values fit, or nearly. */
export function randomInstance(definition: Fields, answer: GraphAnswer, random: Random): Fields {
  const { group = 'kro.run', apiVersion, kind } = schemaOf({ definition, crds: [] });
  const root = (answer.crd?.spec.versions[0]?.schema.openAPIV3Schema ?? {}) as JsonSchema;
  const spec = valueOf(root.properties?.['spec'] ?? {}, random);
  const whole: Fields = { spec };
  const spoils = random.pick([0, 0, 1, 1, 2, 4]);
  for (let left = spoils; left > 0; left--) spoil(whole, random);
  const metadata: Fields = {
    name: random.chance(0.9) ? 'sample' : random.pick(['Sample', 'a.b', 'a_b', '-a', 'a'.repeat(254)]),
  };
  if (random.chance(0.3)) metadata['namespace'] = random.pick(['team', 'team', 'team', 'Team', 'a.b']);
  if (random.chance(0.1))
    metadata['labels'] = random.pick<Json>([
      { a: 'b' },
      { 'a b': 'c' },
      { a: 'c d' },
      { a: 1 },
      null,
      { a: null },
      'x',
    ]);
  if (random.chance(0.1)) metadata['annotations'] = random.pick<Json>([{ a: 'b c' }, { 'A b': 'c' }, { a: true }]);
  if (random.chance(0.03)) metadata[random.pick(['extra', 'label'])] = 'x';
  if (random.chance(0.03)) whole['extra'] = 'x';
  if (random.chance(0.05)) whole['status'] = { state: 'ACTIVE' };
  return { apiVersion: `${textOf(group)}/${textOf(apiVersion)}`, kind: kind as Json, ...whole, metadata };
}
