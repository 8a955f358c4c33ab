import {
  dns1035LabelProblems,
  labelKeyProblems,
  labelValueProblems,
  subdomainProblems,
} from '../../expr/library/names.ts';
import { plural } from '../plural.ts';
import { fieldsOf, type Pieces } from '../read/pieces.ts';
import { goJson } from './go-json.ts';
import type { Found } from './served-kind.ts';

const invalid = (value: unknown, problem: string): string => `Invalid value: ${goJson(value)}: ${problem}`;

/** What the API server says to a kind's names, group and version, and to the metadata and columns that the author gave it. */
export function* nameProblems({ group, version, kind, schema }: Pieces): Iterable<Found> {
  const place = ['spec', 'schema', 'group'];
  const names = plural(kind.toLowerCase());
  const full = `${names}.${group}`;
  for (const problem of subdomainProblems(full))
    yield { path: 'metadata.name', message: invalid(full, problem), place };
  const problems = subdomainProblems(group).join(',');
  if (problems !== '') yield { path: 'spec.group', message: invalid(group, problems), place };
  else if (!group.includes('.'))
    yield { path: 'spec.group', message: invalid(group, 'should be a domain with at least one dot'), place };
  const metadata = fieldsOf(schema['metadata']);
  yield* metadataProblems(metadata);
  yield* approvalProblems(group, fieldsOf(metadata['annotations'])['api-approved.kubernetes.io']);
  yield* labelProblems(['spec.versions[0].name', 'spec.version'], version, ['spec', 'schema', 'apiVersion']);
  yield* labelProblems(['spec.names.plural'], names, ['spec', 'schema', 'kind']);
  const [tooLong] = dns1035LabelProblems(`${kind}list`.toLowerCase());
  if (tooLong) {
    const message = invalid(`${kind}List`, `may have mixed case, but should otherwise match: ${tooLong}`);
    yield { path: 'spec.names.listKind', message, place: ['spec', 'schema', 'kind'] };
  }
  yield* columnProblems(schema['additionalPrinterColumns']);
}

function* labelProblems(paths: readonly string[], name: string, place: readonly string[]): Iterable<Found> {
  const problems = dns1035LabelProblems(name).join(',');
  if (problems !== '') for (const path of paths) yield { path, message: invalid(name, problems), place };
}

function* metadataProblems({ labels, annotations }: ReturnType<typeof fieldsOf>): Iterable<Found> {
  for (const [key, value] of Object.entries(fieldsOf(labels))) {
    const place = ['spec', 'schema', 'metadata', 'labels', key];
    for (const problem of labelKeyProblems(key))
      yield { path: 'metadata.labels', message: invalid(key, problem), place };
    for (const problem of labelValueProblems(value as string))
      yield { path: 'metadata.labels', message: invalid(value, problem), place };
  }
  for (const key of Object.keys(fieldsOf(annotations))) {
    const place = ['spec', 'schema', 'metadata', 'annotations', key];
    for (const problem of labelKeyProblems(key.toLowerCase()))
      yield { path: 'metadata.annotations', message: invalid(key, problem), place };
  }
}

/** Groups of the Kubernetes community are not for everybody. */
function* approvalProblems(group: string, approval: unknown): Iterable<Found> {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return;
  const name = 'api-approved.kubernetes.io';
  const place = ['spec', 'schema', 'group'];
  const needed = `protected groups must have approval annotation "${name}"`;
  const path = `metadata.annotations[${name}]`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (typeof approval !== 'string' || approval === '')
    yield { path, message: `Required value: ${needed}, ${see}`, place };
  else if (!approval.startsWith('unapproved') && !/^[A-Za-z][\w+.-]*:\/\/[^/]/.test(approval)) {
    const message = invalid(approval, `${needed} with either a URL or a reason starting with "unapproved", ${see}`);
    yield { path, message, place };
  }
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function* columnProblems(columns: unknown): Iterable<Found> {
  for (const [index, column] of (Array.isArray(columns) ? (columns as unknown[]).map(fieldsOf) : []).entries()) {
    for (const [field, message] of columnFaults(column)) {
      const place = ['spec', 'schema', 'additionalPrinterColumns'];
      yield { path: `spec.additionalPrinterColumns[${index}].${field}`, message, place };
    }
  }
}

function* columnFaults(column: ReturnType<typeof fieldsOf>): Iterable<readonly [string, string]> {
  const { name, type, format = '', jsonPath } = column;
  if (name === '') yield ['name', 'Required value'];
  const wanted = `must be one of ${columnTypes.join(',')}`;
  if (type === '') yield ['type', `Required value: ${wanted}`];
  else if (!columnTypes.includes(type as string)) yield ['type', invalid(type, wanted)];
  if (format !== '' && !columnFormats.includes(format as string))
    yield ['format', invalid(format, `must be one of ${columnFormats.join(',')}`)];
  if (jsonPath === '') yield ['JSONPath', 'Required value'];
  else if (typeof jsonPath === 'string' && !jsonPath.startsWith('.'))
    yield ['JSONPath', invalid(jsonPath, 'must be a simple json path starting with .')];
}
