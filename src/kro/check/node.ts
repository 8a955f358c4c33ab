import { createEnvironment, type Environment } from '../../expr/environment.ts';
import type { CelType } from '../../expr/types.ts';
import type { Names } from './dependencies.ts';
import type { FieldExpression } from './field.ts';
import { openApiType } from './kinds.ts';
import { KroRefusal, Refusals, within } from './refusal.ts';
import { typeName } from './type-name.ts';
import type { ResourceNode } from './resource.ts';
import { checkAssignable, escapeGo, typeCheck, type VariableTypes } from './types.ts';

interface Around {
  readonly names: Names;
  readonly types: VariableTypes;
  readonly dependencies: readonly string[];
}

/** Types of all expressions of a node (kro's validateAndCompileNode). */
export function checkNode(node: ResourceNode, around: Around): void {
  const iterators = iteratorTypes(node, around);
  const environment = around.types.with(iterators);
  const refusals = new Refusals();
  for (const expression of node.template) {
    refusals.attempt('', () => {
      const { type } = within(
        () =>
          `failed to compile template expression "${escapeGo(expression.shown)}" at path "${escapeGo(expression.path)}": `,
        () => typeCheck(expression, environment),
      );
      checkAssignable(expression, type, node);
    });
  }
  refusals.throwIfAny();
  checkIncludeWhen(node, around);
  checkReadyWhen(node, around);
}

function iteratorTypes(node: ResourceNode, { names, types }: Around): ReadonlyMap<string, CelType> {
  const found = new Map<string, CelType>();
  for (const { name, list } of node.forEach) {
    const prefix = `node "${node.id}": forEach iterator "${name}"`;
    if (names.inspect(list).usesOmit)
      throw new KroRefusal('Omit', `${prefix}: omit() can only be used in resource template expressions`, list.place);
    const { type } = within(`${prefix}: `, () => typeCheck(list, types.environment));
    if (type.kind !== 'list') {
      const text = typeName(type);
      throw new KroRefusal(
        'ForEach',
        `${prefix} must return a list, got "${text}": type "${text}" is not a list type`,
        list.place,
      );
    }
    found.set(name, type.element);
  }
  return found;
}

function checkIncludeWhen(node: ResourceNode, { names, types, dependencies }: Around): void {
  for (const condition of node.includeWhen) {
    const stranger = names.inspect(condition).known.find((name) => name !== 'schema' && !dependencies.includes(name));
    if (stranger !== undefined)
      throw new KroRefusal(
        'UnknownReference',
        `resource "${node.id}" includeWhen: references unknown identifiers: [${stranger}]`,
        condition.place,
      );
  }
  for (const condition of node.includeWhen)
    checkCondition('includeWhen', condition, { node, environment: types.environment });
}

function checkReadyWhen(node: ResourceNode, { names, types }: Around): void {
  const isCollection = node.shape === 'collection';
  const own = isCollection ? 'each' : node.id;
  for (const condition of node.readyWhen)
    within(`resource "${node.id}" readyWhen: `, () => names.restrict(condition, (name) => name === own));
  if (node.readyWhen.length === 0) return;
  const each = isCollection ? openApiType(node.kind.schema, '__type_each') : undefined;
  const environment = each ? createEnvironment({ functions: 'kro', variables: { each } }) : types.environment;
  for (const condition of node.readyWhen) checkCondition('readyWhen', condition, { node, environment });
}

function checkCondition(
  field: 'readyWhen' | 'includeWhen',
  condition: FieldExpression,
  { node, environment }: { node: ResourceNode; environment: Environment },
): void {
  const { type } = within(
    () => `failed to type-check ${field} expression "${escapeGo(condition.shown)}" in resource "${node.id}": `,
    () => typeCheck(condition, environment),
  );
  const inner = type.kind === 'optional' ? type.value : type;
  if (inner.kind === 'bool') return;
  throw new KroRefusal(
    'Condition',
    `${field} expression "${escapeGo(condition.shown)}" in resource "${node.id}" must return bool or optional_type(bool), but returns "${typeName(type)}"`,
    condition.place,
  );
}
