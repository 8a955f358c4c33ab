import type { JsonSchema } from '../schema/json-schema.ts';

/** A difference between two versions of a schema. */
export interface SchemaChange {
  /** kro's path: `.properties.spec.properties.replicas.minimum`. */
  readonly path: string;
  /** kro's words. */
  readonly message: string;
}

export interface SchemaChanges {
  /** kro refuses to update its CustomResourceDefinition. */
  readonly breaking: readonly SchemaChange[];
  /** kro updates it. */
  readonly compatible: readonly SchemaChange[];
  /** kro does not see them: alone they never reach the cluster. */
  readonly notCompared: readonly SchemaChange[];
}

/** Compares schemas as kro does before it updates a CustomResourceDefinition (pkg/graph/crd/compat). */
export function compareSchemas(before: JsonSchema, after: JsonSchema): SchemaChanges {
  const comparison = new Comparison();
  comparison.compare(before, after, '');
  return comparison;
}

const bounds = [
  ['minimum', 'Minimum', 1],
  ['maximum', 'Maximum', -1],
  ['minLength', 'MinLength', 1],
  ['maxLength', 'MaxLength', -1],
  ['minItems', 'MinItems', 1],
  ['maxItems', 'MaxItems', -1],
] as const;

/** What kro leaves out of the comparison. */
const unseen = [
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-preserve-unknown-fields',
  'additionalProperties',
  'format',
] as const;

class Comparison implements SchemaChanges {
  readonly breaking: SchemaChange[] = [];
  readonly compatible: SchemaChange[] = [];
  readonly notCompared: SchemaChange[] = [];

  compare(before: JsonSchema, after: JsonSchema, path: string): void {
    const { description: oldText = '', default: oldDefault } = before;
    const { description: newText = '', default: newDefault } = after;
    if (oldText !== newText)
      this.compatible.push({
        path: `${path}.description`,
        message: `Description field was changed from ${oldText} to ${newText}`,
      });
    if (json(oldDefault) !== json(newDefault))
      this.compatible.push({
        path: `${path}.default`,
        message: `Default value was changed from ${json(oldDefault)} to ${json(newDefault)}`,
      });
    if (before.type !== after.type) {
      this.breaking.push({
        path: `${path}.type`,
        message: `Type changed from ${before.type ?? ''} to ${after.type ?? ''}`,
      });
      return;
    }
    this.#pattern(before.pattern ?? '', after.pattern ?? '', `${path}.pattern`);
    this.#bounds(before, after, path);
    this.#properties(before, after, path);
    this.#required(before, after, `${path}.required`);
    this.#enums(before.enum ?? [], after.enum ?? [], `${path}.enum`);
    if (before.type === 'array') this.#items(before.items, after.items, `${path}.items`);
    this.#unseen(before, after, path);
  }

  #pattern(before: string, after: string, path: string): void {
    if (before === after) return;
    if (after === '') this.compatible.push({ path, message: `Validation pattern ${before} was removed` });
    else
      this.breaking.push({
        path,
        message:
          before === ''
            ? `Validation pattern ${after} was added`
            : `Validation pattern changed from ${before} to ${after}`,
      });
  }

  #bounds(before: JsonSchema, after: JsonSchema, path: string): void {
    for (const [name, word, direction] of bounds) {
      const [old, now] = [before[name], after[name]];
      const at = `${path}.${name}`;
      if (old === now) continue;
      if (old === undefined) this.breaking.push({ path: at, message: `${word} constraint ${now} was added` });
      else if (now === undefined) this.compatible.push({ path: at, message: `${word} constraint ${old} was removed` });
      else {
        const isTighter = (now - old) * direction > 0;
        const change = {
          path: at,
          message: `${word} was ${now > old ? 'increased' : 'decreased'} from ${old} to ${now}`,
        };
        (isTighter ? this.breaking : this.compatible).push(change);
      }
    }
  }

  #properties(before: JsonSchema, after: JsonSchema, path: string): void {
    const [old, now] = [before.properties ?? {}, after.properties ?? {}];
    for (const [name, field] of Object.entries(old)) {
      const at = `${path}.properties.${name}`;
      if (Object.hasOwn(now, name)) this.compare(field, now[name] as JsonSchema, at);
      else this.breaking.push({ path: at, message: `Property ${lastOf(name)} was removed` });
    }
    for (const [name, field] of Object.entries(now)) {
      if (Object.hasOwn(old, name)) continue;
      const isBreaking = (after.required ?? []).includes(name) && field.default === undefined;
      // kro calls a required property optional in its message.
      (isBreaking ? this.breaking : this.compatible).push({
        path: `${path}.properties.${name}`,
        message: `Optional property ${lastOf(name)} was added`,
      });
    }
  }

  #required(before: JsonSchema, after: JsonSchema, path: string): void {
    const [old, now] = [new Set(before.required), new Set(after.required)];
    const has = (schema: JsonSchema, name: string): boolean => schema.properties?.[name]?.default !== undefined;
    for (const name of now) {
      if (!before.properties?.[name]) continue;
      if (!old.has(name)) this.breaking.push({ path, message: `Field ${name} is newly required` });
      else if (has(before, name) && !has(after, name))
        this.breaking.push({ path, message: `Default value removed from required field ${name}` });
    }
    for (const name of old)
      if (!now.has(name)) this.compatible.push({ path, message: `Field ${name} is no longer required` });
  }

  #enums(before: readonly unknown[], after: readonly unknown[], path: string): void {
    if (before.length === 0 || after.length === 0) {
      if (before.length !== after.length)
        this.notCompared.push({ path, message: before.length === 0 ? 'Enum was added' : 'Enum was removed' });
      return;
    }
    const [old, now] = [new Set(before.map(json)), new Set(after.map(json))];
    for (const value of old)
      if (!now.has(value)) this.breaking.push({ path, message: `Enum value ${value} was removed` });
    for (const value of now)
      if (!old.has(value)) this.compatible.push({ path, message: `Enum value ${value} was added` });
  }

  #items(before: JsonSchema | undefined, after: JsonSchema | undefined, path: string): void {
    if (before && after) this.compare(before, after, path);
    else if (before) this.breaking.push({ path, message: 'Property items was removed' });
    else if (after) this.compatible.push({ path, message: 'Optional property items was added' });
  }

  #unseen(before: JsonSchema, after: JsonSchema, path: string): void {
    for (const name of unseen)
      if (json(before[name]) !== json(after[name]))
        this.notCompared.push({ path: `${path}.${name}`, message: `${name} was changed` });
  }
}

function json(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** kro names a property by what stands behind the last dot of its path. */
function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
