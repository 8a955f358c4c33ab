import { type Fields, fieldsOf, type ResourcePieces } from '../read/pieces.ts';
import type { Path } from '../read/place.ts';
import { quoteGo } from '../read/quote.ts';
import { type FieldExpression, standalone } from './field.ts';
import type { Kinds, ServedKind } from './kinds.ts';
import { KroRefusal, Refused, within } from './refusal.ts';
import { checkExternalMetadata, hasSelector } from './selector.ts';
import { parseSchemaless, parseTemplate } from './template.ts';

/** A resource whose template fits its kind; its expressions are found, not checked. */
export interface ResourceNode {
  readonly id: string;
  readonly place: Path;
  readonly kind: ServedKind;
  /** Whether its variable is a list: it has forEach, or reads objects by selector. */
  readonly shape: 'single' | 'collection' | 'external' | 'externalCollection';
  readonly object: Fields;
  readonly template: readonly FieldExpression[];
  readonly readyWhen: readonly FieldExpression[];
  readonly includeWhen: readonly FieldExpression[];
  readonly forEach: readonly { readonly name: string; readonly list: FieldExpression }[];
}

export interface ResourceRules {
  readonly kinds: Kinds;
  readonly instanceNamespaced: boolean;
}

const placeOf = ({ index }: ResourcePieces): Path => ['spec', 'resources', index];

/** The checks that kro makes of all resources before it looks at one of them closely. */
export function checkFields(resource: ResourcePieces): void {
  const { id, template, externalRef, forEach } = resource;
  const place = placeOf(resource);
  const refuse = (message: string): never => {
    throw new KroRefusal(
      'ResourceFields',
      `invalid combination of resource fields: resource "${id}": ${message}`,
      place,
    );
  };
  if (!template && !externalRef) refuse('exactly one of template or externalRef must be provided');
  if (template && externalRef) refuse('cannot use externalRef with template');
  if (externalRef && forEach.length > 0) refuse('cannot use externalRef with forEach');
  if (!externalRef) return;
  within(`invalid external ref metadata for resource ${id}: `, () =>
    checkExternalMetadata(fieldsOf(externalRef['metadata']), [...place, 'externalRef', 'metadata']),
  );
}

export function objectOf({ template, externalRef }: ResourcePieces): Fields {
  if (!externalRef) return template ?? {};
  const { name, namespace, selector } = fieldsOf(externalRef['metadata']);
  const given = Object.entries({ name, namespace, selector }).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return {
    apiVersion: externalRef['apiVersion'] ?? '',
    kind: externalRef['kind'] ?? '',
    metadata: Object.fromEntries(given),
  };
}

/** kro's buildResourceNode. */
export function buildResource(resource: ResourcePieces, rules: ResourceRules): ResourceNode {
  const { id, externalRef } = resource;
  const place = placeOf(resource);
  const object = objectOf(resource);
  const bodyPlace = [...place, externalRef ? 'externalRef' : 'template'];
  within(`resource ${id} is not a valid Kubernetes object: `, () => checkObject(object, bodyPlace));
  const { apiVersion, kind: kindName } = within(`failed to extract GVK from resource ${id}: `, () =>
    checkKindName(object, bodyPlace),
  );
  const kind = within(`failed to get schema for resource ${id}: `, () =>
    servedKind(rules.kinds, { apiVersion, kind: kindName, place: bodyPlace }),
  );
  const bySelector = externalRef !== undefined && hasSelector(fieldsOf(externalRef['metadata']));
  checkMetadata({ id, object, place: bodyPlace }, { ...rules, namespaced: kind.namespaced, bySelector });
  const template = templateOf({ id, object, kind, isExternal: externalRef !== undefined, place: bodyPlace });
  const conditions = (field: 'readyWhen' | 'includeWhen'): FieldExpression[] =>
    within(`failed to parse ${field} expressions: `, () => standalone(resource[field], [...place, field]));
  const readyWhen = conditions('readyWhen');
  const includeWhen = conditions('includeWhen');
  const forEach = forEachOf(resource, [...place, 'forEach']);
  const shape = bySelector
    ? 'externalCollection'
    : externalRef
      ? 'external'
      : forEach.length > 0
        ? 'collection'
        : 'single';
  return { id, place, kind, shape, object, template, readyWhen, includeWhen, forEach };
}

function checkObject(object: Fields, place: Path): void {
  for (const field of ['apiVersion', 'kind']) {
    if (object[field] === undefined) throw new KroRefusal('InvalidObject', `${field} field not found`, place);
    if (typeof object[field] !== 'string')
      throw new KroRefusal('InvalidObject', `${field} field is not a string`, [...place, field]);
  }
  const { metadata } = object;
  if (metadata === undefined) throw new KroRefusal('InvalidObject', 'metadata field not found', place);
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    throw new KroRefusal('InvalidObject', 'metadata field is not a map', [...place, 'metadata']);
}

