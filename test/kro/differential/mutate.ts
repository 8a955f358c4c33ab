import { conditionTexts, editExpression, listTexts, valueTexts } from './expressions.ts';
import type { Random } from './random.ts';
import { markerMutations } from './simple-schemas.ts';
import { idsOf, type Mutation, resourcesOf, schemaOf, specOf, type Subject } from './subject.ts';
import {
  expressionSpots,
  type Fields,
  isFields,
  type Json,
  leaves,
  pickSpot,
  put,
  remove,
  spots,
  textOf,
} from './tree.ts';

/** Changes one resource, where there is one. */
function ofResource(change: (resource: Fields, random: Random, subject: Subject) => void): Mutation {
  return (subject, random) => {
    const resources = resourcesOf(subject);
    if (resources.length > 0) change(random.pick(resources), random, subject);
  };
}

function ofTemplate(change: (template: Fields, random: Random, subject: Subject) => void): Mutation {
  return ofResource((resource, random, subject) => {
    if (isFields(resource['template'])) change(resource['template'], random, subject);
  });
}

const ids = [
  'web',
  'aB1',
  'schema',
  'item',
  'kind',
  'each',
  'runtime',
  'self',
  'Web',
  'a-b',
  'size',
  'namespace',
  'x_y',
];
const scalars: readonly Json[] = [
  'text',
  '',
  '7',
  7,
  -1,
  0,
  1.5,
  1e21,
  true,
  false,
  null,
  [],
  {},
  ['a'],
  { a: 1 },
  [{ name: 'a' }],
];
const kinds: readonly (readonly [string, string])[] = [
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['v1', 'Namespace'],
  ['v1', 'Pod'],
  ['apps/v1', 'Deployment'],
  ['batch/v1', 'CronJob'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['v1', 'Nothing'],
  ['apps/v9', 'Deployment'],
  ['a/b/c', 'X'],
  ['v1', 'Config Map'],
];

function renameId(subject: Subject, random: Random, everywhere: boolean): void {
  const resources = resourcesOf(subject);
  if (resources.length === 0) return;
  const resource = random.pick(resources);
  const before = textOf(resource['id']);
  const after = random.pick([...ids, ...idsOf(subject)]);
  resource['id'] = after;
  if (!everywhere) return;
  for (const spot of expressionSpots(subject.definition['spec']))
    put(spot, textOf(spot.value).replaceAll(new RegExp(`\\b${before}\\b(?=[.?\\[ )}])`, 'g'), after));
}

const named: Readonly<Record<string, Mutation>> = {
  renameId: (subject, random) => renameId(subject, random, false),
  renameIdEverywhere: (subject, random) => renameId(subject, random, true),
  literal: ofTemplate((template, random) => {
    const spot = pickSpot(random, spots(template));
    if (spot) put(spot, structuredClone(random.pick(scalars)));
  }),
  dropField: ofTemplate((template, random) => {
    const spot = pickSpot(random, spots(template));
    if (spot) remove(spot);
  }),
  addField: ofTemplate((template, random) => {
    const holders = [template, ...spots(template).flatMap(({ value }) => (isFields(value) ? [value] : []))];
    random.pick(holders)[random.pick(['extra', 'name', 'a.b/c', 'a-b', 'replicas', 'x__y'])] = random.pick(scalars);
  }),
  copyPart: (subject, random) => {
    const from = pickSpot(
      random,
      resourcesOf(subject).flatMap(({ template }) => spots(template)),
    );
    const to = pickSpot(
      random,
      resourcesOf(subject).flatMap(({ template }) => spots(template)),
    );
    if (from && to) put(to, structuredClone(from.value));
  },
  moveExpression: (subject, random) => {
    const from = pickSpot(random, expressionSpots(subject.definition['spec']));
    const to = pickSpot(
      random,
      leaves(random.chance(0.8) ? specOf(subject)['resources'] : schemaOf(subject)['status']),
    );
    if (from && to) put(to, from.value);
  },
  editExpression: (subject, random) => {
    const spot = pickSpot(random, expressionSpots(subject.definition['spec']));
    if (spot) put(spot, editExpression(textOf(spot.value), subject, random));
  },
  writeExpression: ofTemplate((template, random, subject) => {
    const spot = pickSpot(random, random.chance(0.7) ? leaves(template) : spots(template));
    if (!spot || spot.key === 'apiVersion' || spot.key === 'kind') return;
    const text = random.pick(valueTexts(subject, random));
    put(spot, random.chance(0.2) && typeof spot.value === 'string' ? `${spot.value}-\${${text}}` : `\${${text}}`);
  }),
  swapKind: ofTemplate((template, random) => {
    [template['apiVersion'], template['kind']] = random.pick(kinds) as [string, string];
  }),
  conditions: ofResource((resource, random, subject) => {
    const field = random.pick(['readyWhen', 'includeWhen']);
    const before = Array.isArray(resource[field]) ? resource[field] : [];
    if (random.chance(0.15)) delete resource[field];
    else resource[field] = [...before, random.pick(conditionTexts(subject, textOf(resource['id']), random))];
  }),
  forEach: ofResource((resource, random, subject) => {
    const before = Array.isArray(resource['forEach']) ? resource['forEach'] : [];
    if (before.length > 0 && random.chance(0.3)) before.splice(random.below(before.length), 1);
    const name = random.pick(['one', 'each', 'zone', 'web', 'A', 'index', ...idsOf(subject)]);
    resource['forEach'] = [...before, { [name]: random.pick(listTexts(subject, random)) }];
    const metadata = isFields(resource['template']) ? resource['template']['metadata'] : undefined;
    if (isFields(metadata) && random.chance(0.8))
      metadata['name'] = `\${"x-" + ${random.pick([name, `string(${name})`])}}`;
  }),
  dropForEach: ofResource((resource) => {
    delete resource['forEach'];
  }),
  external: ofResource((resource, random, subject) => {
    const { template } = resource;
    if (!isFields(template)) return;
    const metadata: Fields = random.chance(0.5)
      ? { name: random.pick(['given', `\${${random.pick(valueTexts(subject, random))}}`]) }
      : { selector: structuredClone(random.pick<Json>(selectors)) };
    if (random.chance(0.2)) metadata['namespace'] = random.pick(['other', '${schema.metadata.namespace}']);
    resource['externalRef'] = {
      apiVersion: template['apiVersion'] ?? 'v1',
      kind: template['kind'] ?? 'ConfigMap',
      metadata,
    };
    if (random.chance(0.95)) delete resource['template'];
    if (random.chance(0.8)) delete resource['forEach'];
  }),
  metadata: ofTemplate((template, random) => {
    const metadata = isFields(template['metadata']) ? template['metadata'] : (template['metadata'] = {});
    const [field, value] = random.pick<[string, Json]>([
      ['namespace', 'other'],
      ['namespace', ''],
      ['namespace', '${schema.metadata.name}'],
      ['labels', { 'kro.run/x': 'a' }],
      ['labels', { app: '${schema.metadata.name}', 'a.b/c': 'd' }],
      ['annotations', { 'internal.kro.run/x': 'a' }],
      ['annotations', { size: '${size(schema.spec)}' }],
      ['name', '${schema.metadata.name + "-x"}'],
      ['uid', 7],
    ]);
    metadata[field] = structuredClone(value);
  }),
  names: (subject, random) => {
    const [field, value] = random.pick([
      ['kind', 'DNS'],
      ['kind', 'Index'],
      ['kind', 'K'.repeat(60)],
      ['kind', 'web'],
      ['group', 'example'],
      ['group', 'Big.example.com'],
      ['apiVersion', 'v2'],
      ['apiVersion', 'one'],
    ] as const);
    schemaOf(subject)[field] = value;
  },
  scope: (subject, random) => {
    schemaOf(subject)['scope'] = random.pick(['Cluster', 'Cluster', 'Namespaced']);
  },
  status: (subject, random) => {
    const schema = schemaOf(subject);
    const status = isFields(schema['status']) ? schema['status'] : (schema['status'] = {});
    const spot = pickSpot(random, spots(status));
    if (spot && random.chance(0.2)) return remove(spot);
    if (spot && random.chance(0.1)) return put(spot, structuredClone(random.pick(scalars)));
    const text = `\${${random.pick(valueTexts(subject, random))}}`;
    const added = random.pick<Json>([
      text,
      text,
      { inner: text, more: text },
      [text, text],
      `a ${text}`,
      { 'x-y': text },
    ]);
    status[random.pick(['added', 'state', 'other', 'in'])] = added;
  },
  statusConditions: (subject, random) => {
    const schema = schemaOf(subject);
    const status = isFields(schema['status']) ? schema['status'] : (schema['status'] = {});
    const id = random.pick(['schema', ...idsOf(subject)]);
    const made = random.pick<Json>([
      `\${runtime.newCondition({type: "Up", status: ${id}.metadata.name == "a" ? "True" : "False"})}`,
      `\${runtime.newCondition({type: "Up", status: "Maybe"})}`,
      '${runtime.newCondition({type: "Ready", status: runtime.condition(schema, "ResourcesReady").status, reason: "R"})}',
      `\${runtime.condition(${id}, "Ready")}`,
      `\${[runtime.newCondition({type: "List", status: "True", message: ${id}.kind})]}`,
      `\${${id}.metadata.name}`,
      '${runtime.newCondition({type: schema.metadata.name, status: "True"})}',
      '${runtime.newCondition({type: "sample", status: "False"})}',
      `\${runtime.newCondition({type: "Sized", status: 1 / (size(${id}.metadata.name) - 6) == 0 ? "True" : "False"})}`,
      '${runtime.newCondition({type: runtime.condition(schema, "Nothing").type, status: "True"})}',
      '${runtime.newCondition({type: "Told", status: runtime.condition(schema, "Ready").status, message: runtime.condition(schema, "Ready").message})}',
      '${runtime.newCondition({type: "Kro", status: "True", reason: runtime.condition(schema, "ResourcesReady").reason, message: runtime.condition(schema, "GraphResolved").message + runtime.condition(schema, "ResourcesReady").message})}',
      7,
    ]);
    const { conditions } = status;
    const again = random.chance(0.2) ? [made] : [];
    status['conditions'] = random.chance(0.05)
      ? made
      : [...(Array.isArray(conditions) ? conditions : []), made, ...again];
  },
  copyResource: (subject, random) => {
    const { resources } = specOf(subject);
    if (!Array.isArray(resources) || resources.length === 0) return;
    const copy = structuredClone(random.pick(resources));
    if (isFields(copy) && random.chance(0.9)) copy['id'] = random.pick(['copy', 'second', 'zero']);
    resources.splice(random.below(resources.length + 1), 0, copy);
  },
  dropResource: (subject, random) => {
    const { resources } = specOf(subject);
    if (Array.isArray(resources) && resources.length > 0) resources.splice(random.below(resources.length), 1);
  },
  moveResource: (subject, random) => {
    const { resources } = specOf(subject);
    if (!Array.isArray(resources) || resources.length < 2) return;
    const [moved] = resources.splice(random.below(resources.length), 1);
    resources.splice(random.below(resources.length + 1), 0, moved as Json);
  },
  crdField: ({ crds }, random) => {
    // The API server takes no other types for these.
    const fixed = new Set<string | number>(['apiVersion', 'kind', 'metadata']);
    const fields = crds.flatMap((crd) =>
      spots(crd['spec']).filter(({ key, path }) => path.at(-2) === 'properties' && !fixed.has(key)),
    );
    const spot = pickSpot(random, fields);
    if (!spot) return;
    if (random.chance(0.4)) return remove(spot);
    put(spot, structuredClone(random.pick<Json>(propertySchemas)));
  },
  crdScope: ({ crds }, random) => {
    const spec = crds.length > 0 ? random.pick(crds)['spec'] : undefined;
    if (isFields(spec)) spec['scope'] = spec['scope'] === 'Cluster' ? 'Namespaced' : 'Cluster';
  },
  dropCrd: ({ crds }, random) => {
    if (crds.length > 0) crds.splice(random.below(crds.length), 1);
  },
};

const selectors: readonly Json[] = [
  { matchLabels: { app: 'a' } },
  { matchLabels: { app: '${schema.metadata.name}' } },
  { matchLabels: { app: '${1}' } },
  { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', '${schema.metadata.name}'] }] },
  { matchExpressions: [{ key: 'app', operator: 'Near' }] },
  { matchLabels: { 'not a key': 'x' } },
  '${{"matchLabels": {"app": schema.metadata.name}}}',
  'text',
  { app: 'a' },
  {},
];

const propertySchemas: readonly Json[] = [
  { type: 'string' },
  { type: 'integer' },
  { type: 'number' },
  { type: 'boolean' },
  { type: 'string', format: 'byte' },
  { type: 'string', format: 'date-time' },
  { type: 'array', items: { type: 'string' } },
  { type: 'object', additionalProperties: { type: 'string' } },
  { type: 'object', properties: { name: { type: 'string' }, count: { type: 'integer' } } },
  { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  { 'x-kubernetes-int-or-string': true },
  { 'x-kubernetes-preserve-unknown-fields': true },
];

const weighted: readonly string[] = [
  ...Object.keys(named),
  ...['editExpression', 'writeExpression', 'moveExpression'].flatMap((name) => Array<string>(4).fill(name)),
  ...['literal', 'conditions', 'forEach', 'status', 'statusConditions', 'simpleSchema'].flatMap((name) =>
    Array<string>(2).fill(name),
  ),
  'simpleSchema',
];

/** Changes a subject in a few ways and says which. */
export function mutate(subject: Subject, random: Random): string[] {
  const count = random.pick([1, 1, 1, 2, 2, 3]);
  return Array.from({ length: count }, () => {
    const name = random.pick(weighted);
    const mutation = name === 'simpleSchema' ? random.pick(markerMutations) : named[name];
    mutation?.(subject, random);
    return name;
  });
}
