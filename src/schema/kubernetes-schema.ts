import { readFileSync } from 'node:fs';
import type { JsonSchema } from './json-schema.ts';

/** A kind that a Kubernetes API server serves by default. */
export interface BuiltInKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** True for a kind that is only asked and never stored, such as SubjectAccessReview. */
  readonly transient?: boolean;
}

type StoredKind = BuiltInKind & { readonly type: string };

interface Data {
  readonly kinds: ReadonlyMap<string, StoredKind>;
  readonly types: ReadonlyMap<string, string>;
}

/** A type as the file holds it: references by name instead of nested types. */
interface StoredType extends Omit<JsonSchema, 'properties' | 'items' | 'additionalProperties'> {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, StoredType>>;
  readonly items?: StoredType;
  readonly additionalProperties?: StoredType;
}

let loaded: Data | undefined;

/**
 * The file is JSON with one kind or type to a line. Only the kinds are parsed at once: parsing all types would take
 * longer than everything that a small graph asks of them.
 */
function load(): Data {
  if (loaded) return loaded;
  const text = readFileSync(new URL('./kubernetes.json', import.meta.url), 'utf8');
  const [head = '', body = ''] = text.split('\n],"types":{\n');
  const { kinds } = JSON.parse(`${head}]}`) as { kinds: StoredKind[] };
  const types = new Map<string, string>();
  for (const line of body.split('\n')) {
    const colon = line.indexOf('":');
    if (colon > 0) types.set(line.slice(1, colon), line.slice(colon + 2).replace(/,$/, ''));
  }
  loaded = { kinds: new Map(kinds.map((entry) => [`${entry.apiVersion} ${entry.kind}`, entry])), types };
  return loaded;
}

/** All kinds that Kubernetes serves by default, ordered by group, version and kind. */
export function builtInKinds(): readonly BuiltInKind[] {
  return [...load().kinds.values()];
}

/** What is known about a built-in kind, `undefined` when Kubernetes has no such kind. */
export function builtInKind(apiVersion: string, kind: string): BuiltInKind | undefined {
  return load().kinds.get(`${apiVersion} ${kind}`);
}

/** The OpenAPI schema of a built-in kind, `undefined` when Kubernetes has no such kind. Its parts are read when asked for. */
export function kubernetesSchema(apiVersion: string, kind: string): JsonSchema | undefined {
  const type = load().kinds.get(`${apiVersion} ${kind}`)?.type;
  return type === undefined ? undefined : schemaOf(type);
}

/** The OpenAPI schema of the `metadata` that every object has. */
export function objectMetaSchema(): JsonSchema {
  return schemaOf('meta.v1.ObjectMeta');
}

/** The OpenAPI schema of a LabelSelector. */
export function labelSelectorSchema(): JsonSchema {
  return schemaOf('meta.v1.LabelSelector');
}

const parsed = new Map<string, StoredType>();

function storedType(name: string): StoredType | undefined {
  let type = parsed.get(name);
  if (type) return type;
  const text = load().types.get(name);
  if (text === undefined) return undefined;
  type = JSON.parse(text) as StoredType;
  parsed.set(name, type);
  return type;
}

const views = new Map<string, JsonSchema>();

function schemaOf(type: string): JsonSchema {
  let view = views.get(type);
  if (!view) {
    view = viewOf({ $ref: type }, []);
    views.set(type, view);
  }
  return view;
}

/**
 * Follows references lazily: a kind has hundreds of types below it and a graph reads a few.
 *
 * @param refs the references on the way here; a type inside itself is an object without fields, as it is for kro
 */
function viewOf(stored: StoredType, refs: readonly string[]): JsonSchema {
  if (stored.$ref !== undefined) {
    const target = refs.includes(stored.$ref) ? undefined : storedType(stored.$ref);
    return target ? viewOf(target, [...refs, stored.$ref]) : { type: 'object' };
  }
  const { properties, items, additionalProperties, ...rest } = stored;
  const view: JsonSchema & Record<string, unknown> = { ...rest };
  if (properties) lazily(view, 'properties', () => propertiesView(properties, refs));
  if (items) lazily(view, 'items', () => viewOf(items, refs));
  if (additionalProperties) lazily(view, 'additionalProperties', () => viewOf(additionalProperties, refs));
  return view;
}

function propertiesView(
  properties: Readonly<Record<string, StoredType>>,
  refs: readonly string[],
): Record<string, unknown> {
  const view: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) lazily(view, name, () => viewOf(property, refs));
  return view;
}

function lazily(target: Record<string, unknown>, name: string, compute: () => unknown): void {
  Object.defineProperty(target, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = compute();
      Object.defineProperty(target, name, { value, enumerable: true, configurable: true });
      return value;
    },
  });
}
