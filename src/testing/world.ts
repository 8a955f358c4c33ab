import type { ExternalRead, LabelSelector, ObservedObject, ResolvedBody } from '../resolve/resolution.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The objects of a cluster that is only imagined. */
export class World {
  readonly #objects = new Map<string, ObservedObject>();
  readonly #given = new Set<string>();

  constructor(given: readonly ObservedObject[]) {
    for (const object of given) {
      const key = identityOf(object);
      this.#objects.set(key, object);
      this.#given.add(key);
    }
  }

  /** The object as it is there, made by now if it was not there before. */
  make(object: ResolvedBody): ObservedObject {
    const key = identityOf(object);
    if (!this.#given.has(key)) this.#objects.set(key, object);
    return this.#objects.get(key) as ObservedObject;
  }

  read({ apiVersion, kind, namespace, by }: ExternalRead): ObservedObject | ObservedObject[] | undefined {
    if ('name' in by)
      return (
        this.#objects.get(keyOf({ apiVersion, kind, namespace, name: by.name })) ??
        this.#objects.get(keyOf({ apiVersion, kind, namespace: undefined, name: by.name }))
      );
    return [...this.#objects]
      .filter(
        ([, object]) =>
          isKind(object, { apiVersion, kind }) &&
          (namespace === undefined || metadataOf(object)['namespace'] === namespace) &&
          matches(by.selector, metadataOf(object)['labels'] as Fields),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }
}

function identityOf(object: Fields): string {
  const { name, namespace } = metadataOf(object);
  return keyOf({
    apiVersion: String(object['apiVersion']),
    kind: String(object['kind']),
    namespace: namespace as string | undefined,
    name: String(name),
  });
}

function keyOf({
  apiVersion,
  kind,
  namespace,
  name,
}: {
  apiVersion: string;
  kind: string;
  namespace: string | undefined;
  name: string;
}): string {
  return `${groupOf(apiVersion)}/${kind}/${namespace ?? ''}/${name}`;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function isKind(object: Fields, { apiVersion, kind }: { apiVersion: string; kind: string }): boolean {
  return object['kind'] === kind && groupOf(String(object['apiVersion'])) === groupOf(apiVersion);
}

function metadataOf(object: Fields): Fields {
  return (object['metadata'] ?? {}) as Fields;
}

function matches({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Fields = {}): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(requirement, labels))
  );
}

function meets(
  { key, operator, values = [] }: NonNullable<LabelSelector['matchExpressions']>[number],
  labels: Fields,
): boolean {
  const value = labels[key];
  const isListed = typeof value === 'string' && values.includes(value);
  switch (operator) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}
