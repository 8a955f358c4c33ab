import { judgeRule } from '../../graph/served-rules.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { plural } from '../plural.ts';
import type { Pieces } from '../read/pieces.ts';
import { goJson } from './go-json.ts';
import { KroRefusal } from './refusal.ts';
import { costProblem, type CostOfRule, countWithin, ruleCost, totalProblems } from './rule-cost.ts';
import { defaultProblems } from './served-defaults.ts';
import { nameProblems } from './served-names.ts';

/** Something that the API server has against a CustomResourceDefinition. */
export interface Found {
  readonly path: string;
  readonly message: string;
  /** Where it is in the SimpleSchema. */
  readonly place: readonly string[];
  readonly isRule?: boolean;
}

/**
 * What the API server says to the CustomResourceDefinition of an accepted definition: kro then serves no kind. Defaults
 * that do not fit, rules that do not compile, a group that is no domain.
 */
export function checkServedKind(pieces: Pieces, spec: JsonSchema): void {
  const found = [
    ...nameProblems(pieces),
    ...specProblems(spec, 'spec.validation.openAPIV3Schema.properties[spec]', ['spec', 'schema', 'spec']),
  ];
  const [first] = found;
  if (!first) return;
  const texts = [...new Set(found.map(({ path, message }) => `${path}: ${message}`))];
  const all = texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
  const name = `${plural(pieces.kind.toLowerCase())}.${pieces.group}`;
  throw new KroRefusal(
    'CrdRefused',
    `failed to create CRD: CustomResourceDefinition.apiextensions.k8s.io "${name}" is invalid: ${all}`,
    first.place,
  );
}

/** Defaults first: rules are only looked at when all of them fit. */
function* specProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  const found = [...defaultProblems(schema, path, place)];
  yield* found;
  const costs: CostOfRule[] = [];
  yield* schemaProblems(schema, { path, place, checksRules: found.length === 0, count: 1, costs });
  yield* totalProblems(costs, { path: 'spec.validation.openAPIV3Schema', place });
}

interface At {
  readonly path: string;
  readonly place: readonly string[];
  readonly checksRules: boolean;
  /** The list around whose items of before and after are not known to belong together. */
  readonly uncorrelated?: string | undefined;
  /** How often it can occur in an instance, where that is bounded. */
  readonly count: number | undefined;
  /** What the rules that were found sound cost. */
  readonly costs: CostOfRule[];
}

function* schemaProblems(schema: JsonSchema, at: At): Iterable<Found> {
  const { path, place, checksRules } = at;
  const { properties = {}, items, additionalProperties } = schema;
  const each = countWithin(schema);
  const within: At = { ...at, count: at.count === undefined || each === undefined ? undefined : at.count * each };
  const inner = [
    ...Object.entries(properties).flatMap(([name, field]) => [
      ...schemaProblems(field, { ...within, path: `${path}.properties[${name}]`, place: [...place, name] }),
    ]),
    ...(items ? schemaProblems(items, itemsAt(schema, within)) : []),
    ...(additionalProperties
      ? schemaProblems(additionalProperties, { ...within, path: `${path}.additionalProperties` })
      : []),
    ...listTypeProblems(schema, path, place),
  ];
  yield* inner;
  const isSound = inner.every((found) => found.isRule === true);
  if (checksRules && isSound) yield* ruleProblems(schema, at);
}

function itemsAt(schema: JsonSchema, at: At): At {
  const isMap = schema['x-kubernetes-list-type'] === 'map';
  return { ...at, path: `${at.path}.items`, uncorrelated: isMap ? at.uncorrelated : at.path };
}

function* ruleProblems(schema: JsonSchema, { path, place, uncorrelated, count, costs }: At): Iterable<Found> {
  for (const [index, { rule, message }] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const found = { path: `${path}.x-kubernetes-validations[${index}].rule`, place, isRule: true };
    const judged = judgeRule(rule, schema);
    if (typeof judged === 'string') {
      yield { ...found, message: `Invalid value: ${shownRule(rule, message)}: ${judged}` };
      continue;
    }
    const cost = ruleCost(judged.checked, schema, count);
    costs.push({ ...found, cost });
    const tooMuch = costProblem(cost);
    if (tooMuch !== undefined) yield { ...found, message: tooMuch };
    if (judged.usesOldSelf && uncorrelated !== undefined) {
      const reason = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`;
      yield { ...found, message: `Invalid value: ${JSON.stringify(rule)}: ${reason}` };
    }
  }
}

/** A structure of Go, whose fields have an order of their own. */
function shownRule(rule: string, message: string): string {
  const rest = '"MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null';
  return `{"Rule":${goJson(rule)},"Message":${goJson(message)},${rest}}`;
}

function* listTypeProblems(schema: JsonSchema, path: string, place: readonly string[]): Iterable<Found> {
  const { items = {}, 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  const inner = items['x-kubernetes-list-type'];
  const isGranular = items.type === 'object' || (items.type === 'array' && inner !== undefined && inner !== 'atomic');
  if (listType === 'set' && isGranular) {
    const kind = items.type === 'object' ? 'map' : 'list';
    const message = `Invalid value: ${goJson(inner ?? null)}: must be atomic as item of a list with x-kubernetes-list-type=set`;
    yield { path: `${path}.items.x-kubernetes-${kind}-type`, message, place };
  }
  if (listType !== 'map') return;
  if (keys.length === 0) {
    const message = 'Required value: must not be empty if x-kubernetes-list-type is map';
    yield { path: `${path}.x-kubernetes-list-map-keys`, message, place };
  }
  if (items.type !== 'object') {
    const message = `Invalid value: "${items.type ?? ''}": must be object if parent array's x-kubernetes-list-type is map`;
    return yield { path: `${path}.items.type`, message, place };
  }
  for (const key of keys) {
    const property = items.properties?.[key];
    if (!property) {
      const message = `Invalid value: ${goJson(keys)}: entries must all be names of item properties`;
      yield { path: `${path}.x-kubernetes-list-map-keys`, message, place };
      continue;
    }
    const at = `${path}.items.properties[${key}]`;
    if (property.type === 'array' || property.type === 'object') {
      const message = `Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`;
      yield { path: `${at}.type`, message, place };
    }
    if (property.default === undefined && !items.required?.includes(key)) {
      const message =
        'Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      yield { path: `${at}.default`, message, place };
    }
  }
}
