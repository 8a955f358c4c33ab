import { fields, type Fields } from '../readiness/verdict.ts';

/**
 * Changes of an instance's schema that kro refuses to make to an existing definition (kro 0.9.4, pkg/graph/crd/compat). It
 * would refuse the schema and run the new templates against the old one all the same, so they are found before.
 */
export function breakingChanges(before: Fields, after: Fields, path = 'spec'): readonly string[] {
  return [
    ...typeChanges(before, after, path),
    ...boundChanges(before, after, path),
    ...propertyChanges(before, after, path),
    ...itemChanges(before, after, path),
  ];
}

function* typeChanges(before: Fields, after: Fields, path: string): Iterable<string> {
  const [old, now] = [before['type'], after['type']];
  if (typeof old === 'string' && typeof now === 'string' && old !== now)
    yield `${path} changes its type from ${old} to ${now}`;
  const [oldEnum, newEnum] = [before['enum'], after['enum']] as [
    readonly unknown[] | undefined,
    readonly unknown[] | undefined,
  ];
  for (const value of oldEnum && newEnum ? oldEnum.filter((each) => !newEnum.includes(each)) : [])
    yield `${path} no longer allows ${JSON.stringify(value)}`;
  if (after['pattern'] !== undefined && after['pattern'] !== before['pattern']) yield `${path} has another pattern`;
}

const lower = ['minimum', 'minLength', 'minItems'];
const upper = ['maximum', 'maxLength', 'maxItems'];

function* boundChanges(before: Fields, after: Fields, path: string): Iterable<string> {
  for (const name of [...lower, ...upper]) {
    const [old, now] = [before[name], after[name]];
    if (typeof now !== 'number') continue;
    const tighter = typeof old !== 'number' || (lower.includes(name) ? now > old : now < old);
    if (tighter) yield `${path} has a tighter ${name}: ${now}`;
  }
}

function* propertyChanges(before: Fields, after: Fields, path: string): Iterable<string> {
  const [old, now] = [fields(before['properties']), fields(after['properties'])];
  const [oldRequired, newRequired] = [required(before), required(after)];
  for (const name of Object.keys(old)) {
    if (!(name in now)) yield `${path}.${name} is removed`;
    else yield* breakingChanges(fields(old[name]), fields(now[name]), `${path}.${name}`);
  }
  for (const name of newRequired) {
    const hasDefault = fields(now[name])['default'] !== undefined;
    if (name in old && !oldRequired.has(name) && !hasDefault) yield `${path}.${name} becomes required`;
    if (!(name in old) && !hasDefault) yield `${path}.${name} is new and required without a default`;
    if (oldRequired.has(name) && fields(old[name])['default'] !== undefined && !hasDefault)
      yield `${path}.${name} loses its default`;
  }
}

function* itemChanges(before: Fields, after: Fields, path: string): Iterable<string> {
  if (before['items'] && after['items'])
    yield* breakingChanges(fields(before['items']), fields(after['items']), `${path}[]`);
  else if (before['items'] && after['type'] === 'array') yield `${path} no longer says what its items are`;
}

function required(schema: Fields): ReadonlySet<string> {
  return new Set((schema['required'] ?? []) as readonly string[]);
}
