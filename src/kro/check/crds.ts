import { fieldsOf } from '../read/pieces.ts';
import type { Path } from '../read/place.ts';
import type { Manifest } from '../read/source.ts';

/** Something wrong with a CustomResourceDefinition, so that its kinds cannot be known. */
export interface CrdProblem {
  readonly message: string;
  readonly path: Path;
}

/** What is wrong with a CustomResourceDefinition as far as kinds and types are read from it. */
export function crdProblems({ object }: Manifest): readonly CrdProblem[] {
  let problems = known.get(object);
  if (!problems) known.set(object, (problems = [...problemsOf(object)]));
  return problems;
}

/** The same objects are given again and again: to look through a large schema takes longer than to check a definition. */
const known = new WeakMap<object, readonly CrdProblem[]>();

function* problemsOf(object: Manifest['object']): Iterable<CrdProblem> {
  const spec = object['spec'];
  if (!isMap(spec)) return yield { message: 'has to be an object', path: ['spec'] };
  for (const name of ['group', 'scope'])
    if (typeof spec[name] !== 'string') yield { message: 'has to be a text', path: ['spec', name] };
  const { kind } = fieldsOf(spec['names']);
  if (typeof kind !== 'string' || kind === '') yield { message: 'has to be a text', path: ['spec', 'names', 'kind'] };
  const { versions } = spec;
  if (!Array.isArray(versions) || versions.length === 0)
    return yield { message: 'has to be a list of versions', path: ['spec', 'versions'] };
  for (const [index, version] of (versions as unknown[]).entries()) {
    const path = ['spec', 'versions', index];
    const { name, served, schema } = fieldsOf(version);
    if (typeof name !== 'string') yield { message: 'has to be a text', path: [...path, 'name'] };
    if (typeof served !== 'boolean') yield { message: 'has to be true or false', path: [...path, 'served'] };
    if (schema !== undefined)
      yield* schemaProblems(fieldsOf(schema)['openAPIV3Schema'], [...path, 'schema', 'openAPIV3Schema']);
  }
}

const types: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'integer', 'number', 'boolean']);

/** Real schemas are some twenty levels deep. */
const deepest = 200;

function* schemaProblems(schema: unknown, path: Path): Iterable<CrdProblem> {
  if (!isMap(schema)) return yield { message: 'has to be a schema', path };
  if (path.length > deepest) return yield { message: 'is nested too deeply', path };
  const { type, properties, items, additionalProperties } = schema;
  if (type !== undefined && type !== '' && !types.has(type))
    yield { message: 'is no type of OpenAPI', path: [...path, 'type'] };
  if (properties !== undefined && !isMap(properties))
    yield { message: 'has to be an object of schemas', path: [...path, 'properties'] };
  for (const [name, property] of Object.entries(fieldsOf(properties)))
    yield* schemaProblems(property, [...path, 'properties', name]);
  if (items !== undefined) yield* schemaProblems(items, [...path, 'items']);
  if (additionalProperties !== undefined && typeof additionalProperties !== 'boolean')
    yield* schemaProblems(additionalProperties, [...path, 'additionalProperties']);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
