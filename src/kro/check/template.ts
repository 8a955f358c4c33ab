import type { Path } from '../read/place.ts';
import { type FieldExpression, expressionOf, scanText } from './field.ts';
import { fieldSchema, type OpenApi, preserves } from './open-api.ts';
import { joinField } from './path-text.ts';
import { KroRefusal, Refusals } from './refusal.ts';

interface Site {
  /** kro's path below the root of the resource. */
  readonly path: string;
  /** Where it is in the definition. */
  readonly place: Path;
}

/** A place below another one. Its texts are made when something is said about it: most of a template is said nothing about. */
class Below implements Site {
  readonly #outer: Site;
  readonly #step: string | number;

  constructor(outer: Site, step: string | number) {
    this.#outer = outer;
    this.#step = step;
  }

  get path(): string {
    const { path } = this.#outer;
    return typeof this.#step === 'number' ? `${path}[${this.#step}]` : joinField(path, this.#step);
  }

  get place(): Path {
    return [...this.#outer.place, this.#step];
  }
}

const below = (site: Site, step: string | number): Site => new Below(site, step);

/** Expressions and literals of an object, checked by a schema as kro does (pkg/graph/parser/parser.go). */
export function parseTemplate(object: unknown, schema: OpenApi, site: Site): FieldExpression[] {
  const found = new TemplateParser();
  found.value(object, schema, site);
  found.refusals.throwIfAny();
  return found.expressions;
}

class TemplateParser {
  readonly expressions: FieldExpression[] = [];
  readonly refusals = new Refusals();

  value(value: unknown, schema: OpenApi, site: Site): void {
    try {
      this.#value(value, schema, site);
    } catch (error) {
      this.refusals.attempt('', () => {
        throw error;
      });
    }
  }

  #value(value: unknown, schema: OpenApi, site: Site): void {
    const types = expectedTypes(schema, site);
    if (value === null || value === undefined) return;
    if (typeof value === 'string') this.#text(value, types, site);
    else if (typeof value === 'object' && preserves(schema))
      this.expressions.push(...parseSchemaless(value, site).expressions);
    else if (Array.isArray(value)) this.#list(value, { schema, types }, site);
    else if (typeof value === 'object') this.#object(value as Record<string, unknown>, { schema, types }, site);
    else if (!fitsType(value, types)) throw mismatch(types, site, goType(value));
  }

  #object(
    value: Readonly<Record<string, unknown>>,
    { schema, types }: { schema: OpenApi; types: readonly string[] },
    site: Site,
  ): void {
    if (!types.includes('object') && schema.additionalProperties !== true) throw mismatch(types, site, 'object');
    for (const [name, field] of Object.entries(value)) {
      const known = fieldSchema(schema, name);
      const at = below(site, name);
      if (known) this.value(field, known, at);
      else this.refusals.found.push(unknownField(name, site.path, at.place));
    }
  }

  #list(value: readonly unknown[], { schema, types }: { schema: OpenApi; types: readonly string[] }, site: Site): void {
    if (!types.includes('array')) throw mismatch(types, site, 'array');
    const { items } = schema;
    if (!items)
      throw new KroRefusal(
        'TemplateSchema',
        `invalid array schema for path ${site.path}: neither Items.Schema nor Properties are defined`,
        site.place,
      );
    for (const [index, each] of value.entries()) this.value(each, items, below(site, index));
  }

  #text(value: string, types: readonly string[], site: Site): void {
    const isText = types.includes('string') || types.includes('any');
    if (!value.includes('${')) {
      if (!isText) throw mismatch(types, site, 'string');
      return;
    }
    const { path, place } = site;
    if (!isText && scanText(value, place).kind !== 'standalone') throw mismatch(types, site, 'string');
    const expression = expressionOf(value, path, place);
    if (expression) this.expressions.push(expression);
  }
}

function unknownField(name: string, path: string, place: Path): KroRefusal {
  return new KroRefusal(
    'UnknownField',
    `error getting field schema for path ${path}.${name}: schema not found for field ${name}`,
    place,
  );
}

function mismatch(types: readonly string[], { path, place }: Site, actual: string): KroRefusal {
  return new KroRefusal('LiteralType', `expected ${types.join(' or ')} type for path ${path}, got ${actual}`, place);
}

const single = new Map<string, readonly string[]>();
const any: readonly string[] = ['any'];

function expectedTypes(schema: OpenApi, site: Site): readonly string[] {
  if (preserves(schema)) return any;
  // The API server publishes it with the types that it may have.
  if (schema['x-kubernetes-int-or-string']) return ['string', 'integer'];
  const { type, oneOf = [], anyOf = [], additionalProperties } = schema;
  if (!type && oneOf.length === 0 && anyOf.length === 0 && additionalProperties === undefined) {
    throw new KroRefusal(
      'TemplateSchema',
      `schema at path ${site.path} has no valid type, OneOf, AnyOf, or AdditionalProperties`,
      site.place,
    );
  }
  if (type && oneOf.length === 0 && anyOf.length === 0) {
    let types = single.get(type);
    if (!types) single.set(type, (types = [type]));
    return types;
  }
  for (const members of [oneOf, anyOf]) {
    const types = new Set(
      members.flatMap((member) => [
        ...(member.required?.length || member.not ? ['object'] : []),
        ...(member.type ? [member.type] : []),
      ]),
    );
    if (types.size > 0) return [...types];
  }
  if (type) return [type];
  if (additionalProperties === true) return any;
  throw new KroRefusal('TemplateSchema', 'unknown schema type', site.place);
}

function fitsType(value: unknown, types: readonly string[]): boolean {
  if (types.includes('any')) return true;
  if (typeof value === 'boolean') return types.includes('boolean');
  return types.includes('number') || (types.includes('integer') && goType(value) === 'integer');
}

function goType(value: unknown): string {
  if (typeof value === 'boolean') return 'boolean';
  return isGoInteger(value) ? 'integer' : 'float64';
}

/** What JSON numbers become in Go: an int64 where they fit and have no fraction. */
export function isGoInteger(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

/** Expressions of a tree that no schema describes, and the paths of its other leaves. */
export function parseSchemaless(
  value: unknown,
  site: Site,
): { readonly expressions: readonly FieldExpression[]; readonly plain: readonly Site[] } {
  const expressions: FieldExpression[] = [];
  const plain: Site[] = [];
  const visit = (part: unknown, at: Site): void => {
    if (Array.isArray(part)) for (const [index, each] of part.entries()) visit(each, below(at, index));
    else if (typeof part === 'object' && part !== null)
      for (const [name, field] of Object.entries(part)) visit(field, below(at, name));
    else {
      const expression =
        typeof part === 'string' && part.includes('${') ? expressionOf(part, at.path, at.place) : undefined;
      if (expression) expressions.push(expression);
      else plain.push(at);
    }
  };
  visit(value, site);
  return { expressions, plain };
}