function checkKindName(object: Fields, place: Path): { apiVersion: string; kind: string } {
  const apiVersion = object['apiVersion'] as string;
  const kind = object['kind'] as string;
  if (apiVersion.split('/').length > 2) {
    throw new KroRefusal(
      'InvalidObject',
      `invalid apiVersion format ${quoteGo(apiVersion)}: unexpected GroupVersion string: ${apiVersion}`,
      [...place, 'apiVersion'],
    );
  }
  const lower = kind.toLowerCase();
  const problems = [
    ...(lower.length > 63 ? ['must be no more than 63 characters'] : []),
    ...(/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(lower)
      ? []
      : [
          "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        ]),
  ];
  if (problems.length > 0) {
    throw new KroRefusal(
      'InvalidObject',
      `invalid kind ${quoteGo(kind)}: ${problems.join(', ')} (must be a valid DNS-1035 label when lowercased)`,
      [...place, 'kind'],
    );
  }
  return { apiVersion, kind };
}

function servedKind(
  kinds: Kinds,
  { apiVersion, kind, place }: { apiVersion: string; kind: string; place: Path },
): ServedKind {
  const found = kinds.find(apiVersion, kind);
  if (found) return found;
  const what = kinds.servesVersion(apiVersion)
    ? `group version kind ${quoteGo(`${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`)}`
    : `group version ${quoteGo(apiVersion)}`;
  throw new KroRefusal('UnknownKind', `cannot resolve ${what}: schema not found`, [...place, 'kind']);
}

interface Body {
  readonly id: string;
  readonly object: Fields;
  readonly place: Path;
}

function checkMetadata(
  { id, object, place }: Body,
  rules: { namespaced: boolean; instanceNamespaced: boolean; bySelector: boolean },
): void {
  const metadata = fieldsOf(object['metadata']);
  const { namespace } = metadata;
  const at = [...place, 'metadata', 'namespace'];
  if (!rules.namespaced && namespace !== undefined)
    throw new KroRefusal('Namespace', `resource "${id}" is cluster-scoped and must not set metadata.namespace`, at);
  if (
    rules.namespaced &&
    !rules.instanceNamespaced &&
    !rules.bySelector &&
    (typeof namespace !== 'string' || namespace.trim() === '')
  ) {
    throw new KroRefusal(
      'Namespace',
      `resource "${id}" is namespaced and must set metadata.namespace when the instance CRD is cluster-scoped`,
      at,
    );
  }
  for (const [field, word] of [
    ['labels', 'label'],
    ['annotations', 'annotation'],
  ] as const) {
    for (const key of Object.keys(fieldsOf(metadata[field]))) {
      const prefix = ['kro.run/', 'internal.kro.run/'].find((reserved) => key.startsWith(reserved));
      if (prefix === undefined) continue;
      throw new KroRefusal(
        'ReservedKey',
        `invalid ${word} for resource "${id}". ${word}s with prefix "${prefix}" are reserved for internal use`,
        [...place, 'metadata', field, key],
      );
    }
  }
}

function templateOf({
  id,
  object,
  kind,
  isExternal,
  place,
}: Body & { kind: ServedKind; isExternal: boolean }): readonly FieldExpression[] {
  const site = { path: '', place };
  if (isExternal)
    return within(`failed to parse external ref resource ${id}: `, () => parseSchemaless(object, site)).expressions;
  if (kind.apiVersion !== 'apiextensions.k8s.io/v1' || kind.kind !== 'CustomResourceDefinition') {
    return within(`failed to extract CEL expressions from schema for resource ${id}: `, () =>
      parseTemplate(object, kind.schema, site),
    );
  }
  const { expressions } = within(`failed to parse schemaless resource ${id}: `, () => parseSchemaless(object, site));
  const refused = expressions.filter(({ path }) => !path.startsWith('metadata.'));
  if (refused.length === 0) return expressions;
  throw new Refused(
    refused.map(({ path, place: at }) => {
      const message = `CEL expressions in CRDs are only supported for metadata fields, found in path ${quoteGo(path)}, resource ${id}`;
      return new KroRefusal('CrdExpression', message, at);
    }),
  );
}

function forEachOf({ forEach }: ResourcePieces, place: Path): { name: string; list: FieldExpression }[] {
  return forEach.flatMap((dimension, index) =>
    Object.entries(dimension).map(([name, text]) => {
      const [list] = within(
        `failed to parse forEach dimensions: invalid forEach expression for dimension "${name}": `,
        () => standalone([text], [...place, index]),
      );
      return { name, list: list as FieldExpression };
    }),
  );
}
