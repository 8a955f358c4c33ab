import { type Checked, check, isAssignable } from '../../expr/check.ts';
import { createEnvironment, type Environment } from '../../expr/environment.ts';
import { CelError } from '../../expr/error.ts';
import { type CelType, dyn, list, map, string, type StructType } from '../../expr/types.ts';
import { schemaVariableType } from '../../schema/kubernetes.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import { quoteGo } from '../read/quote.ts';
import type { FieldExpression } from './field.ts';
import { openApiType } from './kinds.ts';
import type { OpenApi } from './open-api.ts';
import { KroRefusal } from './refusal.ts';
import { typeName } from './type-name.ts';
import type { ResourceNode } from './resource.ts';

const isList = ({ shape }: ResourceNode): boolean => shape === 'collection' || shape === 'externalCollection';

/** The type of the variable that stands for a node. */
function nodeType(node: ResourceNode): CelType {
  return isList(node)
    ? list(openApiType(node.kind.schema, `__type_${node.id}.@idx`))
    : openApiType(node.kind.schema, `__type_${node.id}`);
}

/** The variables of a definition; types are made when they are asked for. */
export class VariableTypes {
  readonly #types = new Map<string, CelType | undefined>();
  readonly #nodes: ReadonlyMap<string, ResourceNode>;
  readonly environment: Environment;
  readonly conditionEnvironment: Environment;

  constructor(nodes: readonly ResourceNode[], spec: JsonSchema, scope: 'Namespaced' | 'Cluster') {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#types.set('schema', schemaVariableType(spec, scope));
    const variables = (name: string): CelType | undefined => this.#typeOf(name);
    this.environment = createEnvironment({ functions: 'kro', variables });
    this.conditionEnvironment = createEnvironment({ functions: 'kro', variables, runtime: true });
  }

  with(more: ReadonlyMap<string, CelType>): Environment {
    if (more.size === 0) return this.environment;
    return createEnvironment({ functions: 'kro', variables: (name) => more.get(name) ?? this.#typeOf(name) });
  }

  #typeOf(name: string): CelType | undefined {
    if (!this.#types.has(name)) {
      const node = this.#nodes.get(name);
      this.#types.set(name, node && nodeType(node));
    }
    return this.#types.get(name);
  }
}

/** @throws KroRefusal with cel-go's message */
export function typeCheck(expression: FieldExpression, environment: Environment): Checked {
  const node = expression.node();
  try {
    return check(node, environment);
  } catch (error) {
    if (error instanceof CelError) throw new KroRefusal('CelType', error.message, expression.place);
    throw error;
  }
}

/** Compares an expression's type with that of its field. */
export function checkAssignable(expression: FieldExpression, output: CelType, node: ResourceNode): void {
  const expected = expectedType(expression, node);
  const reason = isAssignable(expected, output);
  if (reason === undefined) return;
  const detail = reason === '' ? '' : `: ${reason}`;
  throw new KroRefusal(
    'TypeMismatch',
    `type mismatch in resource "${node.id}" at path "${escapeGo(expression.path)}": expression "${escapeGo(expression.shown)}" returns type "${typeName(output)}" but expected "${typeName(expected)}"${detail}`,
    expression.place,
  );
}

/** Text inside Go's `%q`. */
export function escapeGo(text: string): string {
  return quoteGo(text).slice(1, -1);
}

function expectedType({ path, place }: FieldExpression, node: ResourceNode): CelType {
  if (node.shape === 'externalCollection') {
    const selector = selectorType(path);
    if (selector) return selector;
  }
  // The place begins with the resource's own: spec.resources[i].template.
  const steps = place.slice(node.place.length + 1);
  let schema: OpenApi | undefined = node.kind.schema;
  let name = `__type_${node.id}`;
  // The types of a collection are named as those of its items.
  let isNamed = !isList(node);
  for (const step of steps) {
    if (typeof step === 'number') {
      schema = schema.items;
      name += '.@idx';
    } else {
      isNamed &&=
        schema.properties?.[step] !== undefined &&
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(step) &&
        !step.includes('__') &&
        !escaped.has(step);
      schema = lookUp(schema, step);
      name += `.${step}`;
    }
    if (!schema) return dyn;
  }
  const type = openApiType(schema, name);
  return isNamed ? type : loosened(type);
}

const escaped: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

function lookUp(schema: OpenApi, name: string): OpenApi | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  const { additionalProperties, items } = schema;
  if (typeof additionalProperties === 'object') return additionalProperties;
  if (additionalProperties === true) return {};
  return items && lookUp(items, name);
}

/** kro finds the fields of a structure by the path in its name. Where the path leads through a map or a name that CEL spells otherwise it finds none, and anything fits. */
function loosened(type: CelType): CelType {
  switch (type.kind) {
    case 'struct':
      return { ...type, fieldNames: () => [], open: true } satisfies StructType;
    case 'list':
      return list(loosened(type.element));
    case 'map':
      return map(type.key, loosened(type.value));
    default:
      return type;
  }
}

function selectorType(path: string): CelType | undefined {
  if (path === 'metadata.selector') return map(string, dyn);
  if (path === 'metadata.selector.matchLabels') return map(string, string);
  if (path.startsWith('metadata.selector.matchLabels.')) return string;
  return path === 'metadata.selector.matchExpressions' ? list(dyn) : undefined;
}
