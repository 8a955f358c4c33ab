import { KubewrightError } from '../errors.ts';
import { type JsonSchema, type JsonType, type JsonValue, pathText } from './json-schema.ts';

/** JSON Schema as libraries give it, draft 2020-12 or draft-07. */
export interface RawSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, RawSchema>>;
  readonly definitions?: Readonly<Record<string, RawSchema>>;
  readonly type?: string | readonly string[];
  readonly const?: JsonValue;
  readonly enum?: readonly JsonValue[];
  readonly properties?: Readonly<Record<string, RawSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | RawSchema;
  readonly items?: boolean | RawSchema | readonly RawSchema[];
  readonly prefixItems?: readonly RawSchema[];
  readonly anyOf?: readonly RawSchema[];
  readonly oneOf?: readonly RawSchema[];
  readonly allOf?: readonly RawSchema[];
  readonly propertyNames?: RawSchema;
  readonly 'x-kubewright-lost'?: readonly string[];
  readonly 'x-kubewright-flagged'?: readonly string[];
  readonly [keyword: string]: unknown;
}

interface Context {
  readonly root: RawSchema;
  readonly path: readonly string[];
  /** The references on the way here. */
  readonly refs: readonly string[];
  readonly flagged: ReadonlySet<string>;
}

type Mutable = { -readonly [Key in keyof JsonSchema]: JsonSchema[Key] };

