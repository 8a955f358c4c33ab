import type { Checked } from '../../expr/check.ts';
import { estimateCost } from '../../expr/cost/estimate.ts';
import type { Size } from '../../expr/cost/size.ts';
import { escapedName, hasCelName } from '../../schema/cel-type.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';

/** How much data a request can have: k8s.io/apiserver/pkg/cel/common/schemas.go. In bytes. */
const largestRequest = 3 * 1024 * 1024;

/** What is known of the size of data by its schema. */
interface Extent {
  /** Characters, items or entries at most. */
  readonly most: number;
  /** Bytes of the shortest JSON. */
  readonly shortest: number;
  readonly inner?: Extent;
  readonly fields?: ReadonlyMap<string, Extent>;
}

const extents = new WeakMap<JsonSchema, Extent | undefined>();

/** `undefined` for data that rules do not see. */
function extentOf(schema: JsonSchema): Extent | undefined {
  if (!extents.has(schema)) extents.set(schema, measure(schema));
  return extents.get(schema);
}

function measure(schema: JsonSchema): Extent | undefined {
  const { type, items, additionalProperties, maxItems } = schema;
  const inner = items ? extentOf(items) : additionalProperties ? extentOf(additionalProperties) : undefined;
  switch (type) {
    case 'string':
      return { most: longestText(schema), shortest: 2 };
    case 'boolean':
      return { most: 0, shortest: 4 };
    case 'integer':
    case 'number':
      return { most: 0, shortest: 1 };
    case 'array': {
      if (!inner) return undefined;
      const most = maxItems === undefined ? Math.floor((largestRequest - 2) / (inner.shortest + 1)) : maxItems;
      return { most: Math.max(most, 0), shortest: 2, inner };
    }
    case 'object':
      if (!additionalProperties) return structExtent(schema);
      return inner && { most: Math.floor((largestRequest - 2) / (inner.shortest + 6)), shortest: 2, inner };
    default:
      return undefined;
  }
}

function longestText({ maxLength, enum: values }: JsonSchema): number {
  // A character has up to four bytes.
  if (maxLength !== undefined) return Math.max(maxLength, 0) * 4;
  if (values) return Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0)));
  return largestRequest - 2;
}

function structExtent({ properties = {}, required = [] }: JsonSchema): Extent {
  const fields = new Map<string, Extent>();
  let shortest = 2;
  for (const [name, field] of Object.entries(properties)) {
    const extent = extentOf(field);
    if (!extent) continue;
    if (hasCelName(name)) fields.set(escapedName(name), extent);
    if (required.includes(name) && (field.default ?? null) === null)
      shortest += Buffer.byteLength(name) + extent.shortest + 4;
  }
  return { most: 0, shortest, fields };
}

/** As the API server looks it up: from the rule's own schema, whatever the variable. */
function sizeAt(root: Extent, [, ...path]: readonly string[]): Size | undefined {
  let at: Extent | undefined = root;
  for (const part of path) {
    if (part === '@items' || part === '@values') at = at.inner;
    else if (part === '@keys') at = at.inner && !at.fields ? { most: 0, shortest: 2 } : undefined;
    else at = at.fields?.get(part);
    if (!at) return undefined;
  }
  return { min: 0, max: at.most };
}

/** What a rule costs at most for one instance. @param count how often its schema can occur in one, where that is bounded */
export function ruleCost(checked: Checked, schema: JsonSchema, count: number | undefined): number {
  const root = extentOf(schema) ?? { most: 0, shortest: 2 };
  const times = count ?? Math.floor(largestRequest / (root.shortest + 1));
  return estimateCost(checked, (path) => sizeAt(root, path)) * times;
}

/** How often what a schema holds can occur in it. */
export function countWithin({ type, additionalProperties, maxItems }: JsonSchema): number | undefined {
  if (type === 'array') return maxItems === undefined ? undefined : Math.max(maxItems, 0);
  return type === 'object' && additionalProperties ? undefined : 1;
}

const limit = 10_000_000;
const totalLimit = 100_000_000;

export interface CostOfRule {
  readonly path: string;
  readonly place: readonly string[];
  readonly cost: number;
}

/** Why the API server does not take a rule of this cost. */
export function costProblem(cost: number): string | undefined {
  return cost > limit ? `Forbidden: ${exceeded('estimated rule cost', cost / limit)}` : undefined;
}

/** Why the API server does not take rules that are too much together: at which rules, and at the schema. */
export function* totalProblems(
  costs: readonly CostOfRule[],
  schema: { readonly path: string; readonly place: readonly string[] },
): Iterable<{ path: string; place: readonly string[]; message: string }> {
  const total = costs.reduce((sum, { cost }) => sum + cost, 0);
  if (total <= totalLimit) return;
  const expensive = costs.filter(({ cost }) => cost >= totalLimit / 100).sort((a, b) => b.cost - a.cost);
  for (const { path, place } of expensive.slice(0, 4)) {
    const message =
      'Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    yield { path, place, message };
  }
  const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  yield { ...schema, message: `Forbidden: ${exceeded(name, total / totalLimit)}` };
}

function exceeded(name: string, factor: number): string {
  const shown = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`;
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
