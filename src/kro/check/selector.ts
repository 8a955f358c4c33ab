import { labelSelectorSchema } from '../../schema/kubernetes-schema.ts';
import { type Fields, fieldsOf } from '../read/pieces.ts';
import type { Path } from '../read/place.ts';
import { scanText } from './field.ts';
import { KroRefusal, within } from './refusal.ts';
import { parseTemplate } from './template.ts';

/** `externalRef.metadata`: one of name and selector, and the shape of a selector (kro pkg/graph/validation.go). */
export function checkExternalMetadata(metadata: Fields, place: Path): void {
  const name = metadata['name'];
  const hasName = typeof name === 'string' && name.trim() !== '';
  if (hasName === hasSelector(metadata))
    throw new KroRefusal('ExternalReference', 'exactly one of name or selector must be provided', place);
  if (!hasName) checkSelector(metadata['selector'], [...place, 'selector']);
}

export function hasSelector(metadata: Fields): boolean {
  return metadata['selector'] !== undefined && metadata['selector'] !== null;
}

function checkSelector(selector: unknown, place: Path): void {
  if (typeof selector === 'string') {
    if (within('invalid selector expression: ', () => scanText(selector, place)).kind !== 'standalone')
      throw wrongShape(place);
  } else if (typeof selector === 'object' && selector !== null && !Array.isArray(selector)) {
    const expressions = parseTemplate(selector, labelSelectorSchema(), { path: 'metadata.selector', place });
    if (expressions.length > 0) return;
    const errors = [...selectorErrors(selector as Fields)];
    if (errors.length > 0)
      throw new KroRefusal('ExternalReference', `invalid label selector: [${errors.join(' ')}]`, place);
  } else throw wrongShape(place);
}

function wrongShape(place: Path): KroRefusal {
  return new KroRefusal(
    'ExternalReference',
    'selector must be a Kubernetes LabelSelector object or a CEL expression that resolves to one',
    place,
  );
}

/** Kubernetes' validation of a LabelSelector. */
function* selectorErrors(selector: Fields): Iterable<string> {
  for (const [key, value] of Object.entries(fieldsOf(selector['matchLabels']))) {
    yield* nameErrors(key, 'metadata.selector.matchLabels');
    yield* valueErrors(value, 'metadata.selector.matchLabels');
  }
  const requirements = Array.isArray(selector['matchExpressions'])
    ? (selector['matchExpressions'] as unknown[]).map(fieldsOf)
    : [];
  for (const [index, requirement] of requirements.entries())
    yield* requirementErrors(requirement, `metadata.selector.matchExpressions[${index}]`);
}

function* requirementErrors({ key, operator, values }: Fields, path: string): Iterable<string> {
  const count = Array.isArray(values) ? values.length : 0;
  if (operator === 'In' || operator === 'NotIn') {
    if (count === 0) yield `${path}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`;
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (count > 0)
      yield `${path}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`;
  } else yield `${path}.operator: Invalid value: ${JSON.stringify(operator ?? '')}: not a valid selector operator`;
  yield* nameErrors(typeof key === 'string' ? key : '', `${path}.key`);
  for (const [index, value] of (Array.isArray(values) ? (values as unknown[]) : []).entries())
    yield* valueErrors(value, `${path}.values[${index}]`);
}

const word =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function* nameErrors(key: string, path: string): Iterable<string> {
  const invalid = `${path}: Invalid value: ${JSON.stringify(key)}: `;
  const parts = key.split('/');
  const name = parts.at(-1) as string;
  if (parts.length > 2) {
    yield `${invalid}a qualified name ${word} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
    return;
  }
  if (parts.length === 2 && parts[0] === '') yield `${invalid}prefix part must be non-empty`;
  else if (
    parts.length === 2 &&
    !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(parts[0] as string)
  ) {
    yield `${invalid}prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
  }
  if (name === '') yield `${invalid}name part must be non-empty`;
  else if (name.length > 63) yield `${invalid}name part must be no more than 63 bytes`;
  if (!/^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name)) {
    yield `${invalid}name part ${word} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`;
  }
}

function* valueErrors(value: unknown, path: string): Iterable<string> {
  if (typeof value !== 'string') return;
  const invalid = `${path}: Invalid value: ${JSON.stringify(value)}: `;
  if (value.length > 63) yield `${invalid}must be no more than 63 bytes`;
  if (!/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(value)) {
    yield `${invalid}a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`;
  }
}