const copied = [
  'description',
  'default',
  'enum',
  'format',
  'required',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'pattern',
  'minLength',
  'maxLength',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

const untranslated = [
  'not',
  'if',
  'then',
  'else',
  'patternProperties',
  'dependentRequired',
  'dependentSchemas',
  'contains',
  'minProperties',
  'maxProperties',
  'contentMediaType',
  'unevaluatedProperties',
  'unevaluatedItems',
];

/** Brings a library's JSON Schema into the one form that the rest of this folder reads. */
export function tidySchema(raw: RawSchema): JsonSchema {
  return tidy(raw, { root: raw, path: [], refs: [], flagged: new Set(raw['x-kubewright-flagged']) });
}

function tidy(raw: RawSchema | boolean, context: Context): JsonSchema {
  if (typeof raw === 'boolean') return raw ? anyObject({}) : { 'x-kubewright-lost': ['never'] };
  if (raw.$ref !== undefined) return tidyReference(raw, raw.$ref, context);
  if (raw.allOf) return tidyIntersection(raw, raw.allOf, context);
  const union = raw.anyOf ?? raw.oneOf;
  if (union) return tidyUnion(raw, union, context);
  if (Array.isArray(raw.type)) {
    const { type, ...rest } = raw;
    if (type.length === 1) return tidy({ ...rest, type: type[0] }, context);
    return tidyUnion(
      {},
      type.map((one: string) => ({ ...rest, type: one })),
      context,
    );
  }
  return tidyNode(raw, context);
}

function tidyReference(raw: RawSchema, ref: string, context: Context): JsonSchema {
  if (context.refs.includes(ref) || ref === '#') {
    throw new KubewrightError({
      code: 'UnsupportedSchema',
      path: pathText(context.path),
      message: 'a type that contains itself has no place in a Kubernetes API',
      hint: 'Use an object of any content there (arktype: "object").',
    });
  }
  const name = ref
    .replace(/^#\/(\$defs|definitions)\//, '')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  const target = context.root.$defs?.[name] ?? context.root.definitions?.[name];
  if (!target) return { 'x-kubewright-lost': [`reference to ${ref}`] };
  const { $ref: _, ...siblings } = raw;
  return tidy({ ...target, ...siblings }, { ...context, refs: [...context.refs, ref] });
}

function tidyIntersection(raw: RawSchema, members: readonly RawSchema[], context: Context): JsonSchema {
  const { allOf: _, ...siblings } = raw;
  const merged = [...members, siblings].map((member) => expanded(member, context)).reduce(intersection);
  return tidy(merged, context);
}

function intersection(left: RawSchema, right: RawSchema): RawSchema {
  const merged: Record<string, unknown> = { ...left, ...right };
  for (const keyword of Object.keys(right)) {
    const [before, after] = [left[keyword], right[keyword]];
    if (before === undefined || keyword === 'description' || JSON.stringify(before) === JSON.stringify(after)) continue;
    if (keyword === 'properties') merged[keyword] = bothProperties(left.properties ?? {}, right.properties ?? {});
    else if (keyword === 'required')
      merged[keyword] = [...new Set([...(left.required ?? []), ...(right.required ?? [])])];
    else merged['x-kubewright-lost'] = [keyword === 'pattern' ? 'patternIntersection' : 'allOf'];
  }
  return merged;
}

function bothProperties(
  left: NonNullable<RawSchema['properties']>,
  right: NonNullable<RawSchema['properties']>,
): RawSchema['properties'] {
  const shared = Object.entries(right).filter(([name]) => Object.hasOwn(left, name));
  return {
    ...left,
    ...right,
    ...Object.fromEntries(shared.map(([name, schema]) => [name, { allOf: [left[name] ?? {}, schema] }])),
  };
}

/** An intersection's member with its reference followed. */
function expanded(raw: RawSchema, { root }: Context): RawSchema {
  const name = raw.$ref?.replace(/^#\/(\$defs|definitions)\//, '');
  const target = name === undefined ? undefined : (root.$defs?.[name] ?? root.definitions?.[name]);
  if (!target) return raw;
  const { $ref: _, ...siblings } = raw;
  return { ...target, ...siblings };
}

function tidyUnion(raw: RawSchema, members: readonly RawSchema[], context: Context): JsonSchema {
  const { anyOf: _, oneOf: __, ...siblings } = raw;
  const tidied = members
    .map((member) => tidy(member, context))
    .flatMap((member) => (member.anyOf && Object.keys(member).length === 1 ? member.anyOf : [member]))
    .filter((member) => !member['x-kubewright-lost']?.includes('undefined'));
  const base: Mutable = {};
  if (siblings['description'] !== undefined) base.description = siblings['description'] as string;
  if (siblings['default'] !== undefined) base.default = siblings['default'] as JsonValue;
  if (siblings['x-kubewright-lost']) base['x-kubewright-lost'] = siblings['x-kubewright-lost'];
  const [first] = tidied;
  if (first && tidied.length === 1) return { ...first, ...base };
  const type = first?.type;
  if (type && tidied.every((member) => member.type === type && member.enum)) {
    const values = [...new Set(tidied.flatMap((member) => member.enum ?? []))];
    if (type === 'boolean' && values.length === 2) return { type, ...base };
    return { type, enum: values, ...base };
  }
  if (tidied.every(isPattern))
    return { type: 'string', pattern: tidied.map(({ pattern }) => `(?:${pattern})`).join('|'), ...base };
  return { anyOf: tidied, ...base };
}

/** True for text that only a pattern describes, as the kinds of addresses and identifiers are. */
function isPattern(schema: JsonSchema): boolean {
  return schema.type === 'string' && schema.pattern !== undefined && Object.keys(schema).length === 2;
}

function tidyNode(raw: RawSchema, context: Context): JsonSchema {
  const node: Mutable = {};
  const lost = [...(raw['x-kubewright-lost'] ?? []), ...untranslated.filter((keyword) => raw[keyword] !== undefined)];
  if (
    raw.propertyNames &&
    !namedProperties(raw) &&
    Object.keys(raw.propertyNames).some((keyword) => keyword !== 'type')
  )
    lost.push('propertyNames');
  if (typeof raw['pattern'] === 'string' && context.flagged.has(raw['pattern'])) lost.push('patternFlags');
  const type = typeOf(raw);
  if (type) node.type = type;
  for (const keyword of copied) if (raw[keyword] !== undefined) Object.assign(node, { [keyword]: raw[keyword] });
  if (raw.const !== undefined) node.enum = [raw.const];
  if (lost.length > 0) node['x-kubewright-lost'] = lost;
  if (!type)
    return lost.length > 0 || raw.enum || raw.const !== undefined || node['x-kubernetes-int-or-string']
      ? node
      : anyObject(node);
  if (type === 'object') return tidyObject(raw, node, context);
  if (type === 'array') return tidyArray(raw, node, context);
  if (type === 'integer' || type === 'number') return tidyNumber(node);
  return type === 'string' ? tidyString({ format: raw['contentEncoding'] as string | undefined, ...node }) : node;
}

function typeOf(raw: RawSchema): JsonType | undefined {
  if (typeof raw.type === 'string') return raw.type as JsonType;
  const values = raw.enum ?? (raw.const === undefined ? [] : [raw.const]);
  const types = new Set(
    values.map((value) =>
      typeof value === 'number' && Number.isInteger(value) ? 'integer' : value === null ? 'null' : typeof value,
    ),
  );
  const [only] = types;
  if (only && types.size === 1) return only as JsonType;
  if (raw.properties || raw.required || typeof raw.additionalProperties === 'object') return 'object';
  if (raw.items !== undefined || raw.prefixItems) return 'array';
  return undefined;
}

function anyObject(node: JsonSchema): JsonSchema {
  return { type: 'object', ...node, 'x-kubernetes-preserve-unknown-fields': true };
}

function tidyObject(raw: RawSchema, node: Mutable, context: Context): JsonSchema {
  const { properties, additionalProperties: more } = { ...raw, ...namedProperties(raw) };
  const child = (name: string, schema: RawSchema): JsonSchema =>
    tidy(schema, { ...context, path: [...context.path, name] });
  if (properties)
    node.properties = Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [name, child(name, schema)]),
    );
  const anything = more === true || (typeof more === 'object' && Object.keys(more).length === 0);
  if (typeof more === 'object' && !anything) node.additionalProperties = child('*', more);
  else if (anything) node['x-kubernetes-preserve-unknown-fields'] = true;
  const open = !properties && !node.additionalProperties && more !== false;
  return open ? anyObject(node) : { ...(more === false && !properties ? { properties: {} } : {}), ...node };
}

/** A map whose keys are listed is an object with these fields. */
function namedProperties(raw: RawSchema): Pick<RawSchema, 'properties' | 'additionalProperties'> | undefined {
  const { propertyNames, additionalProperties: value, properties } = raw;
  if (!propertyNames?.enum || typeof value !== 'object' || properties) return undefined;
  return {
    properties: Object.fromEntries(propertyNames.enum.map((name) => [name as string, value])),
    additionalProperties: false,
  };
}

function tidyArray(raw: RawSchema, node: Mutable, context: Context): JsonSchema {
  const child = (schema: RawSchema | boolean): JsonSchema => tidy(schema, { ...context, path: [...context.path, '*'] });
  const tuple = raw.prefixItems ?? (Array.isArray(raw.items) ? (raw.items as readonly RawSchema[]) : undefined);
  if (tuple) node.prefixItems = tuple.map(child);
  else node.items = child((raw.items as RawSchema | boolean | undefined) ?? {});
  return node;
}

/** The libraries describe most of their formats by a pattern as well, and that is what Kubernetes can check. */
function tidyString({ format, ...node }: JsonSchema): JsonSchema {
  if (format === undefined || node.pattern !== undefined || node['x-kubewright-lost']) return node;
  return { ...node, 'x-kubewright-lost': [`format ${format}`] };
}

/** zod writes the bounds of JavaScript's own numbers; they are no wish of the author's. */
function tidyNumber(node: Mutable): JsonSchema {
  if (node.multipleOf === 1) {
    node.type = 'integer';
    delete node.multipleOf;
  }
  for (const bound of ['minimum', 'maximum'] as const) {
    const size = Math.abs(node[bound] ?? 0);
    if (size === Number.MAX_SAFE_INTEGER || size === Number.MAX_VALUE) delete node[bound];
  }
  return node;
}
