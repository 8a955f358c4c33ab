import { Kinds } from '../../../src/kro/check/kinds.ts';
import { readManifests } from '../../../src/kro/read/source.ts';
import type { JsonSchema } from '../../../src/schema/json-schema.ts';
import type { GraphAnswer, ResolveAnswer, ResolvedNode } from '../../expr/oracle.ts';
import type { Random } from './random.ts';
import { schemaOf, type Subject } from './subject.ts';
import { expressionSpots, type Fields, isFields, type Json, textOf } from './tree.ts';

/** Makes values that a definition's expressions have something to do with. */
export class Values {
  readonly #random: Random;
  readonly #texts: readonly string[];
  readonly #words: ReadonlySet<string>;

  constructor({ definition }: Subject, random: Random) {
    this.#random = random;
    const all = expressionSpots(definition['spec']).map(({ value }) => textOf(value));
    const quoted = all.flatMap((text) => [...text.matchAll(/"([^"\\]*)"|'([^'\\]*)'/g)].map((m) => m[1] ?? m[2] ?? ''));
    this.#texts = ['a', 'web', '10', 'true', 'x-1', ...quoted.filter((text) => /^[\w.-]{1,20}$/.test(text))];
    this.#words = new Set(all.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []));
  }

  /** A value of a schema; of structures the fields that expressions name, and of others a few. */
  of(schema: JsonSchema, depth = 0): Json {
    const random = this.#random;
    if (schema.enum) return random.pick(schema.enum) as Json;
    if (schema['x-kubernetes-int-or-string']) return random.pick<Json>([1, 'a']);
    switch (schema.type) {
      case 'string':
        if (schema.format === 'date-time') return '2026-01-02T03:04:05Z';
        return schema.format === 'byte' ? 'YWJj' : random.pick(this.#texts);
      case 'integer':
        return random.below(4);
      case 'number':
        return random.pick([0, 1, 1.5, 2]);
      case 'boolean':
        return random.chance(0.5);
      case 'array':
        return Array.from({ length: depth > 6 ? 0 : random.below(3) }, () => this.of(schema.items ?? {}, depth + 1));
      default:
        return depth > 6 ? {} : this.#object(schema, depth);
    }
  }

  #object(schema: JsonSchema, depth: number): Json {
    const random = this.#random;
    const { properties = {}, required = [], additionalProperties } = schema;
    const fields: Fields = {};
    for (const [name, field] of Object.entries(properties)) {
      const wanted = required.includes(name) || random.chance(this.#words.has(name) ? 0.75 : depth < 2 ? 0.3 : 0.05);
      if (wanted) fields[name] = this.of(field, depth + 1);
    }
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'];
    if (!additionalProperties && !isOpen) return fields;
    for (let left = random.below(3); left > 0; left--)
      fields[random.pick([...this.#words, 'a', 'b.c'])] = additionalProperties
        ? this.of(additionalProperties, depth + 1)
        : random.pick<Json>(['a', 1, true, { a: 'b' }, ['a']]);
    return fields;
  }
}

/** An instance of the kind that a definition makes. */
export function instanceOf(
  subject: Subject,
  answer: GraphAnswer,
  { values, random }: { values: Values; random: Random },
): Fields {
  const { group = 'kro.run', apiVersion, kind, scope } = schemaOf(subject);
  const root = (answer.crd?.spec.versions[0]?.schema.openAPIV3Schema ?? {}) as JsonSchema;
  const metadata: Fields = { name: random.pick(['sample', 'a', 'web']) };
  if (scope !== 'Cluster' && random.chance(0.7)) metadata['namespace'] = 'team';
  if (random.chance(0.3)) metadata['labels'] = { app: 'a' };
  return {
    apiVersion: `${textOf(group)}/${textOf(apiVersion)}`,
    kind: kind as Json,
    metadata,
    spec: values.of(root.properties?.['spec'] ?? {}),
  };
}

/** Those that kro makes are no whole ones. */
const definesKinds = new Set(['CustomResourceDefinition', 'ResourceGraphDefinition']);

/** Some of the objects that kro made, with a status, and objects that it looks for. */
export function observedOf(
  { crds }: Subject,
  { nodes = {} }: ResolveAnswer,
  { values, random }: { values: Values; random: Random },
): Fields[] {
  const kinds = new Kinds(readManifests({ content: { kind: 'List', items: crds } }));
  const withRest = (object: Fields): Fields => {
    const schema = kinds.find(textOf(object['apiVersion']), textOf(object['kind']))?.schema as JsonSchema | undefined;
    const made = schema ? values.of(schema) : {};
    const { metadata: _, apiVersion: __, kind: ___, ...rest } = isFields(made) ? made : {};
    return random.chance(0.2) ? object : { ...rest, ...object, ...('status' in rest && { status: rest['status'] }) };
  };
  return Object.values(nodes)
    .flatMap((node) => [
      ...((node.objects ?? []) as Fields[]).filter(() => random.chance(0.7)),
      ...sought(node, random),
    ])
    .filter(({ kind }) => !definesKinds.has(textOf(kind)))
    .map(withRest);
}

function sought({ reads }: ResolvedNode, random: Random): Fields[] {
  const { apiVersion, kind, metadata } = (reads ?? {}) as Fields;
  if (!isFields(metadata)) return [];
  const { selector, name, namespace } = metadata;
  const head = { apiVersion: apiVersion as Json, kind: kind as Json };
  if (selector === undefined) return random.chance(0.7) ? [{ ...head, metadata: { ...metadata } }] : [];
  const labels = isFields(selector) && isFields(selector['matchLabels']) ? selector['matchLabels'] : {};
  const place = namespace === undefined ? { namespace: 'team' } : { namespace };
  return ['one', 'two']
    .filter(() => random.chance(0.7))
    .map((own) => ({ ...head, metadata: { name: name ?? own, ...place, labels } }));
}
