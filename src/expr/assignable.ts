import { Substitution } from './substitution.ts';
import { declaredType } from './type-text.ts';
import type { CelType, StructType } from './types.ts';

/**
 * Whether kro takes an expression of type `actual` where a field has type `expected`.
 *
 * @returns `undefined` when it does, else the reason in kro's words
 */
export function isAssignable(expected: CelType, actual: CelType): string | undefined {
  if (new Substitution().assignable(expected, actual)) return undefined;
  return structural(expected, actual);
}

function structural(expected: CelType, actual: CelType): string | undefined {
  if (expected.kind === 'dyn' || actual.kind === 'dyn') return undefined;
  if (actual.kind === 'optional') return structural(expected, actual.value);
  switch (expected.kind) {
    case 'struct':
      if (actual.kind === 'map') return mapToStruct(expected, actual);
      // kro resolves the fields of both by name and lets pass what has none.
      return actual.kind === 'struct' ? structToStruct(expected, actual) : undefined;
    case 'list':
      return parameters('list', expected, actual);
    case 'map':
      return actual.kind === 'struct' ? structToMap(expected, actual) : parameters('map', expected, actual);
    default:
      return actual.kind === expected.kind ? undefined : mismatch(expected, actual);
  }
}

function mismatch(expected: CelType, actual: CelType): string {
  return `type kind mismatch: got "${declaredType(actual)}", expected "${declaredType(expected)}"`;
}

function parametersOf(type: CelType): readonly CelType[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'optional':
      return [type.value];
    case 'type':
      return type.value ? [type.value] : [];
    case 'opaque':
      return type.parameters ?? [];
    default:
      return [];
  }
}

/** kro compares lists and maps by the position of their parameters, whatever the output is. */
function parameters(kind: 'list' | 'map', expected: CelType, actual: CelType): string | undefined {
  const wanted = parametersOf(expected);
  const found = parametersOf(actual);
  if (found.length < wanted.length) {
    return `${kind} parameter count mismatch: got ${found.length}, expected ${wanted.length}`;
  }
  const labels = kind === 'list' ? ['list element type'] : ['map key type', 'map value type'];
  for (const [index, type] of wanted.entries()) {
    const reason = structural(type, found[index] as CelType);
    if (reason !== undefined) return `${labels[index]} incompatible: ${reason}`;
  }
  return undefined;
}

function mapToStruct(expected: StructType, actual: CelType & { kind: 'map' }): string | undefined {
  const names = expected.fieldNames();
  if (names.length > 0 && actual.key.kind !== 'string') return 'map keys must be strings to assign to struct';
  for (const name of names) {
    const field = expected.field(name);
    const reason = field && structural(field, actual.value);
    if (reason !== undefined) return `map value incompatible with struct field "${name}": ${reason}`;
  }
  return undefined;
}

function structToMap(expected: CelType & { kind: 'map' }, actual: StructType): string | undefined {
  const names = actual.fieldNames();
  if (names.length > 0 && expected.key.kind !== 'string') {
    return 'map key type must be string when assigning struct → map';
  }
  for (const name of names) {
    const field = actual.field(name);
    const reason = field && structural(expected.value, field);
    if (reason !== undefined) return `struct field "${name}" incompatible with map value type: ${reason}`;
  }
  return undefined;
}

function structToStruct(expected: StructType, actual: StructType): string | undefined {
  if (expected.open || expected.name === actual.name) return undefined;
  const wanted = new Set(expected.fieldNames());
  for (const name of actual.fieldNames()) {
    if (!wanted.has(name)) return `field "${name}" exists in output but not in expected type`;
    const field = expected.field(name);
    const output = actual.field(name);
    const reason = field && output && structural(field, output);
    if (reason !== undefined) return `field "${name}" has incompatible type: ${reason}`;
  }
  return undefined;
}
