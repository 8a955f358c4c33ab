import type { Node } from '../../expr/ast.ts';
import type { CelType } from '../../expr/types.ts';
import { children } from '../../expr/walk.ts';
import type { Path } from '../read/place.ts';
import type { Names } from './dependencies.ts';
import { type FieldExpression, standalone } from './field.ts';
import { KroRefusal, within } from './refusal.ts';
import { typeName } from './type-name.ts';
import { escapeGo, typeCheck, type VariableTypes } from './types.ts';

const builtIn: ReadonlySet<string> = new Set(['InstanceManaged', 'GraphResolved', 'ResourcesReady', 'Ready']);

/** The author's own conditions (kro pkg/graph/conditions.go). */
export function checkConditions(
  texts: readonly string[],
  place: Path,
  { names, types }: { readonly names: Names; readonly types: VariableTypes },
): void {
  if (texts.length === 0) return;
  const conditions = within('invalid conditions block: ', () => standalone(texts, place));
  checkLiterals(conditions);
  for (const condition of conditions) {
    const allowed = (name: string): boolean => name === 'schema' || name === 'runtime' || names.ids.has(name);
    within(`condition "${escapeGo(condition.shown)}": `, () => names.restrict(condition, allowed));
  }
  for (const condition of conditions) {
    const shown = escapeGo(condition.shown);
    const { type } = within(`failed to type-check condition "${shown}": `, () =>
      typeCheck(condition, types.conditionEnvironment),
    );
    if (isCondition(type)) continue;
    throw new KroRefusal(
      'StatusConditions',
      `condition "${shown}": condition expressions must return runtime.newCondition(...) or a list of them, got "${typeName(type)}"`,
      condition.place,
    );
  }
}

function isCondition(type: CelType): boolean {
  const element = type.kind === 'list' ? type.element : type;
  return element.kind === 'dyn' || (element.kind === 'struct' && element.name === 'kro.run.Condition');
}

function checkLiterals(conditions: readonly FieldExpression[]): void {
  const trees = conditions.flatMap((condition) => {
    const node = parsed(condition);
    return node ? [{ condition, calls: [...runtimeCalls(node)] }] : [];
  });
  const declared = new Set<string>();
  for (const { condition, calls } of trees) {
    const types = new Set(calls.filter(isNew).flatMap((call) => literalEntry(call, 'type') ?? []));
    for (const type of types) {
      if (declared.has(type))
        throw new KroRefusal(
          'StatusConditions',
          `condition type ${JSON.stringify(type)} is declared by more than one conditions entry`,
          condition.place,
        );
      declared.add(type);
    }
  }
  for (const { condition, calls } of trees) for (const call of calls) checkCall(call, condition, declared);
}

/** What does not parse is reported when the expression is inspected. */
function parsed(condition: FieldExpression): Node | undefined {
  try {
    return condition.node();
  } catch (error) {
    if (error instanceof KroRefusal) return undefined;
    throw error;
  }
}

type Call = Node & { kind: 'call' };

function* runtimeCalls(node: Node): Iterable<Call> {
  if (node.kind === 'call' && node.target?.kind === 'identifier' && node.target.name === 'runtime') yield node;
  for (const child of children(node)) yield* runtimeCalls(child);
}

const isNew = (call: Call): boolean => call.function === 'newCondition' && call.args.length === 1;

function literalEntry({ args: [argument] }: Call, key: string): string | undefined {
  const entry = argument?.kind === 'map' ? argument.entries.find((one) => literalText(one.key) === key) : undefined;
  return entry && literalText(entry.value);
}

function literalText(node: Node | undefined): string | undefined {
  return node?.kind === 'literal' && node.type === 'string' ? node.value : undefined;
}

function checkCall(call: Call, { cel, place }: FieldExpression, declared: ReadonlySet<string>): void {
  const where = `in expression ${JSON.stringify(cel)}`;
  const refuse = (message: string): never => {
    throw new KroRefusal('StatusConditions', `${message} ${where}`, place);
  };
  if (isNew(call)) {
    const status = literalEntry(call, 'status');
    if (status !== undefined && !['True', 'False', 'Unknown'].includes(status))
      refuse(`runtime.newCondition: status must be one of True, False, Unknown (got ${JSON.stringify(status)})`);
    if (literalEntry(call, 'type') === '') refuse('runtime.newCondition: type must not be empty');
    return;
  }
  const [object, type] = call.args;
  const name = literalText(type);
  if (
    call.function !== 'condition' ||
    call.args.length !== 2 ||
    object?.kind !== 'identifier' ||
    object.name !== 'schema' ||
    name === undefined ||
    builtIn.has(name)
  )
    return;
  const head = `runtime.condition(schema, ${JSON.stringify(name)}): `;
  if (declared.has(name)) refuse(`${head}custom conditions cannot reference each other`);
  refuse(
    `${head}unknown condition type; only kro's built-in types (InstanceManaged, GraphResolved, ResourcesReady, Ready) can be read from schema`,
  );
}
