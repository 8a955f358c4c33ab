import { KubewrightError, throwProblems } from '../errors.ts';
import {
  dns1123LabelProblems,
  labelKeyProblems,
  labelValueProblems,
  subdomainProblems,
} from '../expr/library/names.ts';
import { define } from '../expr/value.ts';
import type { Graph } from '../graph/graph.ts';
import type { Instance, ObservedObject } from '../resolve/resolution.ts';
import { prepareValues } from '../resolve/values.ts';
import { didYouMean } from '../schema/nearest-name.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The instance as the API server stores it: valid, with the defaults of its kind, in a namespace. */
export function instanceOf(graph: Graph, object: ObservedObject): Instance {
  const problems = [...objectProblems(object, graph.scope === 'Cluster')];
  const metadata = (object['metadata'] ?? {}) as Fields;
  const { name, namespace } = metadata as { name?: string; namespace?: string };
  if (name === undefined && problems.length === 0)
    problems.push({ code: 'MissingName', path: 'metadata.name', message: 'an instance needs a name' });
  throwProblems(
    'instance',
    problems.map((problem) => new KubewrightError({ resource: 'instance', ...problem })),
  );
  const place = `${String(object['kind'])} ${name} spec`;
  const spec = keysSorted(prepareValues(graph, object['spec'], place)) as Record<string, unknown>;
  return {
    name: name as string,
    namespace: graph.scope === 'Cluster' ? undefined : (namespace ?? 'default'),
    labels: textsOf(metadata['labels']),
    annotations: textsOf(metadata['annotations']),
    spec,
  };
}

type Problem = Pick<ConstructorParameters<typeof KubewrightError>[0], 'code' | 'path' | 'message' | 'hint'>;

const objectFields = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
const metadataFields =
  'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields'.split(
    ' ',
  );

/** What the API server has against an object around its values. */
function* objectProblems(object: Fields, isCluster: boolean): Iterable<Problem> {
  yield* unknownFields(object, objectFields, '');
  const metadata = object['metadata'] ?? {};
  if (!isFields(metadata)) return yield { code: 'InvalidObject', path: 'metadata', message: 'is no object' };
  yield* unknownFields(metadata, metadataFields, 'metadata.');
  yield* nameProblems(metadata['name'], 'metadata.name', subdomainProblems);
  // What has no namespace loses one that it is given.
  if (!isCluster) yield* nameProblems(metadata['namespace'], 'metadata.namespace', dns1123LabelProblems);
  for (const field of ['labels', 'annotations'] as const) yield* keyProblems(metadata[field] ?? {}, field);
}

function* unknownFields(fields: Fields, known: readonly string[], prefix: string): Iterable<Problem> {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    yield {
      code: 'InvalidObject',
      path: prefix + name,
      message: 'is not a field of an object',
      hint: didYouMean(name, known),
    };
  }
}

function* nameProblems(value: unknown, path: string, check: (name: string) => readonly string[]): Iterable<Problem> {
  if (value === undefined || value === null || value === '') return;
  if (typeof value !== 'string') {
    const hint = 'Put it in quotes: YAML takes y, n, on, off, yes and no for booleans.';
    return yield { code: 'InvalidObject', path, message: 'is no text', hint };
  }
  const [problem] = check(value);
  if (problem !== undefined) yield { code: 'InvalidObject', path, message: problem };
}

function* keyProblems(entries: unknown, field: 'labels' | 'annotations'): Iterable<Problem> {
  const path = `metadata.${field}`;
  if (!isFields(entries)) return yield { code: 'InvalidObject', path, message: 'is no object' };
  for (const [key, value] of Object.entries(entries)) {
    const at = `${path}[${JSON.stringify(key)}]`;
    const [wrong] = labelKeyProblems(field === 'labels' ? key : key.toLowerCase());
    if (wrong !== undefined) yield { code: 'InvalidObject', path: at, message: wrong };
    yield* nameProblems(value, at, field === 'labels' ? labelValueProblems : () => []);
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(entries: unknown): Readonly<Record<string, string>> | undefined {
  if (!isFields(entries)) return undefined;
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, (value ?? '') as string]));
}

/** The API server stores objects with their keys in order, which is what a list made from a map's keys shows. */
function keysSorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keysSorted);
  if (typeof value !== 'object' || value === null) return value;
  const sorted: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) define(sorted, key, keysSorted((value as Record<string, unknown>)[key]));
  return sorted;
}
