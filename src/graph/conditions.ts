import type { Node } from '../expr/ast.ts';
import { check, formatType } from '../expr/check.ts';
import { conditionType } from '../expr/condition-type.ts';
import type { Environment } from '../expr/environment.ts';
import type { Expr, Input } from '../expr/expression.ts';
import { call, identifier, literal, nodeOf, toNode } from '../expr/nodes.ts';
import type { CelType } from '../expr/types.ts';
import { Expression } from '../expr/value.ts';
import { bindHandles } from './bind.ts';
import type { Collected } from './collect.ts';
import { lower } from './lower.ts';
import type { Problems } from './problems.ts';
import type { GraphTypes } from './types.ts';

/** A condition in the status of an instance. */
export interface StatusCondition {
  /** Such as `Ready`, in UpperCamelCase. */
  readonly type: string;
  /** What holds, or the word for it. */
  readonly status: Input<boolean> | Input<'True' | 'False' | 'Unknown'>;
  /** One word in UpperCamelCase. */
  readonly reason?: Input<string>;
  readonly message?: Input<string>;
}

/** What the conditions builder returns: conditions, or expressions that give one or a list of them. */
export type StatusConditions = readonly (StatusCondition | Expr<unknown>)[];

/** Turns what the conditions builder returned into expressions; statuses that are true or false become words later. */
export function bindConditions(body: unknown, collected: Collected, problems: Problems): readonly Expression[] {
  if (body === undefined) return [];
  if (!Array.isArray(body)) {
    problems.add({ ...place, message: 'the conditions builder has to return a list' });
    return [];
  }
  const scope = { ids: collected.ids, taken: collected.handles, variables: new Map<object, string>() };
  return body.flatMap((entry: unknown, index) => {
    if (!nodeOf(entry) && !isWritten(entry)) {
      const path = `conditions[${index}]`;
      problems.add({ ...place, path, message: 'is no condition', hint: "Give { type: 'Available', status: … }." });
      return [];
    }
    const bound = problems.attempt({ resource: 'status', path: `conditions[${index}]` }, () =>
      bindHandles(nodeOf(entry) ? toNode(entry) : conditionNode(entry as StatusCondition), scope),
    );
    return bound ? [new Expression(bound)] : [];
  });
}

function isWritten(entry: unknown): entry is StatusCondition {
  if (typeof entry !== 'object' || entry === null) return false;
  const { type, status } = entry as Partial<StatusCondition>;
  return typeof type === 'string' && type !== '' && status !== undefined;
}

const place = { code: 'InvalidStatus', resource: 'status', path: 'conditions' } as const;

function conditionNode(condition: StatusCondition): Node {
  const fields = (['type', 'status', 'reason', 'message'] as const).filter((name) => condition[name] !== undefined);
  const entries = fields.map((name) => ({ key: literal(name), value: toNode(condition[name]) }));
  return call('newCondition', [{ kind: 'map', entries }], identifier('runtime'));
}

/** Type-checks conditions, and writes a status that is true or false in the words of Kubernetes. */
export function checkConditions(
  conditions: readonly Expression[],
  { conditions: environment }: GraphTypes,
  problems: Problems,
): readonly Expression[] {
  const declared = new Set<string>();
  return conditions.map((given, index) => {
    const path = `conditions[${index}]`;
    const checked = problems.attempt({ resource: 'status', path }, () =>
      check(lower(withWords(given.node, environment), environment), environment),
    );
    if (!checked) return given;
    const type = entryOf(checked.node, 'type');
    const name = type?.kind === 'literal' ? String(type.value) : undefined;
    if (name !== undefined && declared.has(name))
      problems.add({ ...place, path, message: `declares ${name} a second time`, hint: 'Give each its own type.' });
    if (name !== undefined) declared.add(name);
    if (!isCondition(checked.type))
      problems.add({
        ...place,
        path,
        message: `is of type ${formatType(checked.type)}`,
        hint: 'Give { type, status }.',
      });
    const expression = new Expression(checked.node);
    expression.memo.checked = checked;
    return expression;
  });
}

function isCondition(type: CelType): boolean {
  const one = type.kind === 'list' ? type.element : type;
  return one.kind === 'dyn' || (one.kind === 'struct' && one.name === conditionType.name);
}

function withWords(node: Node, environment: Environment): Node {
  const status = entryOf(node, 'status');
  const map = node.kind === 'call' ? node.args[0] : undefined;
  if (!status || map?.kind !== 'map') return node;
  const { type } = check(lower(status, environment), environment);
  if (type.kind !== 'bool' && type.kind !== 'dyn') return node;
  const condition = type.kind === 'dyn' ? call('_==_', [status, literal(true)]) : status;
  const words = call('_?_:_', [condition, literal('True'), literal('False')]);
  const entries = map.entries.map((entry) => (entry.value === status ? { ...entry, value: words } : entry));
  return { ...node, args: [{ ...map, entries }] } as Node;
}

/** An entry of `runtime.newCondition({…})`. */
function entryOf(node: Node, name: string): Node | undefined {
  const [map] = node.kind === 'call' && node.function === 'newCondition' ? node.args : [];
  if (map?.kind !== 'map') return undefined;
  return map.entries.find(({ key }) => key.kind === 'literal' && key.value === name)?.value;
}
